"""Which candidate is fitted: the one with the lowest log loss on folds ordered in time.

Nothing here is yours to edit: candidates are made in `src/usecase/model.py`, their parameters stand in `params.yaml`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score

from mergeline.errors import MergelineError
from mergeline.params import PARAMS_FILE
from mergeline.training.folds import Fold
from mergeline.training.history import History

DECIMALS = 6
"""Figures are rounded to this: the last digits of a logistic regression depend on the processor."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Validated:
    """One candidate on the validation part of one fold.

    Attributes
    ----------
    scores : array of float, shape (n_samples,)
        Probability of the positive class, from a fit on the fold's training part.
    target : array of int, shape (n_samples,)
        Outcomes, 0 or 1.
    log_loss, roc_auc : float
        Rounded to `DECIMALS`; log loss in nats.
    """

    scores: NDArray[np.float64]
    target: NDArray[np.int64]
    log_loss: float
    roc_auc: float


Results = Mapping[str, Sequence[Validated]]


def compare_candidates(
    candidates: Mapping[str, Any], history: History, rows: pl.DataFrame, folds: Sequence[Fold], say: Say = print
) -> dict[str, list[Validated]]:
    """Return candidate name to its results, one per fold; `candidates` stay unfitted.

    Raises
    ------
    MergelineError
        If a candidate refuses the data or a combination of its parameters.
    """
    results: dict[str, list[Validated]] = {name: [] for name in candidates}
    for number, fold in enumerate(folds, start=1):
        train, validate = history.split(rows[fold.train]), history.split(rows[fold.validate])
        for name, candidate in candidates.items():
            started = time.monotonic()
            result = _validate(fit(name, candidate, *train), *validate)
            results[name].append(result)
            say(
                f"  fold {number} of {len(folds)}  {name:24s}  {len(fold.train):7d} rows  "
                f"log loss {result.log_loss:.4f}  ROC AUC {result.roc_auc:.4f}  {time.monotonic() - started:5.1f} s"
            )
    return results


def fit(name: str, candidate: Any, features: Any, target: NDArray[np.int64]) -> Any:
    """Return a fitted copy of `candidate`, or raise a `MergelineError` with its own words if it refuses."""
    try:
        return clone(candidate).fit(features, target)
    except ValueError as error:
        empty = list(features.columns[features.isna().all()])
        hint = f" (missing in every row it was given: {', '.join(empty)})" if empty else ""
        raise MergelineError(
            f"candidate '{name}' cannot be fitted: {error}{hint}",
            where=f"{PARAMS_FILE}, key 'train.candidates.{name}'",
            fix=f"correct its parameters there or its function in src/usecase/model.py, or leave '{name}' out",
        ) from error


def score(estimator: Any, features: Any) -> NDArray[np.float64]:
    """Return the probability of the positive class, shape (n_samples,)."""
    probabilities = np.asarray(estimator.predict_proba(features), dtype=np.float64)
    return probabilities[:, list(estimator.classes_).index(1)]


def choose_winner(results: Results) -> tuple[str, str]:
    """Return the name with the lowest mean log loss, and the reason as a sentence; of equals, the first named."""
    ranked = sorted(results, key=lambda name: compute_mean(results[name], "log_loss"))
    best = compute_mean(results[ranked[0]], "log_loss")
    if len(ranked) == 1:
        return ranked[0], "the only candidate"
    distance = compute_mean(results[ranked[1]], "log_loss") - best
    if distance == 0:
        return ranked[0], f"named before {ranked[1]}, with the same mean log loss {best:.6f}"
    return ranked[0], f"lowest mean log loss {best:.6f}, {distance:.6f} below {ranked[1]}"


def compute_mean(results: Sequence[Validated], metric: str) -> float:
    """Return the mean of `log_loss` or `roc_auc` over the folds, each fold counting the same, rounded."""
    return round(float(np.mean([getattr(result, metric) for result in results])), DECIMALS)


def render_table(results: Results, winner: str) -> str:
    """Return the candidates as lines of text, best first."""
    lines = [f"  {'candidate':24s}  log loss  ROC AUC"]
    for name in sorted(results, key=lambda name: compute_mean(results[name], "log_loss")):
        figures = (compute_mean(results[name], metric) for metric in ("log_loss", "roc_auc"))
        lines.append("  {:24s}  {:8.4f}  {:7.4f}".format(name, *figures) + ("  <- chosen" if name == winner else ""))
    return "\n".join(lines)


def _validate(estimator: Any, features: Any, target: NDArray[np.int64]) -> Validated:
    scores = score(estimator, features)
    return Validated(
        scores,
        target,
        log_loss=round(float(log_loss(target, scores, labels=[0, 1])), DECIMALS),
        roc_auc=round(float(roc_auc_score(target, scores)), DECIMALS),
    )
