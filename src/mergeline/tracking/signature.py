"""The model's signature, written from the data contract and never inferred from an example.

Nothing here is yours to edit: features and their kinds are in `src/usecase/features.py`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mergeline.vocabulary import Feature

if TYPE_CHECKING:
    import polars as pl

TYPES = {"categorical": "string", "numeric": "double"}


def build_signature(features: Sequence[Feature]) -> Any:
    """Return the `mlflow.models.ModelSignature` of a classifier that reads `features`.

    Every column is required; a value may be missing. Output is one row of two doubles, the probabilities of the
    negative and of the positive class.

    Notes
    -----
    Inference guesses whole numbers as `long`, which then refuses the first missing value, and refuses in prediction
    the very frame it was inferred from if that has categories.
    """
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    inputs = Schema([ColSpec(TYPES[feature.kind], feature.name) for feature in features])
    return ModelSignature(inputs=inputs, outputs=Schema([TensorSpec(np.dtype("float64"), (-1, 2))]))


def build_example(frame: "pl.DataFrame", features: Sequence[Feature], n_rows: int = 5) -> Any:
    """Return the first `n_rows` rows of `frame` as a pandas frame that the signature accepts."""
    return frame.select(feature.name for feature in features).head(n_rows).to_pandas()
