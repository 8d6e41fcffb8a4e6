"""Walking forward: one model per held-out batch, trained on what was known before it. The newest of them ships.

Nothing here is yours to edit: `train.held_out_batches` in `params.yaml` says how many batches are held out. What ships
is a model that was judged: it is never fitted again on the batch that judged it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from mergeline.errors import MergelineError
from mergeline.training.history import History
from mergeline.training.selection import Say, fit


@dataclass(frozen=True)
class Trained:
    """A fitted model, the batch it was held back from, and the rows it was trained on."""

    held_out: str
    estimator: Any
    rows: pl.DataFrame


def choose_held_out(batches: Sequence[str], wanted: int) -> list[str]:
    """Return the newest batches that are held out, oldest first: `wanted` of them, but at most half of all batches.

    Raises
    ------
    MergelineError
        If there are fewer than two batches.
    """
    if len(batches) < 2:
        raise MergelineError(
            f"the history is too short: {len(batches)} batch, where one is needed to train and one to judge",
            where="params.yaml, key 'procure.batches'",
            fix="add at least one earlier or later batch there and run `make` again",
        )
    return list(batches[-min(wanted, len(batches) // 2) :])


def fit_models(name: str, estimator: Any, history: History, held_out: Sequence[str], say: Say = print) -> list[Trained]:
    """Return one fitted model per held-out batch, oldest first; `estimator` stays unfitted.

    Raises
    ------
    MergelineError
        If the rows known before a held-out batch lack one of the two outcomes, or the estimator refuses them.
    """
    return [_fit_model(name, estimator, history, batch, say) for batch in held_out]


def _fit_model(name: str, estimator: Any, history: History, batch: str, say: Say) -> Trained:
    rows = history.select_known(batch)
    if rows["target"].n_unique() < 2:
        raise MergelineError(
            f"the history is too short: the {rows.height} labelled rows known before {batch} hold no two outcomes",
            where=f"features of the batches before {batch}",
            fix="add earlier batches to procure.batches in params.yaml, or lower train.held_out_batches",
        )
    started = time.monotonic()
    fitted = fit(name, estimator, *history.split(rows))
    say(f"  model held back from {batch}: {rows.height} rows  {time.monotonic() - started:.1f} s")
    return Trained(batch, fitted, rows)
