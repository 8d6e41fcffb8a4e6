"""Batches as a whole: what is unlike the batches before is found, what is like them passes."""

from dataclasses import replace
from datetime import date

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.data.batch_checks import (
    Outcome,
    check_batch,
    check_categories,
    check_dates,
    check_nulls,
    check_rows,
    check_target,
    find_shared_keys,
    may_share_keys,
)
from mergeline.data.profile import Profile, compute_profile
from mergeline.params import Validate
from mergeline.vocabulary import Table

DAYS = (date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 3))
USUAL = Profile(
    rows=1000,
    nulls={"a": 0, "b": 100},
    days=DAYS,
    categories={"carrier": {"AA": 600, "UA": 400}},
    labelled=900,
    positive=225,
    key_range={"id": (0, 999)},
)
LIMITS = Validate(rows_ratio=(0.75, 1.35), null_share_rise=0.1, unseen_share=0.02, target_rate=(0.05, 0.5))
SCHEMA = pa.DataFrameSchema({"id": pa.Column(int)}, unique=["id"])
TABLE = Table("t", "t/{batch}.csv", SCHEMA, day=pl.col("day"), categories=("carrier",), target=pl.col("late"))


def failed(outcomes: list[Outcome]) -> list[tuple[str, str | None]]:
    """Return check and column of what did not pass."""
    return [(outcome.check, outcome.column) for outcome in outcomes if not outcome.passed]


def test_a_batch_like_the_earlier_ones_passes_every_check() -> None:
    """All five checks apply, and none fails."""
    outcomes = check_batch(USUAL, [USUAL, USUAL], TABLE, DAYS, LIMITS)
    assert len(outcomes) == 5
    assert failed(outcomes) == []


def test_the_first_batch_is_judged_by_dates_and_target_alone() -> None:
    """There is nothing to compare it with; that is not a pass of the other checks."""
    assert [outcome.check for outcome in check_batch(USUAL, [], TABLE, DAYS, LIMITS)] == [
        "dates with rows",
        "target rate",
    ]


@pytest.mark.parametrize(("rows", "passed"), [(500, False), (749, False), (750, True), (1350, True), (2000, False)])
def test_a_row_count_off_the_median_fails(rows: int, passed: bool) -> None:
    """One odd batch in the past does not move the median."""
    earlier = [USUAL, replace(USUAL, rows=10), USUAL]
    outcome = check_rows(replace(USUAL, rows=rows), earlier, LIMITS.rows_ratio)
    assert outcome.passed is passed
    assert f"({rows} ÷ 1000)" in outcome.value
    assert "widen validate.rows_ratio" in outcome.fix


def test_a_missing_date_is_named_unless_it_is_a_known_gap() -> None:
    """A gap is allowed by its date, not by a number of dates that any gap may use up."""
    profile = replace(USUAL, days=DAYS[:2])
    outcome = check_dates(profile, DAYS, ())
    assert not outcome.passed
    assert outcome.value == "2 of 3; missing: 2013-01-03"
    assert "known_gaps" in outcome.fix
    assert check_dates(profile, DAYS, (DAYS[2],)).passed
    assert not check_dates(profile, DAYS, (DAYS[0],)).passed


def test_a_date_of_another_batch_is_named() -> None:
    """A file in the wrong place does not pass for its neighbour."""
    outcome = check_dates(replace(USUAL, days=(*DAYS, date(2013, 2, 1))), DAYS, ())
    assert not outcome.passed
    assert outcome.value == "3 of 3; of another batch: 2013-02-01"


def test_a_rise_of_empty_cells_is_measured_from_the_highest_so_far() -> None:
    """A share seen before is no surprise; the column is named."""
    earlier = [USUAL, replace(USUAL, nulls={"a": 0, "b": 300})]
    assert failed(check_nulls(replace(USUAL, nulls={"a": 0, "b": 400}), earlier, 0.1)) == []
    worse = check_nulls(replace(USUAL, nulls={"a": 101, "b": 401}), earlier, 0.1)
    assert failed(worse) == [("rise of the share of empty cells", "a"), ("rise of the share of empty cells", "b")]
    assert worse[0].value == "+0.1010 (0.1010, at most 0.0000 before)"


