"""What definitions amount to: columns, look-back, the faults they may have, and the row-by-row features."""

import math
from datetime import timedelta

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.features.definitions import check_definitions, get_lookbacks, list_columns, select_features
from mergeline.vocabulary import Feature, Latest, Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RATE = Window("rate", "landed", ("carrier",), "late", {"1h": HOUR, "1d": DAY})
COUNT = Window("count", "landed", (), None, {"1h": HOUR})
SKY = Latest("sky", "weather", ("origin",), ("wind", "rain"), 6 * HOUR)


def numeric(expression: pl.Expr, name: str = "x") -> Feature:
    """Return a numeric feature."""
    return Feature(name, "numeric", expression, "", "")


def test_columns_are_named_after_view_kind_and_span() -> None:
    """A window yields counts and, if it has a value, sums; the latest event its values."""
    assert list_columns(RATE) == ["rate_count_1h", "rate_count_1d", "rate_sum_1h", "rate_sum_1d"]
    assert list_columns(COUNT) == ["count_count_1h"]
    assert list_columns(SKY) == ["wind", "rain"]


def test_lookback_is_the_longest_span_of_each_stream() -> None:
    """Only streams that a view reads are listed."""
    assert get_lookbacks([COUNT, RATE, SKY]) == {"landed": DAY, "weather": 6 * HOUR}


@pytest.mark.parametrize(
    ("views", "features", "what", "fix"),
    [
        ([SKY], [], "events 'weather', which do not exist", "name one of EVENTS: landed"),
        ([RATE, RATE], [], "two views are named 'rate'", "a name of its own"),
        ([RATE], [numeric(pl.col("a")), numeric(pl.col("b"))], "two features are named 'x'", "a name of its own"),
    ],
)
def test_definitions_that_do_not_fit_together_are_named(
    views: list[Window | Latest], features: list[Feature], what: str, fix: str
) -> None:
    """The message says which definition is at fault and what to write."""
    with pytest.raises(MergelineError) as caught:
        check_definitions(["landed"], views, features)
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.where == "src/usecase/features.py"


def test_two_views_may_not_yield_one_column() -> None:
    """Two newest-event views with the same value would overwrite each other."""
    other = Latest("other", "weather", (), ("wind",), HOUR)
    with pytest.raises(MergelineError, match="'wind'"):
        check_definitions(["weather"], [SKY, other], [])


def test_a_number_that_is_not_finite_is_missing() -> None:
    """0 ÷ 0, 1 ÷ 0, NaN and null become null; -0.0 becomes 0.0, so that equal inputs have equal bytes."""
    frame = pl.DataFrame({"a": [0.0, 1.0, math.nan, None, -0.0, 3.0], "b": [0.0, 0.0, 1.0, 1.0, 1.0, 2.0]})
    computed = select_features(frame, [numeric(pl.col("a") / pl.col("b"))])["x"].to_list()
    assert computed == [None, None, None, None, 0.0, 1.5]
    assert math.copysign(1, computed[4]) == 1


def test_kinds_are_text_and_float64() -> None:
    """Whatever an expression yields, a categorical feature is text and a numeric one Float64."""
    features = [Feature("c", "categorical", pl.col("a"), "", ""), numeric(pl.col("a") > 1)]
    computed = select_features(pl.DataFrame({"a": [1, 2, None]}), features)
    assert computed.schema == {"c": pl.String, "x": pl.Float64}
    assert computed.rows() == [("1", 0.0), ("2", 1.0), (None, None)]


def test_a_feature_that_reads_an_unknown_column_is_named() -> None:
    """The message lists the columns there are."""
    with pytest.raises(MergelineError) as caught:
        select_features(pl.DataFrame({"hour": [1]}), [numeric(pl.col("dep_delay"))])
    assert "feature 'x' reads column 'dep_delay'" in caught.value.what
    assert caught.value.fix == "use one of: hour"
