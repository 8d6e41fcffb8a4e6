"""An estimator that has no portable form: kept by skops, opened only by the release of scikit-learn that trained it.

Nothing here is yours to edit. Slower to start and to answer than a portable form, and tied to its libraries: an update
of scikit-learn needs the model to be trained and packaged anew before the service can take it.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.inputs import RowReader
from mergeline.errors import MergelineError

PACKAGES = ("numpy", "pandas", "scikit-learn", "skops")
EXACT = ("scikit-learn",)


class EstimatorModel:
    """The form "estimator".

    Parameters
    ----------
    content : mapping
        `positive`: column of the positive class in what the estimator returns; `versions`: of the libraries.
    features : sequence of FeatureSpec
        The contract.
    estimator : estimator
        Fitted.
    """

    def __init__(self, content: Mapping[str, Any], features: Sequence[FeatureSpec], estimator: Any) -> None:
        self._features = tuple(features)
        self._reader = RowReader(features)
        self._positive = int(content["positive"])
        self._estimator = estimator
        candidate, reason, versions = content["candidate"], content["reason"], content["versions"]
        needed = ", ".join(f"{name} {versions[name]}" for name in EXACT)
        self.notice: str | None = (
            f"{candidate} serves by its estimator, not by a portable form: {reason}; needs {needed}"
        )

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the probability of the positive class per row, shape (n_rows,)."""
        return self.predict_array(self._reader.read(rows))

    def predict_one(self, row: Mapping[str, Any]) -> float:
        """Return the probability of the positive class of one row."""
        return float(self.predict([row])[0])

    def predict_array(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the rows of `matrix`, shape (n_rows,); codes and numbers, NaN for missing."""
        if not len(matrix):
            return np.empty(0)
        found = self._estimator.predict_proba(build_frame(self._features, matrix))
        return np.asarray(found, dtype=np.float64)[:, self._positive]


def build_frame(features: Sequence[FeatureSpec], matrix: NDArray[np.float64]) -> Any:
    """Return the pandas frame, text and float64, that `matrix` stands for; an unseen category is a text of its own."""
    import pandas as pd  # type: ignore[import-untyped]

    columns = {}
    for position, feature in enumerate(features):
        values = matrix[:, position]
        if feature.categories is None:
            columns[feature.name] = pd.Series(values)
            continue
        names = [*feature.categories, UNSEEN_TEXT]
        texts = [None if code != code else names[int(code)] for code in values.tolist()]
        columns[feature.name] = pd.Series(texts, dtype="str")
    return pd.DataFrame(columns)


UNSEEN_TEXT = "\x00unseen"
"""Stands for every category that training never saw: no text of a table holds a zero byte."""


def open_estimator(content: Mapping[str, Any], features: Sequence[FeatureSpec], stored: bytes) -> EstimatorModel:
    """Return the model kept in `stored`, whose digest was checked.

    Raises
    ------
    MergelineError
        If scikit-learn is missing or of another release, or the file holds a type that was not listed when sealed.
    """
    check_versions(content["versions"])
    import skops.io

    try:
        return EstimatorModel(content, features, skops.io.loads(stored, trusted=list(content["trusted"])))
    except Exception as error:  # skops raises whatever the types it rebuilds raise
        raise MergelineError(
            f"the estimator cannot be opened: {error}",
            where="estimator.skops of the bundle",
            fix="serve it in the environment that packaged it, or train and package anew: dvc repro package",
        ) from error


def check_versions(versions: Mapping[str, str]) -> None:
    """Return if the libraries that the estimator is tied to are those that trained it; else raise a MergelineError."""
    for name in EXACT:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        if found != versions[name]:
            raise MergelineError(
                f"the model was trained by {name} {versions[name]} and has no portable form, and here is {found}",
                where="model.json of the bundle, key 'versions'",
                fix="serve it with the requirements of its own commit, or train and package it anew: dvc repro package",
            )
