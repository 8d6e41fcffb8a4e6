"""Trees of more than 64 leaves: all of them walked at once, one level at a time.

Nothing here is yours to edit; `mergeline.bundle.trees` says when this is used.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.masks import goes_left, list_nodes


class Walker:
    """Finds leaves by walking.

    Parameters
    ----------
    content : mapping
        `columns` and `trees`.
    features : sequence of FeatureSpec
        The contract.

    Notes
    -----
    Every node asks one question of one number: a text feature's is its code, whose answer is looked up in a table of
    the node's own; that keeps categories that the encoder orders, or that a node holds as a set, in one form.
    """

    def __init__(self, content: Mapping[str, Any], features: Sequence[FeatureSpec]) -> None:
        trees, columns = content["trees"], content["columns"]
        self._sizes = [max(len(tree["left"]), 1) for tree in trees]
        starts = np.cumsum([0, *self._sizes[:-1]])
        self._roots = np.where([bool(tree["left"]) for tree in trees], starts, -1).astype(np.intp)
        total = sum(self._sizes)
        self._left, self._right = np.full(total, -1, dtype=np.intp), np.full(total, -1, dtype=np.intp)
        self._feature = np.zeros(total, dtype=np.intp)
        self._threshold = np.full(total, np.inf)
        self._missing_left = np.ones(total, dtype=bool)
        self._is_text = np.array([feature.categories is not None for feature in features])
        widest = max((len(feature.categories or ()) for feature in features), default=0)
        self._answers = np.ones((total if self._is_text.any() else 1, widest + 1), dtype=bool)
        for number, (tree, start) in enumerate(zip(trees, starts.tolist(), strict=True)):
            self._add(number, tree, start, columns)

    def _add(self, number: int, tree: Mapping[str, Any], start: int, columns: Any) -> None:
        n = len(tree["left"])
        for target, key in ((self._left, "left"), (self._right, "right")):
            children = np.array(tree[key], dtype=np.intp)
            target[start : start + n] = np.where(children < 0, children, children + start)
        self._missing_left[start : start + n] = np.array(tree["missing_left"], dtype=bool)
        for place, node in enumerate(list_nodes(number, tree, len(tree["leaf"])), start=start):
            column = columns[node.column]
            self._feature[place] = column["feature"]
            if column["values"] is None:
                self._threshold[place] = node.threshold
                continue
            known = frozenset(column["known"] or ())
            answers = [goes_left(value, node, known) for value in (*column["values"], column["unseen"])]
            self._answers[place, : len(answers) - 1] = answers[:-1]
            self._answers[place, -1] = answers[-1]
            self._missing_left[place] = goes_left(column["missing"], node, known)

    def find_leaves(self, matrix: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the leaf that each row reaches in each tree, shape (n_rows, n_trees), counted from the left."""
        at = np.repeat(self._roots[None, :], len(matrix), axis=0)
        rows, trees = np.nonzero(at >= 0)
        while len(rows):
            nodes = at[rows, trees]
            features = self._feature[nodes]
            values = matrix[rows, features]
            absent = np.isnan(values)
            left = np.where(absent, self._missing_left[nodes], values <= self._threshold[nodes])
            text = np.flatnonzero(self._is_text[features] & ~absent)
            left[text] = self._answers[nodes[text], values[text].astype(np.intp)]
            following = np.where(left, self._left[nodes], self._right[nodes])
            at[rows, trees] = following
            inside = following >= 0
            rows, trees = rows[inside], trees[inside]
        return -1 - at
