"""Calibration of the winner: a slope and an intercept on the logit of its scores, kept only if that is shown to help.

Nothing here is yours to edit: `train.calibrate` in `params.yaml` turns it off. Scores are never rescaled to the base
rate of the last month: on data that drift by season this makes them worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

MIN_GAIN = 0.001
"""Smallest mean drop in log loss (nats) for which a calibration is kept."""

DECIMALS = 6
SMALLEST = 1e-9
"""Scores are kept this far from 0 and 1, where the logit is infinite."""

Part = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Sigmoid:
    """The map score -> expit(slope * logit(score) + intercept); slope 1 and intercept 0 change nothing."""

    slope: float
    intercept: float

    def __call__(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated scores, float64 in (0, 1), of the same shape."""
        clipped = np.clip(np.asarray(scores, dtype=np.float64), SMALLEST, 1 - SMALLEST)
        return np.asarray(expit(self.slope * logit(clipped) + self.intercept), dtype=np.float64)


class SigmoidCalibrated(ClassifierMixin, BaseEstimator):
    """A binary classifier whose probabilities pass through a fixed sigmoid.

    Parameters
    ----------
    estimator : estimator
        Unfitted classifier with `predict_proba`.
    slope, intercept : float
        The sigmoid, fitted beforehand on scores of rows the estimator had not seen.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    classes_ : array, shape (2,)
        The two outcomes.
    """

    def __init__(self, estimator: Any, slope: float = 1.0, intercept: float = 0.0) -> None:
        self.estimator = estimator
        self.slope = slope
        self.intercept = intercept

    def fit(self, X: Any, y: ArrayLike) -> "SigmoidCalibrated":
        """Fit the estimator on features of shape (n_samples, n_features) and outcomes of shape (n_samples,)."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the calibrated probabilities, shape (n_samples, 2)."""
        positive = Sigmoid(self.slope, self.intercept)(self.estimator_.predict_proba(X)[:, 1])
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier outcome of each row, shape (n_samples,)."""
        return np.asarray(self.classes_)[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


@dataclass(frozen=True)
class Decision:
    """Whether the winner is calibrated, and the figures that say why.

    Attributes
    ----------
    sigmoid : Sigmoid or None
        Fitted on the scores of all folds; None if scores stay as they are.
    reason : str
        One sentence.
    before, after : list of float
        Log loss of each fold but the first, without and with the sigmoid fitted on the folds before it.
    """

    sigmoid: Sigmoid | None
    reason: str
    before: list[float]
    after: list[float]


def fit_sigmoid(parts: Sequence[Part]) -> Sigmoid:
    """Return the sigmoid that minimises log loss on `parts`, with slope and intercept rounded to 6 decimals."""
    scores, target = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    logits = logit(np.clip(scores, SMALLEST, 1 - SMALLEST)).reshape(-1, 1)
    fitted = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(logits, target)
    return Sigmoid(round(float(fitted.coef_[0, 0]), DECIMALS), round(float(fitted.intercept_[0]), DECIMALS))


def decide_calibration(parts: Sequence[Part]) -> Decision:
    """Return whether a sigmoid helps, judged on each fold but the first by one fitted on the folds before it.

    Parameters
    ----------
    parts : sequence of (scores, target)
        The winner's scores (0–1) and outcomes (0 or 1) on the validation part of each fold, oldest first, from fits
        that had not seen these rows.
    """
    if any(np.ptp(scores) == 0 for scores, _ in parts):
        return Decision(None, "not calibrated: the scores of a fold are all alike", [], [])
    before, after = [], []
    for number, (scores, target) in enumerate(parts[1:], start=1):
        calibrated = fit_sigmoid(parts[:number])(scores)
        before.append(round(float(log_loss(target, scores, labels=[0, 1])), DECIMALS))
        after.append(round(float(log_loss(target, calibrated, labels=[0, 1])), DECIMALS))
    gain = round(float(np.mean(before) - np.mean(after)), DECIMALS)
    change = f"on {len(before)} later folds it changes the mean log loss by {-gain:+.6f}"
    if gain < MIN_GAIN:
        return Decision(None, f"not calibrated: {change}, at most {-MIN_GAIN:+} was needed", before, after)
    return Decision(fit_sigmoid(parts), f"calibrated: {change}", before, after)
