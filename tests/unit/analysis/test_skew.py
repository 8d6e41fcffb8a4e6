"""Skew: zero for the same shape, large for shifted codes, judged by the limit of its kind and only with enough rows."""

from math import isfinite, log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.analysis.columns import describe_column
from mergeline.analysis.skew import Skew, choose_limit, compute_psi, compute_skew
from mergeline.params import Analyse

LIMITS = Analyse(min_rows=1000, categories_limit=0.02, many_categories_limit=0.15, numbers_limit=0.1)
COUNTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=2, max_size=30)


def draw(codes: str, seed: int, n: int = 3000) -> pl.Series:
    """Return random codes, the first the most frequent."""
    weights = np.arange(len(codes), 0, -1)
    return pl.Series("code", np.random.RandomState(seed).choice(list(codes), n, p=weights / weights.sum()))


def compute(*batches: pl.Series, nullable: bool = False) -> Skew:
    """Return the skew of a column over batches."""
    parts = {f"2013-0{number + 1}": batch for number, batch in enumerate(batches)}
    skew = compute_skew("table", describe_column(parts), nullable, LIMITS)
    assert skew is not None
    return skew


@settings(deadline=None)
@given(COUNTS)
def test_index_is_finite_never_negative_and_symmetric(counts: list[tuple[int, int]]) -> None:
    """Empty bins included, the index is a finite number, and the same in both directions."""
    reference, current = ([pair[side] for pair in counts] for side in (0, 1))
    found = compute_psi(reference, current)
    assert isfinite(found)
    assert found >= 0
    assert found == pytest.approx(compute_psi(current, reference))
    assert compute_psi(reference, reference) == 0


def test_index_of_a_known_case() -> None:
    """A half against three quarters, of many rows: by hand."""
    expected = 0.25 * log(0.75 / 0.5) + -0.25 * log(0.25 / 0.5)
    assert compute_psi([50_000, 50_000], [75_000, 25_000]) == pytest.approx(expected, rel=1e-3)


def test_shifted_codes_are_found_and_healthy_months_are_not() -> None:
    """Codes that moved by one place reach the limit; another draw of the same codes does not."""
    skew = compute(draw("ABCD", 1), draw("ABCD", 2), draw("BCDA", 3))
    assert list(skew.shifted) == ["2013-03"]
    assert skew.distances["2013-02"] < 0.02 < skew.distances["2013-03"]


def test_a_batch_is_compared_with_all_before_it() -> None:
    """The reference of the third batch is the first two together."""
    one, two, three = draw("AB", 1), draw("AAAB", 2), draw("AB", 3)
    skew = compute(one, two, three)
    together = [one.to_list().count(code) + two.to_list().count(code) for code in "AB"]
    current = [three.to_list().count(code) for code in "AB"]
    assert skew.distances["2013-03"] == pytest.approx(compute_psi(together, current), abs=1e-4)


def test_small_batches_are_not_compared() -> None:
    """Below the smallest number of rows, empty cells aside, there is no figure rather than a wild one."""
    skew = compute(draw("ABCD", 1), draw("BCDA", 2, n=999), draw("ABCD", 3))
    assert list(skew.distances) == ["2013-03"]
    empty = pl.concat([draw("ABCD", 2, n=900), pl.Series("code", [None] * 500, dtype=pl.String)])
    assert "2013-02" not in compute(draw("ABCD", 1), empty).distances


def test_new_categories_are_counted() -> None:
    """Rows with a value that no earlier batch held are told per batch."""
    assert compute(draw("AB", 1), pl.Series("code", ["A"] * 5 + ["Z"] * 2)).unseen == {"2013-02": 2}


def test_limit_depends_on_what_the_column_is() -> None:
    """Few categories, many categories, planned whole numbers, and measurements, which follow the season."""
    few, many = draw("ABC", 1), pl.Series("code", [f"C{number % 60}" for number in range(200)])
    whole, decimal = pl.Series("n", [1, 2, 3]), pl.Series("x", [1.0, 2.0])
    limits = [
        choose_limit(describe_column({"2013-01": values}), nullable, LIMITS)[0]
        for values, nullable in ((few, False), (many, False), (whole, False), (whole, True), (decimal, False))
    ]
    assert limits == [0.02, 0.15, 0.1, None, None]


def test_measurements_are_reported_and_never_called_shifted() -> None:
    """A temperature that rose has a distance, and no limit to reach."""
    cold, warm = (pl.Series("temp", np.random.RandomState(1).normal(mean, 1, 2000)) for mean in (0, 5))
    skew = compute(cold, warm)
    assert skew.distances["2013-02"] > 1
    assert skew.shifted == {}


def test_what_has_no_distribution_is_not_compared() -> None:
    """A single batch, or text that identifies rows, yields nothing."""
    identifiers = {f"2013-0{batch}": pl.Series("id", [f"{batch}/{n}" for n in range(300)]) for batch in (1, 2)}
    assert compute_skew("table", describe_column(identifiers), False, LIMITS) is None
    assert compute_skew("table", describe_column({"2013-01": draw("AB", 1)}), False, LIMITS) is None
