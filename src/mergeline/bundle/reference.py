"""The reference profile: what features and scores looked like, batch by batch, for monitoring to compare with.

Nothing here is yours to edit. Counts are kept per batch, so that monitoring can choose a season or a trailing window.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from mergeline.bundle.features import FeatureSpec

BINS = 20
SCORE_EDGES = [round(edge / BINS, 2) for edge in range(1, BINS)]


def build_reference(
    rows: pl.DataFrame, features: Sequence[FeatureSpec], trained: pl.DataFrame, predictions: pl.DataFrame
) -> dict[str, Any]:
    """Return the content of `reference.json`.

    Parameters
    ----------
    rows : polars.DataFrame
        `batch`, `target` and the features: all rows up to the batch that the model was judged on.
    features : sequence of FeatureSpec
        The contract.
    trained : polars.DataFrame
        The rows that the model was trained on; they set the bins.
    predictions : polars.DataFrame
        `batch` and `score` of the held-out batches, each scored by a model that had not seen it.

    Returns
    -------
    dict
        `features`: per name its `edges` (value v lies in bin number "edges below v", so that there is one bin more than
        edges) or `categories` (the last count is that of all others), and per batch `n`, `missing` and `counts`;
        `score`: the same without `missing`; `labels`: per batch `n` and `positive`, of the rows that have a label.
    """
    batches = sorted(rows["batch"].unique().to_list())
    parts = {batch: rows.filter(pl.col("batch") == batch) for batch in batches}
    held_out = sorted(predictions["batch"].unique().to_list())
    scores = {batch: predictions.filter(pl.col("batch") == batch)["score"] for batch in held_out}
    return {
        "format": 1,
        "batches": batches,
        "trained": sorted(trained["batch"].unique().to_list()),
        "held_out": held_out,
        "features": {feature.name: _profile(feature, trained[feature.name], parts) for feature in features},
        "score": {
            "edges": SCORE_EDGES,
            "batches": {batch: _count_numbers(column, SCORE_EDGES) for batch, column in scores.items()},
        },
        "labels": {batch: _count_labels(part["target"]) for batch, part in parts.items()},
        "base_rate": round(float(trained["target"].mean()), 9),  # type: ignore[arg-type]
    }


def choose_edges(values: pl.Series) -> list[float]:
    """Return at most 19 bounds between bins of about equal count, each a value that occurs; none for no values."""
    present = values.drop_nulls().to_numpy()
    if not len(present):
        return []
    shares = np.arange(1, BINS) / BINS
    return np.unique(np.quantile(present, shares, method="inverted_cdf")).tolist()


def _profile(feature: FeatureSpec, trained: pl.Series, parts: dict[str, pl.DataFrame]) -> dict[str, Any]:
    columns = {batch: part[feature.name] for batch, part in parts.items()}
    if feature.categories is not None:
        names = list(feature.categories)
        counts = {batch: _count_categories(column, names) for batch, column in columns.items()}
        return {"kind": feature.kind, "categories": names, "batches": counts}
    edges = choose_edges(trained)
    counts = {batch: _count_numbers(column, edges) | _count_missing(column) for batch, column in columns.items()}
    return {"kind": feature.kind, "edges": edges, "batches": counts}


def _count_missing(column: pl.Series) -> dict[str, Any]:
    return {"missing": column.null_count()}


def _count_numbers(column: pl.Series, edges: Sequence[float]) -> dict[str, Any]:
    bins = np.searchsorted(np.asarray(edges), column.drop_nulls().to_numpy(), side="left")
    return {"n": len(column), "counts": np.bincount(bins, minlength=len(edges) + 1).tolist()}


def _count_categories(column: pl.Series, names: Sequence[str]) -> dict[str, Any]:
    present = column.drop_nulls()
    found = dict(present.value_counts().iter_rows())
    counts = [found.get(name, 0) for name in names]
    return {"n": len(column), "counts": [*counts, len(present) - sum(counts)]} | _count_missing(column)


def _count_labels(target: pl.Series) -> dict[str, Any]:
    return {"n": len(target) - target.null_count(), "positive": int(target.sum())}
