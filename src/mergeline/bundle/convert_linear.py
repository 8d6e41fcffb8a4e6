"""From a fitted logistic regression to one number per category and one slope per number.

Nothing here is yours to edit. What it is read from: `mergeline.bundle.convert_columns`.
"""

from typing import Any

import numpy as np

from mergeline.bundle.convert_columns import NotPortableError, NumberColumn, Outputs, TextColumn


def convert_linear(classifier: Any, outputs: Outputs) -> dict[str, Any]:
    """Return the content of form "linear".

    Raises
    ------
    NotPortableError
        If the classifier would see a missing value, or is not a plain two-class one.
    """
    coefficients = np.asarray(classifier.coef_, dtype=np.float64)
    if coefficients.shape != (1, len(outputs.columns)):
        raise NotPortableError(f"its coefficients have shape {coefficients.shape}, not (1, {len(outputs.columns)})")
    intercept = float(classifier.intercept_[0])
    texts: dict[int, dict[str, Any]] = {}
    numbers: dict[int, dict[str, Any]] = {}
    for weight, column in zip(coefficients[0].tolist(), outputs.columns, strict=True):
        if isinstance(column, NumberColumn):
            _add_number(numbers, column, weight)
        elif column.feature < 0:
            intercept += weight * _check(column.missing)
        else:
            _add_text(texts, column, weight)
    return {
        "form": "linear",
        "intercept": intercept,
        "categorical": [texts[place] for place in sorted(texts)],
        "numeric": [numbers[place] for place in sorted(numbers)],
    }


def _add_text(terms: dict[int, dict[str, Any]], column: TextColumn, weight: float) -> None:
    empty = {"feature": column.feature, "values": [0.0] * len(column.values), "missing": 0.0, "unseen": 0.0}
    term = terms.setdefault(column.feature, empty)
    added = [weight * _check(value) for value in column.values]
    term["values"] = [one + other for one, other in zip(term["values"], added, strict=True)]
    term["missing"] += weight * _check(column.missing)
    term["unseen"] += weight * _check(column.unseen)


def _add_number(terms: dict[int, dict[str, Any]], column: NumberColumn, weight: float) -> None:
    empty = {"feature": column.feature, "center": 0.0, "scale": 1.0, "coefficient": 0.0, "present": 0.0, "missing": 0.0}
    term = terms.setdefault(column.feature, empty)
    term["missing"] += weight * _check(column.compute(np.nan))
    if column.flag:
        term["present"] += weight * column.compute(0.0)
        return
    if term["coefficient"] or len(column.scales) > 1:
        raise NotPortableError("a number reaches the classifier twice, or scaled twice")
    term["center"], term["scale"] = column.scales[0] if column.scales else (0.0, 1.0)
    term["coefficient"] = weight


def _check(value: float) -> float:
    if np.isnan(value):
        raise NotPortableError("a missing value reaches LogisticRegression")
    return value
