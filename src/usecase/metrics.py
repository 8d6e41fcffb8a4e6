"""What is measured on the held-out period, and for which parts of it. Yours to edit.

The machinery calls `compute_metrics` for the whole period, for each batch and for each slice, writes what comes back to
`reports/metrics.json` and `reports/slices.json`, and judges by the names given here. It needs no other file to be
edited when a metric is added, as long as every value is a finite number.
"""

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

GREATER_IS_BETTER = {
    "roc_auc": True,
    "average_precision": True,
    "log_loss": False,
    "brier": False,
    "brier_skill": True,
    "ece": False,
}
"""Direction of each metric that has one; the others (base rate, counts, calibration ratio) describe and do not rank."""

HEADLINE = ("roc_auc", "brier_skill", "calibration_ratio")
"""The metrics that `reports/metrics.json` repeats per batch, so that `dvc metrics diff` stays short."""

_hour = pl.col("sched_hour")
SLICES: dict[str, pl.Expr] = {
    "carrier": pl.col("carrier"),
    "origin": pl.col("origin"),
    "hour_band": pl.when(_hour < 8)
    .then(pl.lit("00-07 h"))
    .when(_hour < 12)
    .then(pl.lit("08-11 h"))
    .when(_hour < 16)
    .then(pl.lit("12-15 h"))
    .when(_hour < 20)
    .then(pl.lit("16-19 h"))
    .when(_hour < 24)
    .then(pl.lit("20-23 h")),
}
"""Slice name to an expression over the features frame that yields text: the part to which a row belongs."""


def compute_metrics(
    target: ArrayLike, score: ArrayLike, reference: ArrayLike | float, *, n_bins: int = 15
) -> dict[str, float]:
    """Return the metrics of the probabilities `score` against the outcomes `target`.

    Parameters
    ----------
    target : array-like of shape (n_samples,)
        Outcomes, 0 or 1.
    score : array-like of shape (n_samples,)
        Predicted probabilities of outcome 1, in [0, 1].
    reference : float or array-like of shape (n_samples,)
        What a model without features would predict: the base rate of the training data, in [0, 1].
    n_bins : int
        Bins of equal count for the expected calibration error.

    Returns
    -------
    dict of str to float
        `roc_auc`, `average_precision`, `log_loss` (nats), `brier`, `brier_skill` (1 is perfect, 0 is the reference),
        `ece` (expected calibration error), `calibration_ratio` (mean score ÷ base rate; 1 is right on average),
        `base_rate`, `n_rows`, `n_positive`.

    Raises
    ------
    ValueError
        If there are no rows, or all of one class: ranking metrics are not defined then.

    Notes
    -----
    Brier skill: D. S. Wilks, Statistical Methods in the Atmospheric Sciences, chapter on forecast verification.
    """
    outcome, probability = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if outcome.size == 0:
        raise ValueError("there are no rows")
    if outcome.min() == outcome.max():
        raise ValueError(f"all {outcome.size} rows have target {outcome[0]:.0f}")
    base_rate = outcome.mean()
    brier = brier_score_loss(outcome, probability)
    return {
        "roc_auc": float(roc_auc_score(outcome, probability)),
        "average_precision": float(average_precision_score(outcome, probability)),
        "log_loss": float(log_loss(outcome, probability)),
        "brier": float(brier),
        "brier_skill": float(1 - brier / np.mean((np.asarray(reference) - outcome) ** 2)),
        "ece": compute_ece(outcome, probability, n_bins),
        "calibration_ratio": float(probability.mean() / base_rate),
        "base_rate": float(base_rate),
        "n_rows": outcome.size,
        "n_positive": int(outcome.sum()),
    }


def compute_ece(target: ArrayLike, score: ArrayLike, n_bins: int) -> float:
    """Return the expected calibration error: the mean gap between score and outcome over the bins, weighted by rows."""
    bins = compute_calibration_bins(target, score, n_bins)
    return float(np.sum(bins[:, 2] * np.abs(bins[:, 0] - bins[:, 1])) / np.sum(bins[:, 2]))


def compute_calibration_bins(target: ArrayLike, score: ArrayLike, n_bins: int) -> NDArray[np.float64]:
    """Return (mean score, share of positives, rows) per bin of nearly equal count, as shape (at most n_bins, 3).

    Rows of equal score share a bin, so the order of rows has no influence; a constant score makes one bin.
    """
    outcome, probability = np.asarray(target, dtype=np.float64), np.asarray(score, dtype=np.float64)
    ordered = np.sort(probability)
    # Edges are values that occur, not interpolated quantiles, which differ in the last digit between numpy versions.
    edges = np.unique(ordered[np.arange(1, n_bins) * ordered.size // n_bins])
    place = np.searchsorted(edges, probability, side="right")
    rows = np.bincount(place)
    filled = rows > 0
    sums = [np.bincount(place, weights=values)[filled] for values in (probability, outcome)]
    return np.column_stack([sums[0] / rows[filled], sums[1] / rows[filled], rows[filled]])
