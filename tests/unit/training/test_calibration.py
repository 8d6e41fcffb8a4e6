"""Tests of `mergeline.training.calibration`: kept where it helps on rows it was not fitted on, else left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from mergeline.training.calibration import MIN_GAIN, Sigmoid, SigmoidCalibrated, decide_calibration, fit_sigmoid


def make_part(seed: int, slope: float, intercept: float = 0.0, n_rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores whose logits are the true ones divided by `slope`, after `intercept` is taken off; and outcomes."""
    random = np.random.RandomState(seed)
    true = random.normal(-1, 1, n_rows)
    target = (random.uniform(size=n_rows) < 1 / (1 + np.exp(-true))).astype(np.int64)
    return 1 / (1 + np.exp(-(true - intercept) / slope)), target


def test_overconfident_scores_are_calibrated() -> None:
    """Scores twice too sure of themselves get a slope near a half, and the figures show the gain."""
    decision = decide_calibration([make_part(seed, 0.5) for seed in range(3)])
    assert decision.sigmoid is not None
    assert decision.sigmoid.slope == pytest.approx(0.5, abs=0.05)
    assert decision.sigmoid.intercept == pytest.approx(0, abs=0.1)
    assert np.mean(decision.after) <= np.mean(decision.before) - MIN_GAIN
    assert decision.reason.startswith("calibrated: on 2 later folds it changes the mean log loss by -")


def test_good_scores_stay_as_they_are() -> None:
    """Where nothing is to be gained, nothing is added."""
    decision = decide_calibration([make_part(seed, 1.0) for seed in range(3)])
    assert decision.sigmoid is None
    assert "not calibrated" in decision.reason
    assert len(decision.before) == len(decision.after) == 2


def test_a_fault_that_turns_round_is_not_corrected() -> None:
    """Scores too high in one fold and too low in the next: the correction of the past would make the next one worse."""
    decision = decide_calibration([make_part(0, 1.0, 1.0), make_part(1, 1.0, -1.0)])
    assert decision.sigmoid is None
    assert decision.after[0] > decision.before[0]


def test_constant_scores_are_left_alone() -> None:
    """The prior gives every row the same score; there is no slope to fit."""
    scores, target = make_part(0, 1.0)
    decision = decide_calibration([(np.full_like(scores, 0.3), target)] * 3)
    assert decision.sigmoid is None
    assert "all alike" in decision.reason


def test_the_figures_are_rounded_so_that_processors_agree() -> None:
    """Slope and intercept have six decimals: they are part of the model file's bytes."""
    sigmoid = fit_sigmoid([make_part(0, 0.7)])
    assert sigmoid == Sigmoid(round(sigmoid.slope, 6), round(sigmoid.intercept, 6))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0.1, 3), st.floats(-3, 3))
def test_a_sigmoid_keeps_the_order_within_0_and_1(scores: list[float], slope: float, intercept: float) -> None:
    """Scores of exactly 0 and 1 included."""
    ordered = np.sort(scores)
    mapped = Sigmoid(slope, intercept)(ordered)
    assert ((mapped >= 0) & (mapped <= 1)).all()
    assert (np.diff(mapped) >= 0).all()


@given(st.floats(1e-6, 1 - 1e-6))
def test_slope_one_and_intercept_zero_change_nothing(score: float) -> None:
    """The neutral sigmoid is the identity."""
    assert Sigmoid(1.0, 0.0)([score])[0] == pytest.approx(score, rel=1e-9)


def test_the_wrapped_classifier_gives_the_calibrated_probabilities() -> None:
    """It is a scikit-learn classifier: it clones, fits, and its two columns add up to one."""
    random = np.random.RandomState(0)
    features, target = random.normal(size=(200, 2)), np.arange(200) % 2
    wrapped = clone(SigmoidCalibrated(LogisticRegression(), slope=0.5, intercept=-0.25)).fit(features, target)
    plain = LogisticRegression().fit(features, target).predict_proba(features)[:, 1]
    probabilities = wrapped.predict_proba(features)
    assert np.allclose(probabilities[:, 1], Sigmoid(0.5, -0.25)(plain), atol=1e-12)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert list(wrapped.classes_) == [0, 1]
    assert (wrapped.predict(features) == (probabilities[:, 1] > 0.5)).all()
    assert SigmoidCalibrated(DummyClassifier()).get_params(deep=False)["slope"] == 1.0
