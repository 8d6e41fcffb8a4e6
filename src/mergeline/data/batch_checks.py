"""Judges a batch as a whole against the batches before it: what no single row shows.

Nothing here is yours to edit: the limits are in `params.yaml`, group `validate`; what is watched is in
`src/usecase/schema.py`. The first batch has nothing before it: it is judged by its dates and its target rate alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

import polars as pl

from mergeline.data.profile import Profile
from mergeline.params import Validate
from mergeline.vocabulary import Table


@dataclass(frozen=True)
class Outcome:
    """Result of one check of one batch.

    Attributes
    ----------
    check : str
        What was compared.
    column : str or None
        The column meant, if any.
    value : str
        What was found.
    allowed : str
        What is allowed.
    passed : bool
        Whether the one is within the other.
    fix : str
        What to do if it is not, in the imperative.
    """

    check: str
    column: str | None
    value: str
    allowed: str
    passed: bool
    fix: str


def check_batch(
    profile: Profile, earlier: Sequence[Profile], table: Table, dates: Collection[date], limits: Validate
) -> list[Outcome]:
    """Return the outcome of every check that applies to the batch.

    Parameters
    ----------
    profile : Profile
        The batch.
    earlier : sequence of Profile
        The same table's batches before it, oldest first.
    table : Table
        What is watched.
    dates : collection of date
        The dates that the batch must have rows of.
    limits : Validate
        What is allowed.
    """
    outcomes = [check_dates(profile, dates, table.known_gaps)] if table.day is not None else []
    if earlier:
        outcomes.append(check_rows(profile, earlier, limits.rows_ratio))
        outcomes += check_nulls(profile, earlier, limits.null_share_rise)
        outcomes += check_categories(profile, earlier, limits.unseen_share)
    if table.target is not None:
        outcomes.append(check_target(profile, limits.target_rate))
    return outcomes


def check_rows(profile: Profile, earlier: Sequence[Profile], limits: tuple[float, float]) -> Outcome:
    """Return whether the row count ÷ the median of the earlier batches lies within `limits`."""
    usual = median(item.rows for item in earlier)
    ratio = profile.rows / usual
    return Outcome(
        "rows ÷ earlier median",
        None,
        f"{ratio:.3f} ({profile.rows} ÷ {usual:g})",
        f"{limits[0]:g} to {limits[1]:g}",
        limits[0] <= ratio <= limits[1],
        "find out whether rows are lost or doubled and fetch the batch again, or widen validate.rows_ratio",
    )


def check_dates(profile: Profile, dates: Collection[date], known_gaps: Collection[date]) -> Outcome:
    """Return whether the batch has rows of all `dates` but the known gaps, and of no other date."""
    expected, found = set(dates), set(profile.days)
    missing, foreign = sorted(expected - found - set(known_gaps)), sorted(found - expected)
    parts = [f"{len(found & expected)} of {len(expected)}"]
    parts += [f"missing: {_list(missing)}"] if missing else []
    parts += [f"of another batch: {_list(foreign)}"] if foreign else []
    return Outcome(
        "dates with rows",
        None,
        "; ".join(parts),
        "all of the batch and no other",
        not missing and not foreign,
        "fetch the batch again; a gap that the source really has is listed in `known_gaps` in src/usecase/schema.py",
    )


def check_nulls(profile: Profile, earlier: Sequence[Profile], limit: float) -> list[Outcome]:
    """Return whether each column's share of empty cells is at most `limit` above its highest so far.

    A column that is empty all at once fails however high its share was. Only the column that rose most is reported if
    all pass, else those that fail.
    """
    outcomes = []
    for column in profile.nulls:
        share, highest = profile.null_share(column), max(item.null_share(column) for item in earlier)
        passed = share <= highest + limit and not (share == 1 and highest < 1)
        outcome = Outcome(
            "rise of the share of empty cells",
            column,
            f"{share - highest:+.4f} ({share:.4f}, at most {highest:.4f} before)",
            f"at most {limit:g}, and not to 1",
            passed,
            "find out why the source left them empty and fetch the batch again, or raise validate.null_share_rise",
        )
        outcomes.append((share - highest, outcome))
    return _worst_or_failed(outcomes)


def check_categories(profile: Profile, earlier: Sequence[Profile], limit: float) -> list[Outcome]:
    """Return whether, in each watched column, at most a share `limit` of the rows has a value no earlier batch has.

    Only the column with the largest share is reported if all pass, else those that fail.
    """
    outcomes = []
    for column, counts in profile.categories.items():
        seen = {value for item in earlier for value in item.categories[column]}
        unseen = {value: rows for value, rows in counts.items() if value not in seen}
        share = sum(unseen.values()) / profile.rows
        outcome = Outcome(
            "share of rows with an unseen value",
            column,
            f"{share:.4f}" + (f" ({_list(unseen)})" if unseen else ""),
            f"at most {limit:g}",
            share <= limit,
            "find out whether the source renamed its codes, or raise validate.unseen_share",
        )
        outcomes.append((share, outcome))
    return _worst_or_failed(outcomes)


def check_target(profile: Profile, limits: tuple[float, float]) -> Outcome:
    """Return whether the share of positive labels lies within `limits`; no label at all does not."""
    rate = profile.target_rate
    return Outcome(
        "target rate",
        None,
        "no row has a label" if rate is None else f"{rate:.4f} ({profile.positive} of {profile.labelled} labels)",
        f"{limits[0]:g} to {limits[1]:g}",
        rate is not None and limits[0] <= rate <= limits[1],
        "find out whether the labels are complete and mean the same as before, or widen validate.target_rate",
    )


def may_share_keys(one: Profile, other: Profile) -> bool:
    """Return False only if the two cannot have a key in common: the values of some key column do not overlap."""
    return all(
        one.key_range[name][0] <= other.key_range[name][1] and other.key_range[name][0] <= one.key_range[name][1]
        for name in one.key_range.keys() & other.key_range.keys()
    )


def find_shared_keys(frame: pl.DataFrame, earlier: pl.DataFrame, key: Sequence[str]) -> list[int]:
    """Return the rows of `frame`, 0-based and ascending, whose key a row of `earlier` has; null equals null."""
    marked = frame.select(key).with_row_index("row")
    shared = marked.join(earlier.select(key), on=list(key), how="semi", nulls_equal=True)
    return shared["row"].sort().to_list()


def _worst_or_failed(outcomes: Sequence[tuple[float, Outcome]]) -> list[Outcome]:
    """Return the outcomes that failed; if none did, the one of the largest figure, without a column if that is 0."""
    failed = [outcome for _, outcome in outcomes if not outcome.passed]
    if failed or not outcomes:
        return failed
    figure, worst = max(outcomes, key=lambda pair: pair[0])
    return [worst if figure > 0 else replace(worst, column=None, value="none")]


def _list(items: Iterable[object], most: int = 5) -> str:
    texts = [str(item) for item in items]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
