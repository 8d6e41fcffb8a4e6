"""The forms of a sealed model, and the one way in which all of them are asked.

Nothing here is yours to edit. Forms in NumPy alone: "prior", "linear" and "trees". Any other estimator is of form
"estimator": kept by skops, opened only by the very release of scikit-learn that trained it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.inputs import RowReader
from mergeline.bundle.linear import Linear
from mergeline.bundle.trees import Trees
from mergeline.errors import MergelineError

Row = Mapping[str, Any]


class Model(Protocol):
    """What a bundle predicts with.

    Attributes
    ----------
    notice : str or None
        What a person should know about how it serves; None where there is nothing to say.
    """

    notice: str | None

    def predict(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Return the probability of the positive class per row, shape (n_rows,); a value left out is missing."""

    def predict_one(self, row: Row) -> float:
        """Return the probability of the positive class of one row."""

    def predict_array(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the rows of a float64 matrix of shape (n_rows, n_features).

        A category stands there as its place among the feature's categories, an unseen one as -1; NaN is missing.
        """


class Prior:
    """A model that gives every row the same probability."""

    notice: str | None = None

    def __init__(self, content: Mapping[str, Any], features: Sequence[FeatureSpec]) -> None:
        self._probability = float(content["probability"])
        self._reader = RowReader(features)

    def predict(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """Return the probability, once per row."""
        return self.predict_array(self._reader.read(rows))

    def predict_one(self, row: Row) -> float:
        """Return the probability."""
        return float(self.predict([row])[0])

    def predict_array(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability, once per row of `matrix`."""
        return np.full(len(matrix), self._probability)


def build_model(content: Mapping[str, Any], features: Sequence[FeatureSpec], estimator: bytes | None = None) -> Model:
    """Return the model that `model.json` describes.

    Parameters
    ----------
    content : mapping
        Content of `model.json`, checked by digest.
    features : sequence of FeatureSpec
        The contract.
    estimator : bytes, optional
        Content of `estimator.skops`, checked by digest; for form "estimator".

    Raises
    ------
    MergelineError
        If the form is unknown, or the estimator cannot be opened by the installed libraries.
    """
    form = content["form"]
    if form == "prior":
        return Prior(content, features)
    if form == "linear":
        return Linear(content, features)
    if form == "trees":
        return Trees(content, features)
    if form == "estimator" and estimator is not None:
        # Imported here: every other form is served without it.
        from mergeline.bundle.estimator import open_estimator

        return open_estimator(content, features, estimator)
    raise MergelineError(
        f"the model has form '{form}', which this code does not know",
        where="model.json of the bundle",
        fix="serve it by the release of this repository that packaged it, or package it anew: dvc repro package",
    )
