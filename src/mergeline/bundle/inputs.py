"""Rows of named values turned into a matrix: categories as codes, numbers as they are, NaN where a value is missing.

Nothing here is yours to edit. A number that is not finite counts as missing, as it does when features are computed.
"""

from array import array
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import LARGEST, FeatureSpec, explain_value

UNSEEN = -1.0
"""Code of a category that training never saw; that of a missing one is NaN."""


class RowReader:
    """Reads rows by the contract.

    Parameters
    ----------
    features : sequence of FeatureSpec
        The inputs, in the order of the matrix's columns.
    """

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        self._features = tuple(features)
        self._names = [feature.name for feature in features]
        self._codes = [make_codes(feature) for feature in features]
        self._get = itemgetter(*self._names) if len(self._names) > 1 else None

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the matrix of `rows`, float64 of shape (n_rows, n_features), stored by column.

        Raises
        ------
        MergelineError
            If a value is neither of the feature's kind nor None; the feature is named.
        """
        matrix = np.empty((len(rows), len(self._names)), order="F")
        if not rows:
            return matrix
        try:
            for position, column in enumerate(self._split(rows)):
                codes = self._codes[position]
                matrix[:, position] = _read_numbers(column) if codes is None else _read_codes(column, codes)
        except (TypeError, OverflowError):
            raise next(self._find_faults(rows)) from None
        matrix[np.abs(matrix) > LARGEST] = np.nan
        return matrix

    def _split(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        if self._get is not None:
            try:
                return zip(*map(self._get, rows), strict=True)
            except KeyError:  # a value that is left out is missing
                pass
        return ([row.get(name) for row in rows] for name in self._names)

    def _find_faults(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        for row in rows:
            try:
                self.read_one(row)
            except (TypeError, OverflowError):
                yield explain_value(self._features, row)

    def read_one(self, row: Mapping[str, Any]) -> list[float]:
        """Return the values of one row, in the matrix's order; TypeError where one is of another kind."""
        values = []
        for name, codes in zip(self._names, self._codes, strict=True):
            value = row.get(name)
            values.append(_read_number(value) if codes is None else _read_code(value, codes))
        return values


def make_codes(feature: FeatureSpec) -> dict[Any, float] | None:
    """Return category to code, None meaning missing; None for a numeric feature."""
    if feature.categories is None:
        return None
    return {None: np.nan, **{category: float(code) for code, category in enumerate(feature.categories)}}


def _read_numbers(column: Sequence[Any]) -> NDArray[np.float64]:
    # Fastest first: nothing missing, then something missing, then integers beyond float64.
    try:
        return np.frombuffer(array("d", column))
    except (TypeError, OverflowError):
        pass
    try:
        return np.frombuffer(array("d", [np.nan if value is None else value for value in column]))
    except OverflowError:
        return np.frombuffer(array("d", map(_read_number, column)))


def _read_number(value: Any) -> float:
    if value is None or not -LARGEST <= value <= LARGEST:
        return np.nan
    return float(value)


def _read_codes(column: Sequence[Any], codes: Mapping[Any, float]) -> NDArray[np.float64]:
    read = np.array([codes.get(value, UNSEEN) for value in column])
    for place in np.flatnonzero(read == UNSEEN).tolist():
        read[place] = _read_code(column[place], codes)
    return read


def _read_code(value: Any, codes: Mapping[Any, float]) -> float:
    if isinstance(value, str) or value is None:
        return codes.get(value, UNSEEN)
    if value != value:
        return np.nan
    raise TypeError(value)
