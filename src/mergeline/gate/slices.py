"""Compares candidate and champion slice by slice, so that many slices do not make one of them look worse by luck.

Nothing here is yours to edit: the slices are in `src/usecase/metrics.py`, limits in `params.yaml`, group `gate`. A
slice that is too small is named with its reason; it is no pass. Rows without a value form a slice of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mergeline.gate.multiplicity import compute_p_value, join_distances
from mergeline.gate.paired import GREATER_IS_BETTER
from mergeline.gate.pairs import MIN_CLUSTERS, Floats, Pairs, count_classes, make_pairs
from mergeline.gate.resampling import Bootstrap, Counts, compute_bootstrap, draw_weights, find_critical
from mergeline.gate.slice_rows import Rows, encode_column, list_slices
from mergeline.gate.tables import make_table


@dataclass(frozen=True)
class SliceRule:
    """When slices are compared, and when one counts as worse.

    Attributes
    ----------
    metric : {"roc_auc", "log_loss", "brier"}
        What is compared.
    margin : float
        A slice may be worse by this much, in units of the metric; at least 0.
    min_rows, min_clusters : int
        A slice with fewer is not compared. Below about 20 clusters no interval is to be trusted.
    level : float
        All intervals together cover their truths with this chance, 0–1.
    n_resamples, random_state : int
        Bootstrap resamples of the clusters, shared by all slices, and their seed.
    """

    metric: str = "roc_auc"
    margin: float = 0.02
    min_rows: int = 1000
    min_clusters: int = 20
    level: float = 0.95
    n_resamples: int = 2000
    random_state: int = 0


@dataclass(frozen=True)
class Slice:
    """One slice, compared or with the reason why not.

    Attributes
    ----------
    columns : tuple of str
        One column, or two.
    values : tuple of (str or None)
        Their values; None is the slice of rows without one.
    n_rows, n_clusters : int
        Its size.
    reason : str or None
        Why it was not compared: "too few rows", "too few clusters" or "an outcome in too few clusters"; None if it was.
    difference, low, high : float or None
        Candidate minus champion, and an interval that holds for all slices at once.
    p_value : float or None
        Chance of a slice this much worse than the margin, anywhere among the slices, if none were.
    worse : bool
        True if the whole interval lies beyond the margin, on the bad side.
    """

    columns: tuple[str, ...]
    values: tuple[str | None, ...]
    n_rows: int
    n_clusters: int
    reason: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    worse: bool = False


@dataclass(frozen=True)
class WorstSlice:
    """The worst of all slices looked through: exploratory, a hint where to look and never a rule.

    Attributes
    ----------
    slice : Slice or None
        The one with the smallest p-value, then the largest loss in standard errors; None if none could be compared.
    n_compared, n_too_small : int
        How many slices were compared, and how many not.
    exploratory : bool
        Always True; it goes into reports with the result.
    """

    slice: Slice | None
    n_compared: int
    n_too_small: int
    exploratory: bool = True


def compare_slices(
    target: ArrayLike,
    champion_score: ArrayLike,
    candidate_score: ArrayLike,
    cluster: ArrayLike,
    columns: Mapping[str, ArrayLike],
    rule: SliceRule,
    *,
    weight: ArrayLike | None = None,
    depth: int = 1,
) -> list[Slice]:
    """Return every slice of every column, compared or with the reason why not.

    Parameters
    ----------
    target, champion_score, candidate_score, cluster, weight
        See `mergeline.gate.pairs.make_pairs`.
    columns : mapping of str to array-like of shape (n_rows,)
        Categorical columns; None means no value.
    rule : SliceRule
        Limits and margin.
    depth : int
        1 for the slices of each column, 2 for those of each pair of columns as well.

    Returns
    -------
    list of Slice
        Columns in the order given, values sorted, None last.

    Raises
    ------
    MergelineError
        If the rows cannot be compared, a column has another length, or there are too few resamples for the level.

    Notes
    -----
    Simultaneous intervals by max-|T| over resamples shared by all slices (`join_distances`): the chance that any slice
    is called worse though none is beyond the margin stays below 1 - level, whatever the overlap of the slices.
    """
    pairs, kept = make_pairs(target, champion_score, candidate_score, cluster, weight=weight)
    weights = draw_weights(pairs.n_groups, rule.n_resamples, rule.random_state)
    encoded = {name: encode_column(name, values, kept, np.size(target)) for name, values in columns.items()}
    listed = [
        _measure(Slice(names, values, rows.size, np.unique(pairs.group[rows]).size), rows, pairs, weights, rule)
        for names, values, rows in list_slices(encoded, depth)
    ]
    found = [bootstrap for _, bootstrap in listed if bootstrap]
    if not found:
        return [slice_ for slice_, _ in listed]
    joint = join_distances(bootstrap.distances for bootstrap in found)
    reach = find_critical(joint, rule.level)
    return [_judge(slice_, bootstrap, joint, reach, rule) for slice_, bootstrap in listed]


def find_worst_slice(
    target: ArrayLike,
    champion_score: ArrayLike,
    candidate_score: ArrayLike,
    cluster: ArrayLike,
    columns: Mapping[str, ArrayLike],
    rule: SliceRule,
    *,
    weight: ArrayLike | None = None,
) -> WorstSlice:
    """Return the worst of all slices of one and of two columns; parameters as for `compare_slices`."""
    slices = compare_slices(target, champion_score, candidate_score, cluster, columns, rule, weight=weight, depth=2)
    compared = [slice_ for slice_ in slices if slice_.reason is None]
    worst = min(compared, key=lambda slice_: _rank(slice_, rule.metric), default=None)
    return WorstSlice(worst, len(compared), len(slices) - len(compared))


def _measure(
    slice_: Slice, rows: Rows, pairs: Pairs, weights: Counts, rule: SliceRule
) -> tuple[Slice, Bootstrap | None]:
    reason = _find_reason(slice_, pairs.target[rows], pairs.group[rows], rule)
    if reason:
        return replace(slice_, reason=reason), None
    present, own = np.unique(pairs.group[rows], return_inverse=True)
    candidate, champion = (
        make_table(rule.metric, pairs.target[rows], score[rows], own, pairs.weight[rows], present.size)
        for score in (pairs.candidate, pairs.champion)
    )
    return slice_, compute_bootstrap(candidate - champion, weights[:, present])


def _find_reason(slice_: Slice, target: NDArray[np.bool_], group: Rows, rule: SliceRule) -> str | None:
    if slice_.n_rows < rule.min_rows:
        return "too few rows"
    if slice_.n_clusters < max(rule.min_clusters, MIN_CLUSTERS):
        return "too few clusters"
    if rule.metric == "roc_auc" and count_classes(target, group) < MIN_CLUSTERS:
        return "an outcome in too few clusters"
    return None


def _judge(slice_: Slice, bootstrap: Bootstrap | None, joint: Floats, reach: float, rule: SliceRule) -> Slice:
    if bootstrap is None:
        return slice_
    turn = 1 if GREATER_IS_BETTER[rule.metric] else -1
    error = bootstrap.standard_error
    beyond = -turn * bootstrap.estimate - rule.margin
    return replace(
        slice_,
        difference=bootstrap.estimate,
        low=bootstrap.estimate - reach * error,
        high=bootstrap.estimate + reach * error,
        p_value=compute_p_value(joint, beyond / error if error > 0 else beyond * np.inf if beyond else 0.0),
        worse=beyond > reach * error,
    )


def _rank(slice_: Slice, metric: str) -> tuple[float, float]:
    difference, low, high, p_value = slice_.difference, slice_.low, slice_.high, slice_.p_value
    if difference is None or low is None or high is None or p_value is None:
        return 2.0, 0.0
    gain = difference if GREATER_IS_BETTER[metric] else -difference
    # All intervals have the same reach in standard errors, so their width ranks like the standard error.
    return p_value, gain / (high - low) if high > low else 0.0
