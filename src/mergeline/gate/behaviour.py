"""Asks a model how it behaves: rows with something changed are scored, and the scores must obey the check.

Nothing here is yours to edit: the checks are in `src/usecase/checks.py`, their sizes in `params.yaml`, group `gate`.
Both models are asked on the same rows, each on its own features, so that a probe is a features file like any other and
a champion is asked by the scoring of its own commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.errors import MergelineError
from mergeline.gate.pairs import Floats
from mergeline.gate.rules import Rule
from mergeline.params import Gate
from mergeline.vocabulary import Check, Directional, Invariance, MinimumFunctionality

WHERE = "src/usecase/checks.py"
AS_IT_IS, CHANGED = "as-it-is", "changed"

Chosen = Mapping[str, Mapping[str, list[str]]]
"""Check to batch to the `row_id` of the rows that are asked."""


@dataclass(frozen=True)
class Behaviour:
    """What came of one check for one model.

    Attributes
    ----------
    check : str
        Name of the check.
    n_rows : int
        Rows that were asked.
    share : float or None
        Share of them that obey (0–1); None if the check was not judged.
    mean_move : float or None
        Mean of changed minus unchanged score; None for a check that changes nothing.
    kept : bool or None
        Whether the check was kept; None if it was not judged.
    reason : str or None
        Why it was not judged.
    """

    check: str
    n_rows: int
    share: float | None = None
    mean_move: float | None = None
    kept: bool | None = None
    reason: str | None = None


def choose_rows(features: Mapping[str, pl.DataFrame], checks: Sequence[Check], gate: Gate) -> Chosen:
    """Return which rows each check asks: at most `gate.check_rows` of those it is about, the same for the same rows.

    Parameters
    ----------
    features : mapping of str to polars.DataFrame
        Batch to its rows as the candidate sees them.

    Raises
    ------
    MergelineError
        If two checks share a name, or a check names a column that there is not.
    """
    names = [check.name for check in checks]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise MergelineError(f"two checks are called '{twice}'", where=WHERE, fix="give every check its own name")
    return {check.name: _choose(features, check, gate) for check in checks}


def build_probe(
    features: pl.DataFrame, checks: Sequence[Check], chosen: Chosen, batch: str
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the rows to score for one batch, and the checks that this model's features do not allow, with the reason.

    The `row_id` of a row tells the check's place, whether it is changed, and the row: scores belong together by it.
    """
    parts, impossible = [features.clear()], {}
    for place, check in enumerate(checks):
        rows = features.filter(pl.col("row_id").is_in(chosen[check.name].get(batch, [])))
        change = {} if isinstance(check, MinimumFunctionality) else check.change
        if unknown := [name for name in change if name not in features.columns]:
            impossible[check.name] = f"its features have no column {unknown[0]}"
            continue
        parts.append(_label(rows, place, AS_IT_IS))
        if change:
            typed = {name: value.cast(features.schema[name]) for name, value in change.items()}
            parts.append(_label(rows.with_columns(**typed), place, CHANGED))
    return pl.concat(parts), impossible


def measure_behaviour(
    scores: pl.DataFrame, checks: Sequence[Check], impossible: Mapping[str, str], min_rows: int
) -> list[Behaviour]:
    """Return what came of each check.

    Parameters
    ----------
    scores : polars.DataFrame
        `row_id` of the probes and `score`, in any order.
    impossible : mapping of str to str
        From `build_probe`: check to the reason why it cannot be asked.
    min_rows : int
        A check with fewer rows is not judged.
    """
    parts = scores.with_columns(pl.col("row_id").str.splitn("|", 3)).unnest("row_id").sort("field_2")
    found = {key: part["score"].to_numpy() for key, part in parts.group_by("field_0", "field_1", maintain_order=True)}
    nothing = np.empty(0)
    results = []
    for place, check in enumerate(checks):
        before, after = (found.get((str(place), state), nothing) for state in (AS_IT_IS, CHANGED))
        if check.name in impossible:
            results.append(Behaviour(check.name, 0, reason=impossible[check.name]))
        elif before.size < min_rows:
            results.append(Behaviour(check.name, before.size, reason=f"too few rows ({before.size} of {min_rows})"))
        else:
            results.append(_measure(check, before, after))
    return results


