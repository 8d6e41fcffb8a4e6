"""Columns are counted right whatever they hold: nothing, one row, one value, many categories, far outliers."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.analysis.columns import MOST_CATEGORIES, Column, count_into, describe_column

VALUES: dict[Any, Any] = {
    pl.Int32: st.integers(-(2**31), 2**31 - 1),
    pl.Float64: st.floats(-1e300, 1e300, allow_nan=False),
    pl.String: st.text(max_size=3),
    pl.Boolean: st.booleans(),
    pl.Datetime("us", "UTC"): st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
        lambda t: t.replace(tzinfo=UTC)
    ),
}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, pl.Series]:
    """Return one to three batches of a column of any type, cells missing, batches empty, or neither."""
    dtype = draw(st.sampled_from(list(VALUES)))
    batches = draw(st.lists(st.lists(st.none() | VALUES[dtype], max_size=70), min_size=1, max_size=3))
    return {f"2013-0{n + 1}": pl.Series("column", values, dtype=dtype) for n, values in enumerate(batches)}


@settings(deadline=None)
@given(columns())
def test_every_cell_is_counted_once(parts: dict[str, pl.Series]) -> None:
    """Per batch, empty cells and the counts of either histogram add up to the rows."""
    column = describe_column(parts)
    for batch, values in parts.items():
        assert column.rows[batch] == len(values)
        assert column.nulls[batch] == values.null_count()
        if column.labels:
            assert len(column.drawn[batch]) == len(column.labels)
            assert sum(column.drawn[batch]) == sum(column.compared[batch]) == len(values) - values.null_count()


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20)), st.lists(st.integers(-10, 10), unique=True))
def test_bins_are_closed_below(values: list[int], edges: list[int]) -> None:
    """A value at a limit belongs to the bin above it."""
    edges = sorted(edges)
    counts = count_into(pl.Series(values, dtype=pl.Int64), edges)
    limits = [float("-inf"), *edges, float("inf")]
    expected = [sum(low <= value < high for value in values) for low, high in pairwise(limits)]
    assert counts == expected


@pytest.mark.parametrize("dtype", [pl.Int32, pl.Float64, pl.String, pl.Datetime("us", "UTC")])
def test_column_of_empty_cells_has_nothing_to_draw(dtype: Any) -> None:
    """All cells empty: counted, and neither drawn nor compared."""
    column = describe_column({"2013-01": pl.Series("column", [None, None], dtype=dtype)})
    assert column.total_null_share == 1
    assert (column.labels, column.distinct, column.low, column.high) == ([], 0, None, None)


def test_column_of_one_row_is_described() -> None:
    """One value is smallest, median and largest."""
    column = describe_column({"2013-01": pl.Series("column", [3])})
    assert (column.low, column.middle, column.high, column.labels) == (3, 3, 3, ["3"])


def test_few_values_are_drawn_one_by_one_and_many_in_bins_that_take_the_outliers() -> None:
    """A far outlier does not squeeze the rest into one bin; it is counted in the last."""
    few = describe_column({"2013-01": pl.Series("column", [1, 1, 7])})
    assert dict(zip(few.labels, few.drawn["2013-01"], strict=True)) == {"1": 2, "7": 1}
    many = describe_column({"2013-01": pl.Series("column", [*range(1000), 10**9])})
    assert len(many.labels) <= 30
    assert max(many.drawn["2013-01"]) < 100
    assert many.high == 10**9


def test_rare_values_above_a_common_lowest_one_are_told_apart() -> None:
    """Where nine hours in ten have no rain, rain is compared by how much there was."""
    column = describe_column({"2013-01": pl.Series("rain", [0.0] * 900 + [0.01 * step for step in range(1, 101)])})
    assert len(column.compared["2013-01"]) > 5
    assert column.compared["2013-01"][0] == 900


def test_categories_are_ordered_by_count_and_identifiers_are_not_drawn() -> None:
    """The most frequent category comes first, ties by name; text of too many values has no distribution."""
    column = describe_column({"2013-01": pl.Series("c", ["b", "a", "b", "a", "c"])})
    assert (column.kind, column.labels) == ("category", ["a", "b", "c"])
    names = pl.Series("name", [f"N{number}" for number in range(MOST_CATEGORIES + 1)])
    identifier: Column = describe_column({"2013-01": names})
    assert (identifier.kind, identifier.labels) == ("text", [])
