"""Quality of labelled predictions from counts by score and label: ROC AUC, calibration, target rate, and their errors.

Nothing here is yours to edit. Errors are those of days drawn anew, not rows: rows of one day fail together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mergeline.monitoring.outcomes import DayOutcome, sum_outcomes


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error; None where it cannot be computed."""

    value: float | None
    error: float | None


def estimate(days: Sequence[DayOutcome], compute: Callable[[DayOutcome], float | None]) -> Estimate:
    """Return what `compute` makes of all days together, with the error that leaving out one day at a time shows.

    Notes
    -----
    The delete-one jackknife over days (Efron & Stein, 1981); None below three days.
    """
    present = [day for day in days if day.labelled]
    whole = compute(sum_outcomes(present))
    if whole is None or len(present) < 3:
        return Estimate(whole, None)
    parts = [compute(sum_outcomes([day for day in present if day is not out])) for out in present]
    values = np.asarray([part for part in parts if part is not None])
    if len(values) < len(present):
        return Estimate(whole, None)
    spread = float(((values - values.mean()) ** 2).sum())
    return Estimate(whole, ((len(values) - 1) / len(values) * spread) ** 0.5)


def compute_auc(day: DayOutcome) -> float | None:
    """Return the share of pairs of a positive and a negative in which the positive has the higher score.

    Notes
    -----
    Scores in the same of 200 bins count as equal, which moves the figure by less than 0.001. None without both labels.
    """
    negatives, positives = day.histogram.astype(float)
    pairs = negatives.sum() * positives.sum()
    if not pairs:
        return None
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / pairs)


def compute_rate(day: DayOutcome) -> float | None:
    """Return the share of positive labels."""
    return float(day.histogram[1].sum() / day.labelled) if day.labelled else None


def compute_gap(day: DayOutcome) -> float | None:
    """Return the mean score of labelled rows less the share of positive labels."""
    rate = compute_rate(day)
    return None if rate is None else day.labelled_score_sum / day.labelled - rate


def compute_brier(day: DayOutcome) -> float | None:
    """Return the mean of (score - label)²."""
    return day.squared_sum / day.labelled if day.labelled else None


def compute_curve(day: DayOutcome, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return mean score, share of positive labels and rows of bins of equal width, empty ones left out."""
    width = day.histogram.shape[1] // bins
    middles: NDArray[np.float64] = (np.arange(day.histogram.shape[1]) + 0.5) / day.histogram.shape[1]
    curve = []
    for start in range(0, day.histogram.shape[1], width):
        part = day.histogram[:, start : start + width]
        if rows := int(part.sum()):
            mean = float((part.sum(axis=0) * middles[start : start + width]).sum() / rows)
            curve.append((mean, float(part[1].sum() / rows), rows))
    return curve
