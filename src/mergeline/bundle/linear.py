"""A logistic regression as plain sums: one number per category, one slope per number, one for "missing".

Nothing here is yours to edit. Imputation, indicators and one-hot columns are folded into these numbers when the bundle
is sealed; centre and scale are kept as they were fitted, so that a number meets the same operations as in training.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.inputs import RowReader
from mergeline.bundle.sigmoid import apply_link, build_link


class Linear:
    """The form "linear".

    Parameters
    ----------
    content : mapping
        `intercept`; `categorical`: per feature its place, `values` by category, `missing`, `unseen`; `numeric`: place,
        `center`, `scale`, `coefficient`, and what is added where a value is `present` or `missing`; `calibration`.
    features : sequence of FeatureSpec
        The contract.
    """

    notice: str | None = None

    def __init__(self, content: Mapping[str, Any], features: Sequence[FeatureSpec]) -> None:
        self._reader = RowReader(features)
        self._link = build_link(content["calibration"])
        self._intercept = float(content["intercept"])
        # An unseen category is code -1, the last of the list; a missing one, NaN, is handled apart.
        self._categorical = [
            (term["feature"], np.array([*term["values"], term["unseen"]]), float(term["missing"]))
            for term in content["categorical"]
        ]
        keys = ("center", "scale", "coefficient", "present", "missing")
        self._numeric = [(term["feature"], *(float(term[key]) for key in keys)) for term in content["numeric"]]

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the probability of the positive class per row, shape (n_rows,)."""
        return self.predict_array(self._reader.read(rows))

    def predict_one(self, row: Mapping[str, Any]) -> float:
        """Return the probability of the positive class of one row."""
        return float(self.predict([row])[0])

    def predict_array(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the rows of `matrix`, shape (n_rows,); codes and numbers, NaN for missing."""
        raw = np.full(len(matrix), self._intercept)
        with np.errstate(over="ignore", invalid="ignore"):
            for position, weights, missing in self._categorical:
                codes = matrix[:, position]
                absent = np.isnan(codes)
                raw += np.where(absent, missing, weights[np.where(absent, 0, codes).astype(np.intp)])
            for position, center, scale, coefficient, present, missing in self._numeric:
                values = matrix[:, position]
                raw += np.where(np.isnan(values), missing, (values - center) / scale * coefficient + present)
        return apply_link(self._link, raw)
