"""Cuts rows into slices: by the values of one categorical column, or of two together.

Nothing here is yours to edit: the slices are in `src/usecase/metrics.py`. Rows without a value form a slice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mergeline.errors import MergelineError

Rows = NDArray[np.intp]
Values = tuple[str | None, ...]


@dataclass(frozen=True)
class Column:
    """A categorical column: `labels[place[row]]` is the value of a row; None is the last label if any is missing."""

    place: Rows
    labels: Values


def encode_column(name: str, values: ArrayLike, kept: Rows, n_rows: int) -> Column:
    """Return the column's values on the rows `kept`, as text; None and NaN become None.

    Raises
    ------
    MergelineError
        If there is not one value per row.
    """
    column = np.asarray(values, dtype=object)
    if column.shape != (n_rows,):
        raise MergelineError(
            f"slice column '{name}' has shape {column.shape}, target has {n_rows} rows",
            where=f"slice column '{name}'",
            fix="give one value per row, None where there is none",
        )
    column = column[kept]
    missing = np.fromiter((item is None or item != item for item in column), dtype=bool, count=column.size)
    labels, codes = np.unique(column[~missing].astype(str), return_inverse=True)
    place = np.full(column.size, labels.size, dtype=np.intp)
    place[~missing] = codes
    return Column(place, (*map(str, labels), *([None] if missing.any() else [])))


def list_slices(columns: Mapping[str, Column], depth: int) -> Iterator[tuple[tuple[str, ...], Values, Rows]]:
    """Yield columns, values and rows of each slice that has rows: of single columns first, of pairs if `depth` is 2."""
    for names in [names for size in range(1, depth + 1) for names in combinations(columns, size)]:
        chosen = [columns[name] for name in names]
        place = np.zeros(chosen[0].place.size, dtype=np.intp)
        for column in chosen:
            place = place * len(column.labels) + column.place
        order = np.argsort(place, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(place[order])) + 1):
            yield names, tuple(column.labels[column.place[rows[0]]] for column in chosen), rows