def judge_behaviour(candidate: Sequence[Behaviour], champion: Sequence[Behaviour] | None) -> Rule:
    """Return the rule that the candidate breaks no check which the champion keeps.

    Parameters
    ----------
    candidate, champion : sequence of Behaviour
        In the same order; None if no champion could be asked: the candidate then has to keep every check by itself.
    """
    if not candidate:
        return Rule("checks", "pass", f"there are no behaviour checks in {WHERE}")
    theirs = {found.check: found.kept for found in champion or ()}
    broken = [found for found in candidate if found.kept is False]
    new = [found for found in broken if theirs.get(found.check) is not False]
    both = [found.check for found in broken if found not in new]
    unjudged = [f"{found.check} ({found.reason})" for found in candidate if found.kept is None]
    silent = [found.check for found in champion or () if found.reason and "no column" in found.reason]
    judged = len(candidate) - len(unjudged)
    if not judged:
        change = f"hold out more rows, or lower gate.min_check_rows: {'; '.join(unjudged)}"
        return Rule("checks", "hold", f"none of {len(candidate)} behaviour checks could be judged", change)
    words = [f"{judged - len(broken)} of {judged} behaviour checks are kept"]
    words += [f"broken by the champion as well: {', '.join(both)}"] if both else []
    words += [f"not judged: {', '.join(unjudged)}"] if unjudged else []
    words += [f"could not be asked of the champion: {', '.join(silent)}"] if silent else []
    if not new:
        return Rule("checks", "pass", "; ".join(words))
    against = ", and not by the champion" if champion else ""
    named = ", ".join(describe(found) for found in new)
    change = f"mend the model or its features; if the expectation itself is wrong, change it in {WHERE}"
    return Rule("checks", "reject", "; ".join([f"broken{against}: {named}", *words]), change)


def describe(found: Behaviour) -> str:
    """Return in words how far a check was kept."""
    if found.share is None:
        return f"{found.check}: not judged, {found.reason}"
    moved = "" if found.mean_move is None else f", mean move {found.mean_move:+.3f}"
    return f"{found.check}: {found.share:.1%} of {found.n_rows:,} rows obey{moved}"


def _choose(features: Mapping[str, pl.DataFrame], check: Check, gate: Gate) -> dict[str, list[str]]:
    try:
        ids = [
            (batch, row)
            for batch, frame in features.items()
            for row in frame.filter(check.who)["row_id"].sort().to_list()
        ]
    except pl.exceptions.PolarsError as error:
        raise MergelineError(
            f"check '{check.name}' cannot choose its rows: {str(error).splitlines()[0]}",
            where=f"{WHERE}, `who` of '{check.name}'",
            fix="use the columns of FEATURES in src/usecase/features.py",
        ) from error
    _check_change(check, features)
    if len(ids) > gate.check_rows:
        drawn = np.random.default_rng(gate.random_state).choice(len(ids), gate.check_rows, replace=False)
        ids = [ids[place] for place in np.sort(drawn)]
    return {batch: [row for of, row in ids if of == batch] for batch in features}


def _check_change(check: Check, features: Mapping[str, pl.DataFrame]) -> None:
    if isinstance(check, MinimumFunctionality):
        return
    known = {name for frame in features.values() for name in frame.columns}
    if unknown := sorted(set(check.change) - known):
        raise MergelineError(
            f"check '{check.name}' changes '{unknown[0]}', which is no feature",
            where=f"{WHERE}, `change` of '{check.name}'",
            fix="name a feature of FEATURES in src/usecase/features.py, or drop the check with the feature",
        )


def _label(rows: pl.DataFrame, place: int, state: str) -> pl.DataFrame:
    return rows.with_columns(row_id=pl.concat_str(pl.lit(f"{place}|{state}|"), pl.col("row_id")))


def _measure(check: Check, before: Floats, after: Floats) -> Behaviour:
    move = after - before if after.size else np.zeros(before.size)
    obey = _obeys(check, before, move)
    share = float(obey.mean())
    kept = share >= check.share
    if isinstance(check, MinimumFunctionality):
        return Behaviour(check.name, before.size, share, kept=kept)
    mean = float(move.mean())
    if isinstance(check, Directional):
        kept = kept and (mean if check.direction == "up" else -mean) >= check.at_least
    return Behaviour(check.name, before.size, share, round(mean, 6), kept)


def _obeys(check: Check, before: Floats, move: Floats) -> NDArray[Any]:
    if isinstance(check, Invariance):
        return np.abs(move) <= check.within
    if isinstance(check, Directional):
        return (move if check.direction == "up" else -move) >= -check.slack
    return (before >= check.low) & (before <= check.high)
