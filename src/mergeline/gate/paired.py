"""Compares candidate and champion on the same rows: the difference of each metric with an interval that can be trusted.

Nothing here is yours to edit: margins and level are in `params.yaml`, group `gate`. Rows of one cluster (a day) fail
together, so clusters are resampled and never rows; on the example's data rows would make the interval up to four times
too narrow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mergeline.gate.pairs import Floats, Pairs, make_pairs
from mergeline.gate.resampling import compute_bootstrap, draw_weights, find_critical
from mergeline.gate.tables import METRICS, Table, make_table

GREATER_IS_BETTER: Mapping[str, bool] = {"roc_auc": True, "log_loss": False, "brier": False}

Answer = Literal["better", "not worse", "worse", "cannot tell"]


@dataclass(frozen=True)
class PairedInterval:
    """One metric of candidate and champion on the same rows.

    Attributes
    ----------
    metric : {"roc_auc", "log_loss", "brier"}
        The metric.
    candidate, champion, difference : float
        Its values, and candidate minus champion.
    low, high : float
        Interval of the difference at `level`.
    standard_error : float
        Of the difference, by cluster.
    level : float
        Share of such intervals that cover the truth, 0–1.
    n_rows, n_clusters : int
        What was compared.
    distances : ndarray of shape (n_resamples,)
        Studentised distances of the resamples, from which an interval of another level is made.
    """

    metric: str
    candidate: float
    champion: float
    difference: float
    low: float
    high: float
    standard_error: float
    level: float
    n_rows: int
    n_clusters: int
    distances: Floats = field(repr=False, compare=False)

    @property
    def gain(self) -> tuple[float, float, float]:
        """Low, middle and high of the difference, turned so that above 0 the candidate is better."""
        if GREATER_IS_BETTER[self.metric]:
            return self.low, self.difference, self.high
        return -self.high, -self.difference, -self.low


def compute_paired_intervals(
    target: ArrayLike,
    champion_score: ArrayLike,
    candidate_score: ArrayLike,
    cluster: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    row_id: ArrayLike | None = None,
    n_resamples: int = 2000,
    level: float = 0.95,
    random_state: int = 0,
) -> dict[str, PairedInterval]:
    """Return the difference of ROC AUC, log loss and Brier score between candidate and champion, with intervals.

    Parameters
    ----------
    target, champion_score, candidate_score, cluster, weight, row_id
        See `mergeline.gate.pairs.make_pairs`.
    n_resamples : int
        Bootstrap resamples of the clusters; `count_resamples(level)` says how many a level needs.
    level : float
        Level of the two-sided interval, 0–1.
    random_state : int
        Seed of the resamples.

    Returns
    -------
    dict of str to PairedInterval
        By metric. The order of the rows has no influence.

    Raises
    ------
    MergelineError
        If the rows cannot be compared, or the resamples are too few for the level.

    Notes
    -----
    Symmetric bootstrap-t: difference ± q × standard error, where q is the quantile of |t| over the resamples and each
    resample has its own standard error (P. Hall, The Bootstrap and Edgeworth Expansion, 1992, section 3.6). Clusters
    are drawn whole (A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; for
    few clusters: A. C. Cameron, J. B. Gelbach, D. L. Miller, Review of Economics and Statistics 90, 2008). On invented
    periods of 90 days its 95 % intervals hold the truth 95–97 % of the time, percentile intervals 94–95 %; where the
    difference sits on few days, 93–95 % against 92–94 %. On 30 days it is careful (96–97 %) where percentile intervals
    are too narrow (92–93 %), and no method tried reaches 95 % if few of the 30 days make the difference.
    """
    pairs, _ = make_pairs(target, champion_score, candidate_score, cluster, weight=weight, row_id=row_id)
    weights = draw_weights(pairs.n_groups, n_resamples, random_state)
    once = np.ones((1, pairs.n_groups))
    intervals = {}
    for metric in METRICS:
        candidate, champion, difference = make_tables(metric, pairs)
        found = compute_bootstrap(difference, weights)
        reach = find_critical(found.distances, level) * found.standard_error
        intervals[metric] = PairedInterval(
            metric,
            float(candidate.evaluate(once)[0][0]),
            float(champion.evaluate(once)[0][0]),
            found.estimate,
            found.estimate - reach,
            found.estimate + reach,
            found.standard_error,
            level,
            pairs.target.size,
            pairs.n_clusters,
            found.distances,
        )
    return intervals


def make_tables(metric: str, pairs: Pairs) -> tuple[Table, Table, Table]:
    """Return the tables of candidate, champion and their difference for one metric."""
    candidate, champion = (
        make_table(metric, pairs.target, score, pairs.group, pairs.weight, pairs.n_groups)
        for score in (pairs.candidate, pairs.champion)
    )
    return candidate, champion, candidate - champion


def at_level(interval: PairedInterval, level: float) -> PairedInterval:
    """Return the same comparison with an interval of another level, without resampling anew.

    Raises
    ------
    MergelineError
        If the resamples are too few for the level.
    """
    reach = find_critical(interval.distances, level) * interval.standard_error
    return replace(interval, low=interval.difference - reach, high=interval.difference + reach, level=level)


def judge(interval: PairedInterval, *, gain: float = 0.0, loss: float = 0.0) -> Answer:
    """Return what the interval shows of the candidate.

    Parameters
    ----------
    interval : PairedInterval
        The comparison. Each answer but "cannot tell" is wrong with a chance of about (1 - level) ÷ 2.
    gain : float
        "better" means better by more than this, in units of the metric; at least 0.
    loss : float
        "not worse" means worse by no more than this, "worse" worse by more; at least 0.

    Returns
    -------
    {"better", "not worse", "worse", "cannot tell"}
        "better" goes before "not worse". "cannot tell": the interval reaches to both sides of the loss allowed.
    """
    low, _, high = interval.gain
    if low > gain:
        return "better"
    if high < -loss:
        return "worse"
    return "not worse" if low >= -loss else "cannot tell"
