"""A condensed table gives what scikit-learn gives, on the rows as they are and on every resample."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from mergeline.gate.tables import METRICS, make_table

Rows = dict[str, NDArray[Any]]

PLAIN = {
    "roc_auc": lambda y, p, w: roc_auc_score(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, w: brier_score_loss(y, p, sample_weight=w),
}


@st.composite
def rows_with_ties(draw: st.DrawFn) -> Rows:
    """Return rows of both outcomes with many tied scores, weights over four orders of magnitude and a resample."""
    n_rows = draw(st.integers(4, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_groups = draw(st.integers(2, 8))
    levels = draw(st.sampled_from([2, 5, 1000]))
    return {
        "target": rng.random(n_rows) < draw(st.sampled_from([0.1, 0.5])),
        "score": rng.integers(0, levels + 1, n_rows) / levels,
        "other": rng.integers(0, levels + 1, n_rows) / levels,
        "group": rng.integers(0, n_groups, n_rows),
        "weight": 10 ** rng.uniform(-2, 2, n_rows) if draw(st.booleans()) else np.ones(n_rows),
        "drawn": rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=3),
    }


def make(metric: str, rows: Rows, score: str = "score") -> Any:
    """Return the table of one of the two scores."""
    return make_table(metric, rows["target"], rows[score], rows["group"], rows["weight"], rows["drawn"].shape[1])


def has_both_outcomes(rows: Rows, weight: NDArray[Any]) -> bool:
    """Return whether rows of positive weight have both outcomes."""
    return 0 < rows["target"][weight > 0].mean() < 1 if (weight > 0).any() else False


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=60, deadline=None)
@given(rows=rows_with_ties())
def test_every_resample_equals_scikit_learn(metric: str, rows: Rows) -> None:
    """Ties, row weights and resampled clusters included, to 1e-9."""
    values, _ = make(metric, rows).evaluate(rows["drawn"].astype(float))
    for value, drawn in zip(values, rows["drawn"], strict=True):
        weight = rows["weight"] * drawn[rows["group"]]
        if has_both_outcomes(rows, weight):
            assert value == pytest.approx(PLAIN[metric](rows["target"], rows["score"], weight), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=30, deadline=None)
@given(rows=rows_with_ties())
def test_a_difference_of_tables_is_the_difference_of_metrics(metric: str, rows: Rows) -> None:
    """One product stands for both models."""
    weights = rows["drawn"].astype(float)
    score, other = make(metric, rows), make(metric, rows, "other")
    expected = score.evaluate(weights)[0] - other.evaluate(weights)[0]
    found = (score - other).evaluate(weights)[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=30, deadline=None)
@given(rows=rows_with_ties())
def test_influence_is_the_derivative_by_the_weight_of_a_group(metric: str, rows: Rows) -> None:
    """It agrees with a small change of each weight, and sums to nothing over the sample."""
    n_groups = rows["drawn"].shape[1]
    table, once, step = make(metric, rows), np.ones((1, n_groups)), 1e-5
    assume(has_both_outcomes(rows, rows["weight"]))
    influence = table.evaluate(once)[1][0]
    up, down = table.evaluate(once + step * np.eye(n_groups))[0], table.evaluate(once - step * np.eye(n_groups))[0]
    np.testing.assert_allclose(influence, (up - down) / (2 * step), rtol=1e-4, atol=1e-6)
    assert influence.sum() == pytest.approx(0, abs=1e-9)


def test_a_resample_without_an_outcome_has_no_auc() -> None:
    """It is marked as not a number, and no warning is left behind."""
    target, group = np.array([True, False, False]), np.array([0, 1, 1])
    table = make_table("roc_auc", target, np.array([0.9, 0.1, 0.2]), group, np.ones(3), 2)
    with np.errstate(all="raise"):
        values, _ = table.evaluate(np.array([[0.0, 2.0], [1.0, 1.0]]))
    assert np.isnan(values[0])
    assert values[1] == 1.0


def test_certain_and_wrong_costs_what_scikit_learn_charges() -> None:
    """Scores of exactly 0 and 1 are clipped alike."""
    target, score = np.array([True, False, True, False]), np.array([0.0, 1.0, 1.0, 0.0])
    table = make_table("log_loss", target, score, np.zeros(4, dtype=int), np.ones(4), 1)
    assert table.evaluate(np.ones((1, 1)))[0][0] == pytest.approx(log_loss(target, score), abs=1e-9)
