"""The tables of leaf masks: per feature a row for every interval or category, in it a mask for every tree.

Nothing here is yours to edit; `mergeline.bundle.trees` says what they are for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.features import FeatureSpec

MOST_LEAVES = 64
_BITS_OF_16 = np.array([0, *((value & -value).bit_length() - 1 for value in range(1, 1 << 16))], dtype=np.uint8)


@dataclass(frozen=True)
class Node:
    """One split: its tree, what sends a value left, and the mask that takes out the leaves below its left side."""

    tree: int
    column: int
    threshold: float
    codes: frozenset[int] | None
    missing_left: bool
    keep_right: int


@dataclass(frozen=True)
class Table:
    """The masks of one feature.

    Attributes
    ----------
    feature : int
        The feature's place.
    thresholds : list of float
        Sorted; empty for a category. Row k holds values greater than k of them.
    masks : array, shape (n_rows, n_trees)
        Unsigned; bit i stands for leaf i, counted from the left.
    missing, unseen : int
        Rows for a missing value and an unseen category.
    """

    feature: int
    thresholds: list[float]
    masks: NDArray[Any]
    missing: int
    unseen: int
    is_text: bool

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """The thresholds as an array."""
        return np.array(self.thresholds, dtype=np.float64)

    def find_rows(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the table's row for each value: a number or a category's code, NaN for missing, -1 for unseen."""
        absent = np.isnan(values)
        if self.is_text:
            codes = np.where(absent, self.missing, values).astype(np.intp)
            return np.where(codes < 0, self.unseen, codes)
        # NaN sorts behind every threshold, and the row of missing values is the one after that.
        return np.searchsorted(self.bounds, values, side="left") + absent


def build_tables(content: Mapping[str, Any], features: Sequence[FeatureSpec]) -> list[Table]:
    """Return the tables of the features that some tree looks at.

    Parameters
    ----------
    content : mapping
        `columns` and `trees`; no tree has more than 64 leaves.
    features : sequence of FeatureSpec
        The contract.
    """
    trees, columns = content["trees"], content["columns"]
    most = max((len(tree["leaf"]) for tree in trees), default=1)
    dtype = next(kind for kind, bits in ((np.uint16, 16), (np.uint32, 32), (np.uint64, 64)) if most <= bits)
    nodes: dict[int, list[Node]] = {}
    for number, tree in enumerate(trees):
        for node in list_nodes(number, tree, np.iinfo(dtype).bits):
            nodes.setdefault(columns[node.column]["feature"], []).append(node)
    return [
        _build_table(place, features[place], nodes[place], columns, np.ones((1, len(trees)), dtype=dtype))
        for place in sorted(nodes)
    ]


def list_nodes(number: int, tree: Mapping[str, Any], bits: int) -> list[Node]:
    """Return the splits of a tree in its order, parents before children.

    Children below 0 are leaves, -1 the leftmost, and those of a split's left side stand left of those of its right.
    """
    n = len(tree["left"])
    below: list[int] = [0] * n
    found: list[Node] = []
    for place in reversed(range(n)):
        sides = [tree[side][place] for side in ("left", "right")]
        left, right = (1 << (-1 - child) if child < 0 else below[child] for child in sides)
        below[place] = left | right
        threshold, codes = tree["threshold"][place], tree["codes"][place]
        found.append(
            Node(
                tree=number,
                column=tree["column"][place],
                threshold=np.inf if threshold is None else threshold,
                codes=None if codes is None else frozenset(codes),
                missing_left=bool(tree["missing_left"][place]),
                keep_right=((1 << bits) - 1) ^ left,
            )
        )
    return found[::-1]


def goes_left(value: float | None, node: Node, known: frozenset[int]) -> bool:
    """Return whether a column's value goes left at `node`; None is missing, and so is a category not known there."""
    if value is None:
        return node.missing_left
    if node.codes is None:
        return value <= node.threshold
    if value < 0 or int(value) not in known:
        return node.missing_left
    return int(value) in node.codes


def _build_table(place: int, feature: FeatureSpec, nodes: Sequence[Node], columns: Any, one: NDArray[Any]) -> Table:
    full = np.iinfo(one.dtype).max
    if feature.categories is None:
        thresholds = sorted({node.threshold for node in nodes if np.isfinite(node.threshold)})
        missing = len(thresholds) + 1
        masks = np.repeat(one * full, missing + 1, axis=0)
        ranks = {threshold: rank for rank, threshold in enumerate(thresholds)}
        for node in nodes:
            keep = one.dtype.type(node.keep_right)
            masks[ranks.get(node.threshold, missing) + 1 : missing, node.tree] &= keep
            if not node.missing_left:
                masks[missing, node.tree] &= keep
        return Table(place, thresholds, masks, missing, missing, is_text=False)
    n = len(feature.categories)
    masks = np.repeat(one * full, n + 2, axis=0)
    for node in nodes:
        column = columns[node.column]
        known = frozenset(column["known"] or ())
        for row, value in enumerate((*column["values"], column["missing"], column["unseen"])):
            if not goes_left(value, node, known):
                masks[row, node.tree] &= one.dtype.type(node.keep_right)
    return Table(place, [], masks, n, n + 1, is_text=True)


def find_lowest_bit(masks: NDArray[Any]) -> NDArray[np.intp]:
    """Return the place of the lowest bit that is set in each mask; every mask has one."""
    if masks.dtype == np.uint16:
        return _BITS_OF_16[masks]
    lowest = masks & (~masks + masks.dtype.type(1))
    return np.frexp(lowest.astype(np.float64))[1].astype(np.intp) - 1
