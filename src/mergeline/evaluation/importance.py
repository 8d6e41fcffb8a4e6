"""What the model relies on: how much ROC AUC is lost when a feature, or all that one source of data feeds, is shuffled.

Nothing here is yours to edit. Features are grouped by the event stream their views read (`src/usecase/features.py`):
correlated features hide behind each other one by one, a whole group cannot.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from mergeline.features.definitions import list_columns
from mergeline.vocabulary import Feature, FeatureView

REQUEST = "request"
WHOLE_GROUP = "(all)"
REPEATS = 2
DECIMALS = 5

Predict = Callable[[pl.DataFrame], NDArray[np.float64]]


def group_features(features: Sequence[Feature], views: Sequence[FeatureView]) -> dict[str, list[str]]:
    """Return group name to the names of its features, in their order.

    A feature belongs to the event streams of the views it reads, joined by " + "; one that reads none to "request".
    """
    streams = {column: view.events for view in views for column in list_columns(view)}
    groups: dict[str, list[str]] = {}
    for feature in features:
        read = {streams[name] for name in feature.expression.meta.root_names() if name in streams}
        groups.setdefault(" + ".join(sorted(read)) or REQUEST, []).append(feature.name)
    return groups


def draw_sample(frame: pl.DataFrame, n_rows: int, random_state: int) -> pl.DataFrame:
    """Return at most `n_rows` rows of `frame`, in their order; the same for the same seed."""
    if frame.height <= n_rows:
        return frame
    # RandomState: its stream is frozen, that of numpy's Generator may change between versions.
    chosen = np.random.RandomState(random_state).permutation(frame.height)[:n_rows]
    return frame[np.sort(chosen)]


def compute_importance(
    predict: Predict, sample: pl.DataFrame, groups: Mapping[str, Sequence[str]], random_state: int
) -> pl.DataFrame:
    """Return `name`, `group`, `feature` and `auc_drop`, most important group first, each led by its "(all)" row.

    Parameters
    ----------
    predict : callable
        Maps a frame of features to scores of shape (n_samples,).
    sample : polars.DataFrame
        The features, and `target` (0 or 1) with both classes.
    groups : mapping of str to sequence of str
        Group name to feature names.
    random_state : int
        Seed of the shuffles.

    Returns
    -------
    polars.DataFrame
        `auc_drop` is the mean over 2 shuffles; slightly negative values are noise.
    """
    target = sample["target"].to_numpy()
    whole = roc_auc_score(target, predict(sample))
    random = np.random.RandomState(random_state)
    orders = [random.permutation(sample.height) for _ in range(REPEATS)]

    def drop(names: Sequence[str]) -> float:
        shuffled = pl.concat([sample.with_columns(sample.select(names)[order]) for order in orders])
        scores = predict(shuffled).reshape(REPEATS, -1)
        return round(float(whole - np.mean([roc_auc_score(target, part) for part in scores])), DECIMALS) + 0.0

    rows = []
    for group, names in groups.items():
        rows.append((group, WHOLE_GROUP, drop(names)))
        rows.extend((group, name, drop([name])) for name in names)
    frame = pl.DataFrame(rows, schema={"group": pl.String, "feature": pl.String, "auc_drop": pl.Float64}, orient="row")
    is_whole = pl.col("feature") == WHOLE_GROUP
    of_group = pl.col("auc_drop").filter(is_whole).first().over("group")
    ordered = frame.sort(
        of_group, "group", is_whole, "auc_drop", "feature", descending=[True, False, True, True, False]
    )
    return ordered.select(pl.format("{}: {}", "group", "feature").alias("name"), "group", "feature", "auc_drop")
