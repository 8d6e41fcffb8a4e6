"""Folds ordered in time: train on the past, leave a gap, validate on what follows.

Nothing here is yours to edit: `train.n_splits` and `train.gap_hours` in `params.yaml` say how many and how far apart.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.errors import MergelineError


@dataclass(frozen=True)
class Fold:
    """One way to cut the rows into a past and what follows.

    Attributes
    ----------
    train, validate : array of int, shape (n_samples,)
        Positions of the rows.
    begins : datetime
        First decision of the validation part: what was not known by then is not trained on.
    """

    train: NDArray[np.int64]
    validate: NDArray[np.int64]
    begins: datetime


def make_folds(rows: pl.DataFrame, n_splits: int, gap: timedelta) -> list[Fold]:
    """Return `n_splits` folds over `rows`, oldest first, whose validation parts follow each other without a hole.

    The rows are cut into `n_splits` + 1 blocks of about equal size, never between rows decided at the same moment. Each
    block but the first is validated on once. Its training part are all rows decided more than `gap` before the block
    begins and whose label was known by then.

    Parameters
    ----------
    rows : polars.DataFrame
        Labelled rows sorted by `decision_at`, with `label_at` and `target` (0 or 1).
    n_splits : int
        Number of folds, at least 1.
    gap : timedelta
        Time left out before the validation part, at least zero.

    Raises
    ------
    MergelineError
        If the rows are too few, or a part lacks one of the two outcomes.
    """
    moments = rows["decision_at"]
    n_blocks = n_splits + 1
    cuts = moments.gather([block * rows.height // n_blocks for block in range(n_blocks)]).to_list() if len(rows) else []
    if len(set(cuts)) < n_blocks:
        raise _too_short(
            f"{rows.height} labelled rows cannot be cut into {n_blocks} periods",
            "features of the batches before the held-out ones",
        )
    ends = [*cuts[2:], moments[-1] + timedelta(microseconds=1)]
    return [_make_fold(rows, begins, end, gap) for begins, end in zip(cuts[1:], ends, strict=True)]


def _make_fold(rows: pl.DataFrame, begins: datetime, end: datetime, gap: timedelta) -> Fold:
    decided, labelled = rows["decision_at"], rows["label_at"]
    parts = {
        "training": (decided < begins - gap) & (labelled <= begins),
        "validation": (decided >= begins) & (decided < end),
    }
    for name, part in parts.items():
        if rows.filter(part)["target"].n_unique() < 2:
            raise _too_short(
                f"{part.sum()} rows hold no two outcomes",
                f"the {name} part of the fold that begins at {begins:%Y-%m-%d %H:%M} UTC",
            )
    return Fold(parts["training"].arg_true().to_numpy(), parts["validation"].arg_true().to_numpy(), begins)


def _too_short(what: str, where: str) -> MergelineError:
    return MergelineError(
        f"the history is too short to choose among the candidates: {what}",
        where=where,
        fix="in params.yaml add earlier batches to procure.batches, or lower train.n_splits, train.gap_hours or\n"
        "train.held_out_batches, and run `make` again",
    )
