"""Where each value is counted: the bins of a bundle's reference profile, laid end to end in one vector.

Nothing here is yours to edit. Features, then the score; a feature's first place counts what is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.bundle.read import Bundle

Counts = NDArray[np.int64]
SCORE = "score"


@dataclass(frozen=True)
class Block:
    """The places of one feature, or of the score, in the vector.

    Attributes
    ----------
    name, kind : str
        Feature; "categorical", "numeric" or "score".
    edges : ndarray or None
        Bounds between the bins of a number; None for a category.
    categories : tuple of str
        Those seen in training; the last place counts all others.
    start, stop : int
        `vector[start]` counts missing values, what follows counts the bins.
    """

    name: str
    kind: str
    edges: NDArray[np.float64] | None
    categories: tuple[str, ...]
    start: int
    stop: int

    def place(self, column: pl.Series) -> Counts:
        """Return the place of each value of `column`, counted from `start`."""
        if self.edges is not None:
            # One pass for all: NaN stands for missing, and would sort behind the last edge.
            values = column.to_numpy()
            return np.where(np.isnan(values), 0, 1 + np.searchsorted(self.edges, values, side="left"))
        known = {name: number for number, name in enumerate(self.categories, start=1)}
        placed = column.replace_strict({None: 0, **known}, default=len(known) + 1, return_dtype=pl.Int64)
        return placed.to_numpy()

    def label_bins(self) -> list[str]:
        """Return a name for each place, that of missing values first."""
        if self.edges is None:
            return ["missing", *self.categories, "others"]
        bounds = [f"{edge:g}" for edge in self.edges]
        inner = [f"{low} to {high}" for low, high in pairwise(bounds)]
        return ["missing", *([f"up to {bounds[0]}", *inner, f"above {bounds[-1]}"] if bounds else ["any"])]


class Layout:
    """The vector of one bundle.

    Parameters
    ----------
    bundle : Bundle
        Its contract names the features, its reference profile the bins.

    Attributes
    ----------
    blocks : tuple of Block
        Features in the contract's order, then the score.
    width : int
        Length of the vector.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.reference: dict[str, Any] = bundle.reference()
        blocks: list[Block] = []
        start = 0
        for feature in bundle.features:
            profile = self.reference["features"][feature.name]
            blocks.append(_make_block(feature.name, feature.kind, profile, start))
            start = blocks[-1].stop
        self.score = _make_block(SCORE, SCORE, self.reference["score"], start)
        self.features = tuple(blocks)
        self.blocks = (*blocks, self.score)
        self.width = self.score.stop

    def read_profile(self, block: Block, batches: Iterable[str]) -> Counts:
        """Return the reference counts of `block`, summed over `batches`."""
        profile = self.reference["score"] if block is self.score else self.reference["features"][block.name]
        total = np.zeros(block.stop - block.start, dtype=np.int64)
        for batch in batches:
            counted = profile["batches"][batch]
            total += [counted.get("missing", 0), *counted["counts"]]
        return total

    def count(self, inputs: Mapping[str, pl.Series], scores: pl.Series, rows: Counts, n_rows: int) -> Counts:
        """Return counts, shape (n_rows, width), of values that belong to `rows` (one number below n_rows a value)."""
        counted = np.zeros((n_rows, self.width), dtype=np.int64)
        for block in self.blocks:
            size = block.stop - block.start
            places = block.place(scores if block is self.score else inputs[block.name])
            flat = np.bincount(rows * size + places, minlength=n_rows * size)
            counted[:, block.start : block.stop] = flat.reshape(n_rows, size)
        return counted


def _make_block(name: str, kind: str, profile: Mapping[str, Any], start: int) -> Block:
    edges: Sequence[float] | None = profile.get("edges")
    categories = tuple(profile.get("categories", ()))
    size = len(categories) + 2 if edges is None else len(edges) + 2
    return Block(name, kind, None if edges is None else np.asarray(edges, float), categories, start, start + size)
