"""The logistic function and the calibration on top of it, in plain float64: no SciPy where a bundle is served.

Nothing here is yours to edit. Each score goes through the C library's `exp`, one by one: NumPy's vectorised one rounds
differently with the processor's generation, and a row alone must score as it does among others.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-9
"""As in `mergeline.training.calibration`: scores are kept this far from 0 and 1, where the logit is infinite."""

Link = Callable[[float], float]


def compute_expit(value: float) -> float:
    """Return 1 ÷ (1 + exp(-value)), in [0, 1]; no value overflows."""
    if value < -700:
        return math.exp(value)
    return 1.0 / (1.0 + math.exp(-value))


def compute_logit(share: float) -> float:
    """Return log(share ÷ (1 - share)); near one half by two logarithms, which loses no digit there."""
    if 0.3 <= share <= 0.65:
        twice = 2.0 * (share - 0.5)
        return math.log1p(twice) - math.log1p(-twice)
    return math.log(share / (1.0 - share))


def build_link(calibration: Mapping[str, Any] | None) -> Link:
    """Return the function from a raw score (log odds) to the probability, calibration included."""
    if calibration is None:
        return compute_expit
    slope, intercept = float(calibration["slope"]), float(calibration["intercept"])

    def calibrated(value: float) -> float:
        return calibrate(compute_expit(value), slope, intercept)

    return calibrated


def calibrate(score: float, slope: float, intercept: float) -> float:
    """Return expit(slope * logit(score) + intercept), as `mergeline.training.calibration.Sigmoid` does."""
    clipped = min(max(score, SMALLEST), 1.0 - SMALLEST)
    return compute_expit(slope * compute_logit(clipped) + intercept)


def apply_link(link: Link, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `link` of every raw score, shape (n,)."""
    return np.fromiter(map(link, raw.tolist()), dtype=np.float64, count=len(raw))
