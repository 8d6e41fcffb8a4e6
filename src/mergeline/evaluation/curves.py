"""Curves and tables behind the plots: small, rounded, the same for the same predictions in any row order.

Nothing here is yours to edit. Each function returns a frame that becomes one CSV file in `reports/plots/`, at most a
few hundred rows, and one figure in `reports/figures/`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from usecase.metrics import compute_calibration_bins

GRID = np.linspace(0, 1, 201)
SCORE_BINS = 40
DECIMALS = 5
OUTCOMES = ("negative", "positive")

Vector = NDArray[np.float64]


def compute_roc(target: Vector, score: Vector) -> pl.DataFrame:
    """Return `false_positive_rate` and `true_positive_rate` on a grid of 201 false-positive rates."""
    false_positive, true_positive, _ = roc_curve(target, score, drop_intermediate=False)
    return _rounded(false_positive_rate=GRID, true_positive_rate=np.interp(GRID, false_positive, true_positive))


def compute_precision_recall(target: Vector, score: Vector) -> pl.DataFrame:
    """Return `recall` and the `precision` at the highest threshold that reaches it, on a grid without recall 0."""
    precision, recall, _ = precision_recall_curve(target, score)
    reached, at = recall[::-1], precision[::-1]  # recall rises
    wanted = GRID[1:]
    place = np.searchsorted(reached, wanted - 1e-12, side="left")
    return _rounded(recall=wanted, precision=at[place])


def compute_calibration(target: Vector, score: Vector, n_bins: int) -> pl.DataFrame:
    """Return `mean_score`, `observed_rate`, `perfect` (the mean score again, for the diagonal) and `n_rows` per bin."""
    bins = compute_calibration_bins(target, score, n_bins)
    frame = _rounded(mean_score=bins[:, 0], observed_rate=bins[:, 1], perfect=bins[:, 0])
    return frame.with_columns(n_rows=pl.Series(bins[:, 2], dtype=pl.Int64))


def compute_confusion(target: Vector, score: Vector, threshold: float) -> pl.DataFrame:
    """Return `cell`, `actual`, `predicted`, `n_rows`, `share` of all rows and `threshold` of the four cells."""
    predicted = (score >= threshold).astype(int)
    counts = [(a, p, int(np.sum((target == a) & (predicted == p)))) for a in (0, 1) for p in (0, 1)]
    return pl.DataFrame(
        [
            {
                "cell": f"actual {OUTCOMES[a]}, predicted {OUTCOMES[p]}",
                "actual": OUTCOMES[a],
                "predicted": OUTCOMES[p],
                "n_rows": count,
                "share": round(count / len(target), DECIMALS),
                "threshold": threshold,
            }
            for a, p, count in counts
        ]
    )


def compute_score_distribution(target: Vector, score: Vector) -> pl.DataFrame:
    """Return, per bin of the score, the share of negative and of positive rows that fall into it."""
    edges = np.linspace(0, 1, SCORE_BINS + 1)
    shares = {name: np.histogram(score[target == label], edges)[0] for label, name in enumerate(OUTCOMES)}
    middle = (edges[:-1] + edges[1:]) / 2
    return _rounded(score=middle, **{name: counts / max(counts.sum(), 1) for name, counts in shares.items()})


def compute_days(rows: pl.DataFrame) -> pl.DataFrame:
    """Return, per day, `day_number` (1 is the first), `observed_rate`, `mean_score` and `n_rows`.

    The number is there because the line templates of `dvc plots` draw nothing over a date, and say nothing.
    """
    return (
        rows.group_by("day")
        .agg(
            observed_rate=pl.col("target").cast(pl.Float64).mean().round(DECIMALS),
            mean_score=pl.col("score").sort().mean().round(DECIMALS),
            n_rows=pl.len().cast(pl.Int64),
        )
        .sort("day")
        .with_columns(day_number=(pl.col("day") - pl.col("day").min()).dt.total_days() + 1)
    )


def _rounded(**columns: Vector) -> pl.DataFrame:
    return pl.DataFrame({name: np.round(values, DECIMALS) + 0.0 for name, values in columns.items()})
