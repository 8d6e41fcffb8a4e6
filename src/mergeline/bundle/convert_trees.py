"""From fitted histogram gradient boosting to its splits and leaves as plain numbers.

Nothing here is yours to edit. Read are the estimator's own tree arrays, in float64: no other library's converter comes
between (that of ONNX turns splits by sets of categories into another model without a word, and rounds to float32).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mergeline.bundle.convert_columns import NotPortableError, NumberColumn, Outputs, TextColumn


def convert_trees(classifier: Any, outputs: Outputs) -> dict[str, Any]:
    """Return the content of form "trees".

    Raises
    ------
    NotPortableError
        If a column of the classifier is neither a plain number nor made of one text feature.
    """
    if len(classifier._baseline_prediction.ravel()) != 1:
        raise NotPortableError("it tells more than two classes apart")
    columns, known = _order_columns(classifier, outputs)
    return {
        "form": "trees",
        "baseline": float(classifier._baseline_prediction.ravel()[0]),
        "columns": [_render_column(column, codes) for column, codes in zip(columns, known, strict=True)],
        "trees": [_render_tree(predictor) for (predictor,) in classifier._predictors],
    }


def _order_columns(classifier: Any, outputs: Outputs) -> tuple[list[Any], list[list[int] | None]]:
    """Return the columns in the order in which the trees number them, and per column its known codes or None.

    The estimator moves those that it splits by sets of categories to the front, and encodes them once more.
    """
    flags = classifier.is_categorical_
    if flags is None:
        return list(outputs.columns), [None] * len(outputs.columns)
    front = [column for column, flag in zip(outputs.columns, flags, strict=True) if flag]
    rest = [column for column, flag in zip(outputs.columns, flags, strict=True) if not flag]
    encoder = classifier._preprocessor.named_transformers_["encoder"]
    encoded, known = [], []
    for column, categories in zip(front, encoder.categories_, strict=True):
        if not isinstance(column, TextColumn) or column.feature < 0:
            raise NotPortableError("it splits a number by sets of values")
        codes = {float(value): float(code) for code, value in enumerate(categories) if value == value}

        def encode(value: float, codes: dict[float, float] = codes) -> float:
            return codes.get(value, np.nan)

        values = tuple(map(encode, column.values))
        encoded.append(TextColumn(column.feature, values, encode(column.missing), encode(column.unseen)))
        known.append(sorted(int(code) for code in codes.values()))
    return [*encoded, *rest], [*known, *([None] * len(rest))]


def _render_column(column: TextColumn | NumberColumn, known: list[int] | None) -> dict[str, Any]:
    if isinstance(column, TextColumn) and column.feature >= 0:
        return {
            "feature": column.feature,
            "values": [_drop_nan(value) for value in column.values],
            "missing": _drop_nan(column.missing),
            "unseen": _drop_nan(column.unseen),
            "known": known,
        }
    if isinstance(column, NumberColumn) and not column.scales and not column.flag and np.isnan(column.impute):
        return {"feature": column.feature, "values": None, "known": None}
    raise NotPortableError("numbers are imputed or scaled before the trees, which need neither")


def _drop_nan(value: float) -> float | None:
    return None if np.isnan(value) else value


def _render_tree(predictor: Any) -> dict[str, Any]:
    """Return one tree: splits in an order in which parents stand before children, leaves from left to right."""
    nodes = predictor.nodes
    splits, leaves = _order_nodes(nodes)
    numbers = {node: place for place, node in enumerate(splits)} | {node: -1 - k for k, node in enumerate(leaves)}
    inner = nodes[splits]
    return {
        "column": inner["feature_idx"].tolist(),
        "threshold": [value if np.isfinite(value) else None for value in inner["num_threshold"].tolist()],
        "codes": [_read_codes(predictor, node) for node in inner],
        "missing_left": inner["missing_go_to_left"].astype(int).tolist(),
        "left": [numbers[node] for node in inner["left"].tolist()],
        "right": [numbers[node] for node in inner["right"].tolist()],
        "leaf": nodes["value"][leaves].tolist(),
    }


def _order_nodes(nodes: Any) -> tuple[list[int], list[int]]:
    splits: list[int] = []
    leaves: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if nodes["is_leaf"][node]:
            leaves.append(node)
            continue
        splits.append(node)
        waiting += [int(nodes["right"][node]), int(nodes["left"][node])]
    return splits, leaves


def _read_codes(predictor: Any, node: Any) -> Sequence[int] | None:
    """Return the codes that go left at a split by a set of categories; None at any other."""
    if not node["is_categorical"]:
        return None
    words = predictor.raw_left_cat_bitsets[node["bitset_idx"]]
    return [code for code in range(32 * len(words)) if words[code // 32] >> np.uint32(code % 32) & 1]
