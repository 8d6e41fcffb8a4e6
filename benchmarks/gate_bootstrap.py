"""The gate's intervals against the plain loop over sklearn.metrics: 30,000 rows, 90 days, 2,000 resamples.

usage: python benchmarks/gate_bootstrap.py
Both give ROC AUC, log loss and Brier score of two models on resampled days. The loop is run on the first 20 of the same
resamples and scaled to 2,000, for the whole would take minutes; its figures are checked against ours to 1e-9.
"""

import sys
import time
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from measuring import RUNS, compare
from mergeline.gate.paired import compute_paired_intervals, make_tables
from mergeline.gate.pairs import make_pairs
from mergeline.gate.resampling import draw_weights
from mergeline.gate.simulation import FEATURES, Period, simulate_period
from mergeline.gate.tables import METRICS

N_ROWS, N_RESAMPLES, N_LOOPED, TARGET = 30_000, 2000, 20, 1 / 20


def measure() -> list[dict[str, Any]]:
    """Return medians of 5 runs side by side: seconds for 2,000 resamples of three metrics of two models."""
    period = make_period()
    drawn = draw_weights(FEATURES.n_days, N_RESAMPLES, 0)[:N_LOOPED]
    ours, loop = [], []
    for _ in range(RUNS):
        started = time.perf_counter()
        compute_paired_intervals(
            period.target, period.champion, period.candidate, period.day, n_resamples=N_RESAMPLES, random_state=0
        )
        between = time.perf_counter()
        looped = run_loop(period, drawn)
        loop.append((time.perf_counter() - between) * N_RESAMPLES / N_LOOPED)
        ours.append(between - started)
    np.testing.assert_allclose(run_tables(period, drawn), looped, rtol=0, atol=1e-9)
    name = f"{N_RESAMPLES:,} resamples of 3 metrics, {N_ROWS:,} rows (loop measured at {N_LOOPED}, scaled)"
    return [compare(name, median(ours), median(loop), "s", TARGET)]


def make_period() -> Period:
    """Return an invented period of exactly 30,000 rows on 90 days."""
    rng = np.random.default_rng(0)
    period = simulate_period(rng, FEATURES)
    rows = np.sort(rng.choice(period.day.size, N_ROWS, replace=period.day.size < N_ROWS))
    return Period(*(values[rows] for values in vars(period).values()))


def run_loop(period: Period, drawn: NDArray[Any]) -> NDArray[np.float64]:
    """Return the differences per resample as the plain loop finds them, shape (n_resamples, 3)."""
    days = [np.flatnonzero(period.day == day) for day in range(FEATURES.n_days)]
    found = []
    for counts in drawn:
        rows = np.concatenate([days[day] for day, count in enumerate(counts) for _ in range(count)])
        target, candidate, champion = period.target[rows], period.candidate[rows], period.champion[rows]
        found.append(
            [
                roc_auc_score(target, candidate) - roc_auc_score(target, champion),
                log_loss(target, candidate) - log_loss(target, champion),
                brier_score_loss(target, candidate) - brier_score_loss(target, champion),
            ]
        )
    return np.array(found)


def run_tables(period: Period, drawn: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same differences as the gate's tables find them."""
    pairs, _ = make_pairs(period.target, period.champion, period.candidate, period.day)
    return np.column_stack([make_tables(metric, pairs)[2].evaluate(drawn.astype(float))[0] for metric in METRICS])


if __name__ == "__main__":
    from run import render_table

    rows = [{"benchmark": "gate_bootstrap", **row} for row in measure()]
    print(render_table(rows))
    sys.exit(int(not all(row["met"] for row in rows)))
