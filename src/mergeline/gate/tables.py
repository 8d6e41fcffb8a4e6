"""Condenses rows into one small table per metric, from which the metric of any resample of clusters follows exactly.

Nothing here is yours to edit: the gate's metrics are ROC AUC, log loss and Brier score. A table is made once from the
sorted rows; a resample then costs a product with it instead of a pass over the rows. Tables of two models on the same
rows can be subtracted: the result stands for the difference of the metric.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mergeline.gate.pairs import Floats

METRICS = ("roc_auc", "log_loss", "brier")


class Table(Protocol):
    """What a resample needs to know of the rows."""

    def evaluate(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the metric per resample, and the influence of each group on it.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_groups)
            How often each group was drawn.

        Returns
        -------
        metric : ndarray of shape (n_resamples,)
            NaN where a resample lacks an outcome.
        influence : ndarray of shape (n_resamples, n_groups)
            Derivative of the metric with respect to the group's weight.
        """
        ...

    def __sub__(self, other: Any) -> "Table":
        """Return the table of the difference; both must be of the same metric and rows."""
        ...


@dataclass(frozen=True)
class AucTable:
    """ROC AUC as a ratio of quadratic and bilinear forms in the weights of the groups.

    Attributes
    ----------
    ranked : ndarray of shape (n_groups, n_groups)
        Symmetric: weight of the pairs (a positive row of one group, a negative row of the other) ranked right, ties
        counted half, plus the same with the groups exchanged.
    positives, negatives : ndarray of shape (n_groups,)
        Weight of the positive and of the negative rows.

    Notes
    -----
    The area under the ROC curve is the Mann–Whitney statistic (D. Bamber, Journal of Mathematical Psychology 12, 1975).
    """

    ranked: Floats
    positives: Floats
    negatives: Floats

    def __sub__(self, other: "AucTable") -> "AucTable":
        """Return the table of the difference; both must be of the same rows."""
        return AucTable(self.ranked - other.ranked, self.positives, self.negatives)

    def evaluate(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return ROC AUC (or its difference) per resample, and the influence of each group (see `Table`)."""
        products = weights @ self.ranked
        positives, negatives = weights @ self.positives, weights @ self.negatives
        with np.errstate(invalid="ignore", divide="ignore"):
            inverse = 1 / (positives * negatives)
            metric = 0.5 * np.einsum("ij,ij->i", products, weights) * inverse
            influence = products * inverse[:, None]
            influence -= np.outer(metric / positives, self.positives)
            influence -= np.outer(metric / negatives, self.negatives)
        return metric, influence


@dataclass(frozen=True)
class MeanTable:
    """A weighted mean over rows, as a ratio of sums over groups.

    Attributes
    ----------
    sums, totals : ndarray of shape (n_groups,)
        Weighted sum of the values, and sum of the weights.
    """

    sums: Floats
    totals: Floats

    def __sub__(self, other: "MeanTable") -> "MeanTable":
        """Return the table of the difference; both must be of the same rows."""
        return MeanTable(self.sums - other.sums, self.totals)

    def evaluate(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the mean (or difference of means) per resample, and the influence of each group (see `Table`)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            inverse = 1 / (weights @ self.totals)
            metric = (weights @ self.sums) * inverse
            influence = (self.sums - np.outer(metric, self.totals)) * inverse[:, None]
        return metric, influence


def make_auc_table(
    target: NDArray[np.bool_], score: Floats, group: NDArray[np.intp], weight: Floats, n_groups: int
) -> AucTable:
    """Return the table of ROC AUC, as `sklearn.metrics.roc_auc_score` with `sample_weight` counts it.

    Parameters
    ----------
    target, score, group, weight : ndarray of shape (n_rows,)
        Outcome, score (ties allowed), group (0 to `n_groups` - 1) and weight of each row.
    n_groups : int
        Number of groups.
    """
    place = np.unique(score, return_inverse=True)[1]
    n_places = int(place.max()) + 1
    ranked = np.empty((n_groups, n_groups))
    hit, hit_group, hit_weight = place[target], group[target], weight[target]
    order = np.argsort(group[~target], kind="stable")
    miss, miss_weight = place[~target][order], weight[~target][order]
    bounds = np.searchsorted(group[~target][order], np.arange(n_groups + 1))
    for column in range(n_groups):
        part = slice(bounds[column], bounds[column + 1])
        at = np.bincount(miss[part], weights=miss_weight[part], minlength=n_places)
        below = np.cumsum(at) - 0.5 * at
        ranked[:, column] = sum_by_group(hit_weight * below[hit], hit_group, n_groups)
    positives = sum_by_group(hit_weight, hit_group, n_groups)
    negatives = sum_by_group(weight[~target], group[~target], n_groups)
    return AucTable(ranked + ranked.T, positives, negatives)


def make_loss_table(loss: Floats, group: NDArray[np.intp], weight: Floats, n_groups: int) -> MeanTable:
    """Return the table of the mean of a loss per row."""
    return MeanTable(sum_by_group(weight * loss, group, n_groups), sum_by_group(weight, group, n_groups))


def make_table(
    metric: str,
    target: NDArray[np.bool_],
    score: Floats,
    group: NDArray[np.intp],
    weight: Floats,
    n_groups: int,
) -> Table:
    """Return the table of one of `METRICS`; a resample of it equals what `sklearn.metrics` gives for those rows."""
    if metric == "roc_auc":
        return make_auc_table(target, score, group, weight, n_groups)
    return make_loss_table(LOSSES[metric](target, score), group, weight, n_groups)


def sum_by_group(values: Floats, group: NDArray[np.intp], n_groups: int) -> Floats:
    """Return the sum of the values of each group, shape (n_groups,)."""
    return np.bincount(group, weights=values, minlength=n_groups).astype(np.float64)


def compute_log_loss(target: NDArray[np.bool_], score: Floats) -> Floats:
    """Return the log loss of each row in nats, clipped where `sklearn.metrics.log_loss` clips it (float64)."""
    tiny = np.finfo(np.float64).eps
    return -np.log(np.clip(np.where(target, score, 1 - score), tiny, 1 - tiny))


def compute_brier(target: NDArray[np.bool_], score: Floats) -> Floats:
    """Return the squared error of each row, 0–1."""
    return (score - target) ** 2


LOSSES = {"log_loss": compute_log_loss, "brier": compute_brier}