def test_a_column_that_becomes_wholly_empty_fails_however_empty_it_was() -> None:
    """A dead feed of a column that was 95 % empty rises by 0.05 only."""
    earlier = [replace(USUAL, nulls={"a": 0, "b": 950})]
    assert failed(check_nulls(replace(USUAL, nulls={"a": 0, "b": 1000}), earlier, 0.1))
    assert not failed(check_nulls(replace(USUAL, nulls={"a": 0, "b": 999}), earlier, 0.1))
    always = [replace(USUAL, nulls={"a": 0, "b": 1000})]
    assert not failed(check_nulls(replace(USUAL, nulls={"a": 0, "b": 1000}), always, 0.1))


def test_a_few_new_categories_pass_and_a_flood_fails() -> None:
    """New destinations come; renamed codes come all at once."""
    few = replace(USUAL, categories={"carrier": {"AA": 980, "XX": 20}})
    flood = replace(USUAL, categories={"carrier": {"AA": 979, "XX": 20, "YY": 1}})
    assert failed(check_categories(few, [USUAL], 0.02)) == []
    (outcome,) = check_categories(flood, [USUAL], 0.02)
    assert not outcome.passed
    assert (outcome.column, outcome.value) == ("carrier", "0.0210 (XX, YY)")
    assert "renamed its codes" in outcome.fix
    assert failed(check_categories(flood, [USUAL, few, flood], 0.02)) == []


@pytest.mark.parametrize(
    ("labelled", "positive", "passed"), [(900, 44, False), (900, 45, True), (900, 451, False), (0, 0, False)]
)
def test_a_target_rate_out_of_range_fails(labelled: int, positive: int, passed: bool) -> None:
    """A batch without a single label fails too."""
    outcome = check_target(replace(USUAL, labelled=labelled, positive=positive), LIMITS.target_rate)
    assert outcome.passed is passed
    assert "validate.target_rate" in outcome.fix


def test_a_profile_counts_rows_without_a_label_apart() -> None:
    """The target rate is of labelled rows; categories leave empty cells out; days are in order."""
    frame = pl.DataFrame(
        {
            "id": [3, 1, 2, 4],
            "day": [DAYS[1], DAYS[0], DAYS[1], DAYS[0]],
            "carrier": ["UA", None, "AA", "UA"],
            "late": [True, None, False, True],
        }
    )
    profile = compute_profile(frame, TABLE)
    assert (profile.rows, profile.labelled, profile.positive) == (4, 3, 2)
    assert profile.days == DAYS[:2]
    assert profile.categories == {"carrier": {"AA": 1, "UA": 2}}
    assert profile.nulls == {"id": 0, "day": 0, "carrier": 1, "late": 1}
    assert profile.key_range == {"id": (1, 4)}


keys = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=12)


@given(keys, keys)
def test_shared_keys_are_found_and_never_ruled_out(
    ours: list[tuple[int, str | None]], theirs: list[tuple[int, str | None]]
) -> None:
    """The rows whose key both batches have are found; disjoint ranges really mean that there is none."""
    frame, other = (pl.DataFrame(rows, schema={"n": pl.Int32, "c": pl.String}, orient="row") for rows in (ours, theirs))
    shared = [row for row, key in enumerate(ours) if key in theirs]
    assert find_shared_keys(frame, other, ["n", "c"]) == shared
    table = replace(TABLE, schema=pa.DataFrameSchema({}, unique=["n", "c"]), day=None, categories=(), target=None)
    if shared:
        assert may_share_keys(compute_profile(frame, table), compute_profile(other, table))
