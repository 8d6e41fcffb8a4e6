"""Importance: what is read matters, what is not does not, and groups follow the streams that features are fed from."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from mergeline.evaluation.importance import compute_importance, draw_sample, group_features
from mergeline.vocabulary import Feature, Latest, Window
from usecase.features import FEATURES, VIEWS

DAY = timedelta(days=1)
VIEW_RATES = Window("rates", events="arrivals", keys=(), value="late", spans={"7d": DAY}, description="")
VIEW_WEATHER = Latest("weather", events="observations", keys=(), values=("wind",), freshness=DAY, description="")


def make_sample(n: int = 500) -> pl.DataFrame:
    """Return two informative copies of one feature, a useless feature, and a target that follows the first."""
    random = np.random.RandomState(1)
    signal = random.normal(size=n)
    target = (signal + random.normal(size=n) > 0).astype(int)
    return pl.DataFrame({"one": signal, "copy": signal, "useless": random.normal(size=n), "target": target})


def predict(frame: pl.DataFrame) -> np.ndarray:
    """Return the mean of the two informative features."""
    return frame.select((pl.col("one") + pl.col("copy")) / 2).to_series().to_numpy()


def test_group_of_correlated_features_counts_for_more_than_each_of_them() -> None:
    """Shuffled together, copies cannot stand in for each other; a feature that is not read loses exactly nothing."""
    table = compute_importance(predict, make_sample(), {"signal": ["one", "copy"], "noise": ["useless"]}, 3)
    found = dict(table.select("name", "auc_drop").iter_rows())
    assert found["signal: (all)"] > 1.2 * found["signal: one"] > 0
    assert found["noise: useless"] == found["noise: (all)"] == 0
    assert table["group"].to_list() == ["signal"] * 3 + ["noise"] * 2
    assert table["feature"][0] == "(all)"


def test_same_seed_gives_the_same_table() -> None:
    """Sample and shuffles depend on the seed alone, and a sample keeps the order of rows."""
    sample = draw_sample(make_sample().with_row_index(), 200, 5)
    assert sample.height == 200
    assert sample["index"].is_sorted()
    assert sample.equals(draw_sample(make_sample().with_row_index(), 200, 5))
    first, second = (compute_importance(predict, sample, {"signal": ["one"]}, 7) for _ in range(2))
    assert first.equals(second)


def test_sample_of_fewer_rows_is_all_of_them() -> None:
    """Asking for more rows than there are yields them all."""
    assert draw_sample(make_sample(20), 500, 1).height == 20


@pytest.mark.parametrize(
    ("expression", "group"),
    [
        (pl.col("distance"), "request"),
        (pl.col("wind") * 2, "observations"),
        (pl.col("rates_sum_7d") / pl.col("rates_count_7d"), "arrivals"),
        (pl.col("rates_sum_7d") * pl.col("wind"), "arrivals + observations"),
    ],
)
def test_features_are_grouped_by_the_streams_they_read(expression: pl.Expr, group: str) -> None:
    """The group is named for the event streams behind the views that the expression reads."""
    feature = Feature("feature", "numeric", expression, "", "")
    assert group_features([feature], [VIEW_RATES, VIEW_WEATHER]) == {group: ["feature"]}


def test_every_feature_of_the_use_case_is_in_one_group() -> None:
    """No feature is left out of the importance table."""
    groups = group_features(FEATURES, VIEWS)
    assert sorted(name for names in groups.values() for name in names) == sorted(feature.name for feature in FEATURES)
