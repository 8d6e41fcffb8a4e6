"""Many rows at once: the decoded inputs as the matrix that a model reads, and what training never saw in it.

Nothing here is yours to edit. It does for a batch, column by column, what `variants.py` does for a single row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.inputs import UNSEEN, make_codes


class RowMatrix:
    """Turns decoded inputs into the matrix of one model.

    Parameters
    ----------
    features : sequence of FeatureSpec
        The model's inputs, in the order of its columns.
    names : sequence of str
        The contract's inputs, in the order of the decoded ones.
    """

    def __init__(self, features: Sequence[FeatureSpec], names: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(names)}
        self._columns = [(places[feature.name], make_codes(feature)) for feature in features]
        self._names = [feature.name for feature in features]
        # A code below 0 is an unseen category; a number whose range nobody knows has none.
        self._low = np.array([_or(0.0 if one.categories is not None else one.low, -np.inf) for one in features])
        self._high = np.array([_or(one.high, np.inf) for one in features])
        self._never_missing = np.array([one.null_share == 0 for one in features], dtype=bool)

    def read(self, inputs: Sequence[Any]) -> NDArray[np.float64]:
        """Return the float64 matrix, shape (n_rows, n_features): categories as codes, unseen as -1, missing as NaN."""
        columns = list(zip(*map(astuple, inputs), strict=True))
        matrix = np.empty((len(inputs), len(self._columns)), order="F")
        for position, (place, codes) in enumerate(self._columns):
            column = columns[place]
            matrix[:, position] = column if codes is None else [codes.get(value, UNSEEN) for value in column]
        return matrix

    def find_breaches(self, matrix: NDArray[np.float64]) -> list[tuple[str, ...]]:
        """Return per row the names of the inputs that are outside what training saw."""
        bad = (matrix < self._low) | (matrix > self._high) | (np.isnan(matrix) & self._never_missing)
        found: list[tuple[str, ...]] = [()] * len(matrix)
        for row in np.flatnonzero(bad.any(axis=1)).tolist():
            found[row] = tuple(self._names[place] for place in np.flatnonzero(bad[row]).tolist())
        return found


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
