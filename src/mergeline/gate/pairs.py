"""Checks what goes into a paired comparison: the same rows, two scores each, and the cluster a row fails with.

Nothing here is yours to edit: scores come from the models, the cluster column is named in `params.yaml`. What cannot be
compared is refused with its row, never dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mergeline.errors import MergelineError

MIN_CLUSTERS = 5
MAX_GROUPS = 500

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Rows with two scores each, checked.

    Attributes
    ----------
    target : ndarray of bool, shape (n_rows,)
        The outcomes.
    champion, candidate : ndarray of float, shape (n_rows,)
        Probabilities of a positive outcome, 0–1.
    group : ndarray of int, shape (n_rows,)
        What is resampled, 0 to `n_groups` - 1: the cluster, or several clusters together where there are very many.
    weight : ndarray of float, shape (n_rows,)
        Above 0.
    n_groups, n_clusters : int
        How many groups and clusters there are.
    """

    target: NDArray[np.bool_]
    champion: Floats
    candidate: Floats
    group: NDArray[np.intp]
    weight: Floats
    n_groups: int
    n_clusters: int


def make_pairs(
    target: ArrayLike,
    champion_score: ArrayLike,
    candidate_score: ArrayLike,
    cluster: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    row_id: ArrayLike | None = None,
) -> tuple[Pairs, NDArray[np.intp]]:
    """Return the checked rows, and which of the given rows they are: those of weight 0 are left out.

    Parameters
    ----------
    target : array-like of shape (n_rows,)
        Outcomes, 0 or 1.
    champion_score, candidate_score : array-like of shape (n_rows,)
        Probabilities of outcome 1, 0–1.
    cluster : array-like of shape (n_rows,)
        What fails together, for example the day; any values that can be sorted.
    weight : array-like of shape (n_rows,), optional
        Row weights, at least 0.
    row_id : array-like of shape (n_rows,), optional
        Checked to be unique.

    Raises
    ------
    MergelineError
        If lengths differ, there are no rows, a value is missing or out of range, a row occurs twice, all outcomes are
        equal, all of the candidate's scores are equal, or an outcome occurs in fewer than 5 clusters.

    Notes
    -----
    More than 500 clusters are put together at random into 500 groups: a union of independent clusters is again an
    independent cluster, and 500 of them tell the standard error to 3 % (random groups; K. M. Wolter, Introduction to
    Variance Estimation, chapter 2). The draw is fixed, so equal input gives equal groups.

    A champion whose scores are all equal is allowed: it ranks nothing (AUC 0.5), and must be replaceable.
    """
    given: dict[str, Any] = {"champion score": champion_score, "candidate score": candidate_score, "cluster": cluster}
    given |= {name: values for name, values in (("weight", weight), ("row_id", row_id)) if values is not None}
    arrays = {name: np.asarray(values) for name, values in {"target": target, **given}.items()}
    _check_lengths(arrays)
    _check_values(arrays)
    weights = np.asarray(arrays.get("weight", np.ones(arrays["target"].size)), dtype=np.float64)
    kept = np.flatnonzero(weights > 0)
    labels, codes = np.unique(arrays["cluster"][kept], return_inverse=True)
    pairs = Pairs(
        arrays["target"][kept].astype(np.float64) == 1,
        arrays["champion score"][kept].astype(np.float64),
        arrays["candidate score"][kept].astype(np.float64),
        _group(codes.astype(np.intp), labels.size),
        weights[kept],
        min(labels.size, MAX_GROUPS),
        labels.size,
    )
    _check_comparable(pairs, codes)
    return pairs, kept


def count_classes(target: NDArray[np.bool_], group: NDArray[np.intp]) -> int:
    """Return in how many groups the rarer of the two outcomes occurs."""
    return min(np.unique(group[target]).size, np.unique(group[~target]).size)


def _group(codes: NDArray[np.intp], n_clusters: int) -> NDArray[np.intp]:
    if n_clusters <= MAX_GROUPS:
        return codes
    return (np.random.default_rng(0).permutation(n_clusters) % MAX_GROUPS)[codes]


def _check_lengths(arrays: dict[str, NDArray[Any]]) -> None:
    n_rows = arrays["target"].size
    for name, values in arrays.items():
        if values.shape != (n_rows,):
            raise MergelineError(
                f"{name} has shape {values.shape}, target has {n_rows} rows",
                where=name,
                fix="score the same rows with both models, and join the scores by row_id",
            )
    if n_rows == 0:
        raise MergelineError(
            "there are no rows to compare",
            where="the held-out period",
            fix="hold out a batch that has labelled rows: `train.held_out_batches` in params.yaml",
        )


def _check_values(arrays: dict[str, NDArray[Any]]) -> None:
    target = _as_floats("target", arrays["target"])
    _refuse("target", target, ~np.isin(target, (0, 1)), "not 0 or 1", "leave out the rows without a label")
    for name in ("champion score", "candidate score"):
        score = _as_floats(name, arrays[name])
        fix = "give probabilities from 0 to 1 for every row: look for missing features in the rows named"
        _refuse(name, score, ~((score >= 0) & (score <= 1)), "not a probability", fix)
    if "weight" in arrays:
        weight = _as_floats("weight", arrays["weight"])
        bad = ~((weight >= 0) & np.isfinite(weight))
        _refuse("weight", weight, bad, "negative or not finite", "give each row a weight of at least 0")
    cluster = arrays["cluster"]
    fix = "fill the cluster column for every row, or choose another in `gate.cluster`"
    _refuse("cluster", cluster, _is_missing(cluster), "missing", fix)
    if "row_id" in arrays:
        _, first = np.unique(arrays["row_id"], return_index=True)
        repeated = np.ones(target.size, dtype=bool)
        repeated[first] = False
        _refuse("row_id", arrays["row_id"], repeated, "there already", "make `row_id` unique: a row counts once")


def _check_comparable(pairs: Pairs, codes: NDArray[np.intp]) -> None:
    for positive in (True, False):
        clusters = np.unique(codes[pairs.target == positive]).size
        if clusters < MIN_CLUSTERS:
            raise MergelineError(
                f"outcome {int(positive)} occurs in {clusters} clusters of {pairs.n_clusters}: too few for an interval",
                where="the held-out period",
                fix=f"hold out a longer period, with both outcomes in at least {MIN_CLUSTERS} clusters",
            )
    if pairs.candidate.min() == pairs.candidate.max():
        raise MergelineError(
            f"the candidate scores every row {pairs.candidate[0]:g}",
            where="candidate score",
            fix="look at the training: a constant score ranks nothing; a learning rate or feature list may be at fault",
        )


def _as_floats(name: str, values: NDArray[Any]) -> Floats:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise MergelineError(
            f"{name} holds {values.dtype} that are not numbers: {error}", where=name, fix="give numbers without gaps"
        ) from error


def _is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind in "fO":
        return np.fromiter((item is None or item != item for item in values), dtype=bool, count=values.size)
    return np.zeros(values.size, dtype=bool)


def _refuse(name: str, values: Sequence[Any] | NDArray[Any], bad: NDArray[np.bool_], what: str, fix: str) -> None:
    places = np.flatnonzero(bad)
    if places.size:
        raise MergelineError(
            f"{places.size} of {bad.size} values of {name} are {what} (first: {values[places[0]]})",
            where=f"{name}, row {places[0]}",
            fix=fix,
        )
