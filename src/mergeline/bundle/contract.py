"""The contract that a bundle carries: the features' names, kinds and units, and what training saw of each.

Nothing here is yours to edit: features are defined in `src/usecase/features.py`.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from mergeline.vocabulary import Feature


def build_contract(features: Sequence[Feature], training: pl.DataFrame) -> dict[str, Any]:
    """Return the content of `contract.json`.

    Parameters
    ----------
    features : sequence of Feature
        The inputs, in the order in which the model reads them.
    training : polars.DataFrame
        The rows that the model was trained on.
    """
    return {"features": [_describe(feature, training[feature.name]) for feature in features], "positive": 1}


def _describe(feature: Feature, column: pl.Series) -> dict[str, Any]:
    present = column.drop_nulls()
    is_text = feature.kind == "categorical"
    has_range = not is_text and len(present) > 0
    return {
        "name": feature.name,
        "kind": feature.kind,
        "unit": feature.unit,
        "description": feature.description,
        "categories": present.unique().sort().to_list() if is_text else None,
        "low": present.min() if has_range else None,
        "high": present.max() if has_range else None,
        "null_share": round(column.null_count() / len(column), 9),
    }
