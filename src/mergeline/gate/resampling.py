"""Resamples clusters and says how far a metric may lie from the truth: a studentised bootstrap on condensed tables.

Nothing here is yours to edit: level and number of resamples are chosen by the caller. Pure functions of arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mergeline.errors import MergelineError
from mergeline.gate.pairs import Floats
from mergeline.gate.tables import Table

CHUNK = 2_000_000
MIN_EXCEEDANCES = 10
MIN_RESAMPLES = 2000
FLOOR = 0.1

Counts = NDArray[np.uint16]


@dataclass(frozen=True)
class Bootstrap:
    """What resampling says of one metric.

    Attributes
    ----------
    estimate : float
        The metric on the rows as they are.
    standard_error : float
        Its standard error, by the infinitesimal jackknife over groups.
    distances : ndarray of shape (n_resamples,)
        |metric of the resample - estimate| in units of the resample's own standard error; infinite where the resample
        lacks an outcome.
    """

    estimate: float
    standard_error: float
    distances: Floats


def draw_weights(n_groups: int, n_resamples: int, random_state: int) -> Counts:
    """Return how often each group is drawn in each resample, shape (n_resamples, n_groups); rows sum to `n_groups`."""
    rng = np.random.default_rng(random_state)
    weights = np.empty((n_resamples, n_groups), dtype=np.uint16)
    step = max(1, CHUNK // n_groups)
    for start in range(0, n_resamples, step):
        part = weights[start : start + step]
        part[:] = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=len(part))
    return weights


def count_resamples(level: float) -> int:
    """Return how many resamples an interval of this level needs: 2,000, or more where the level leaves few outside."""
    return max(MIN_RESAMPLES, int(np.ceil(MIN_EXCEEDANCES / (1 - level) - 1e-6)))


def compute_bootstrap(table: Table, weights: Counts) -> Bootstrap:
    """Return estimate, standard error and studentised distances of one metric.

    Parameters
    ----------
    table : Table
        Of a metric, or of a difference of metrics on the same rows.
    weights : ndarray of shape (n_resamples, n_groups)
        How often each group was drawn.

    Notes
    -----
    Standard errors are those of the infinitesimal jackknife with the factor C ÷ (C - 1) for C groups (B. Efron and
    R. Tibshirani, An Introduction to the Bootstrap, chapter 21). A resample's standard error is held above a tenth of
    the estimate's: where a handful of groups make the whole difference, a resample without them would divide by zero.
    """
    n_groups = weights.shape[1]
    metric, spread = _evaluate(table, np.ones((1, n_groups)))
    estimate, error = float(metric[0]), float(spread[0])
    distances = np.zeros(len(weights))
    if error > 0:
        step = max(1, CHUNK // n_groups)
        for start in range(0, len(weights), step):
            metric, spread = _evaluate(table, weights[start : start + step].astype(np.float64))
            distances[start : start + step] = np.abs(metric - estimate) / np.maximum(spread, FLOOR * error)
    return Bootstrap(estimate, error, np.nan_to_num(distances, nan=np.inf, posinf=np.inf))


def find_critical(distances: Floats, level: float) -> float:
    """Return the distance that a share `level` of resamples does not exceed, counted as (n + 1) × level.

    Raises
    ------
    MergelineError
        If there are too few resamples for this level, or too many of them lack an outcome.
    """
    needed = count_resamples(level)
    n_resamples = len(distances)
    if n_resamples * (1 - level) < MIN_EXCEEDANCES * (1 - 1e-9):
        raise MergelineError(
            f"{n_resamples} resamples are too few for an interval of level {level:.6g}",
            where="n_resamples",
            fix=f"draw at least {needed} resamples",
        )
    position = int(np.ceil((n_resamples + 1) * level)) - 1
    critical = float(np.partition(distances, position)[position])
    if not np.isfinite(critical):
        raise MergelineError(
            f"too many resamples lack an outcome for an interval of level {level:.6g}",
            where="the held-out period, resampled by cluster",
            fix="hold out a longer period, in which both outcomes occur in more clusters",
        )
    return critical


def _evaluate(table: Table, weights: Floats) -> tuple[Floats, Floats]:
    metric, influence = table.evaluate(weights)
    n_groups = weights.shape[1]
    variance = np.einsum("ij,ij,ij->i", weights, influence, influence) * n_groups / (n_groups - 1)
    return metric, np.sqrt(variance)
