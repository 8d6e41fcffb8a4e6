"""Boosted trees without walking them: bit masks of the leaves that each value rules out, and the leaf that remains.

Nothing here is yours to edit. For every feature and every interval between its thresholds a table holds, tree by tree,
the leaves that a value there can still reach. The tables of all features are ANDed, and the lowest bit that is left is
the leaf. Trees of more than 64 leaves are walked, all of them and all rows at once.

Notes
-----
Masks after Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles of regression
trees", SIGIR 2015. Leaf values are added in the order of the trees, as scikit-learn adds them: to the same last bit.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import LARGEST, FeatureSpec, explain_value
from mergeline.bundle.inputs import RowReader, make_codes
from mergeline.bundle.masks import MOST_LEAVES, build_tables, find_lowest_bit
from mergeline.bundle.sigmoid import apply_link, build_link
from mergeline.bundle.walking import Walker

ROWS_AT_ONCE = 256
"""Rows scored together: their masks then stay in the processor's cache."""


class Trees:
    """The form "trees".

    Parameters
    ----------
    content : mapping
        `baseline`, `columns`, `trees` and `calibration`, as `mergeline.bundle.convert_trees` writes them.
    features : sequence of FeatureSpec
        The contract.
    """

    notice: str | None = None

    def __init__(self, content: Mapping[str, Any], features: Sequence[FeatureSpec]) -> None:
        self._features = tuple(features)
        self._reader = RowReader(features)
        self._link = build_link(content["calibration"])
        trees = content["trees"]
        most = max((len(tree["leaf"]) for tree in trees), default=1)
        leaves = np.zeros((max(len(trees), 1), most))
        for number, tree in enumerate(trees):
            leaves[number, : len(tree["leaf"])] = tree["leaf"]
        leaves[0] += content["baseline"]
        self._leaves = leaves.ravel()
        self._offsets = np.arange(len(leaves)) * most
        self._walker = Walker(content, features) if most > MOST_LEAVES else None
        self._tables = [] if self._walker else build_tables(content, features)
        parts = [table.masks for table in self._tables]
        self._masks = np.concatenate(parts) if parts else np.ones((1, len(leaves)), dtype=np.uint16)
        self._plan = self._make_plan()

    def _make_plan(self) -> list[tuple[Any, ...]]:
        plan: list[tuple[Any, ...]] = []
        first = 0
        for table in self._tables:
            feature = self._features[table.feature]
            missing, unseen = first + table.missing, first + table.unseen
            codes = make_codes(feature)
            rows = None
            if codes is not None:
                rows = {name: missing if name is None else first + int(code) for name, code in codes.items()}
            plan.append((feature.name, rows, table.thresholds, first, missing, unseen))
            first += len(table.masks)
        return plan

    def predict_one(self, row: Mapping[str, Any]) -> float:
        """Return the probability of the positive class of one row."""
        if self._walker is not None:
            return float(self.predict([row])[0])
        places = []
        get = row.get
        try:
            for name, rows, thresholds, first, missing, unseen in self._plan:
                value = get(name)
                if rows is None:
                    within = value is not None and -LARGEST <= value <= LARGEST
                    places.append(first + bisect_left(thresholds, value) if within else missing)
                elif (place := rows.get(value)) is not None:
                    places.append(place)
                elif isinstance(value, str):
                    places.append(unseen)
                else:
                    return float(self.predict([row])[0])
        except TypeError:
            raise explain_value(self._features, row) from None
        masks = np.bitwise_and.reduce(self._masks.take(places or [0], axis=0), axis=0)
        values = self._leaves.take(find_lowest_bit(masks) + self._offsets)
        return self._link(float(np.add.accumulate(values)[-1]))

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the probability of the positive class per row, shape (n_rows,)."""
        return self.predict_array(self._reader.read(rows))

    def predict_array(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of the rows of `matrix`, shape (n_rows,); codes and numbers, NaN for missing."""
        raw = np.empty(len(matrix))
        for first in range(0, len(matrix), ROWS_AT_ONCE):
            part = matrix[first : first + ROWS_AT_ONCE]
            leaves = self._walker.find_leaves(part) if self._walker else self._find_leaves(part)
            values = self._leaves.take(leaves + self._offsets)
            raw[first : first + ROWS_AT_ONCE] = np.add.accumulate(values, axis=1)[:, -1]
        return apply_link(self._link, raw)

    def _find_leaves(self, matrix: NDArray[np.float64]) -> NDArray[np.intp]:
        masks = np.repeat(np.full_like(self._masks[:1], np.iinfo(self._masks.dtype).max), len(matrix), 0)
        part = np.empty_like(masks)
        for table in self._tables:
            table.masks.take(table.find_rows(matrix[:, table.feature]), axis=0, out=part, mode="clip")
            np.bitwise_and(masks, part, out=masks)
        return find_lowest_bit(masks)
