"""What one column holds, batch by batch: counts only, from which distributions, missing cells and skew are shown.

Nothing here is yours to edit: columns and types are in `src/usecase/schema.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

Kind = Literal["category", "text", "whole number", "number", "time"]

MOST_CATEGORIES = 200
"""Text of more different values than this identifies rather than describes: it has no distribution to show."""
DISCRETE = 60
"""Numbers with at most this many different values are drawn value by value."""
BINS = 30
TAIL = 0.005
QUANTILES = 10


@dataclass(frozen=True)
class Column:
    """One column over all batches.

    Attributes
    ----------
    name : str
        Its name.
    kind : {"category", "text", "whole number", "number", "time"}
        How it is described.
    rows, nulls : dict of str to int
        Batch to number of rows and of empty cells.
    distinct : int
        Number of different values, empty cells aside.
    low, middle, high : Any
        Smallest, median and largest value; None for text, or if every cell is empty.
    labels : list of str
        Categories, most frequent first, or lower limits of the bins drawn; empty if there is nothing to draw.
    drawn : dict of str to list of int
        Batch to count per label.
    compared : dict of str to list of int
        Batch to count per bin of equal count (per value for categories); what batches are compared by.
    """

    name: str
    kind: Kind
    rows: dict[str, int]
    nulls: dict[str, int]
    distinct: int
    low: Any
    middle: Any
    high: Any
    labels: list[str]
    drawn: dict[str, list[int]]
    compared: dict[str, list[int]]

    def null_share(self, batch: str) -> float:
        """Return the share of empty cells in `batch`, 0–1."""
        return self.nulls[batch] / self.rows[batch] if self.rows[batch] else 0.0

    @property
    def total_null_share(self) -> float:
        """Share of empty cells over all batches, 0–1."""
        return sum(self.nulls.values()) / max(sum(self.rows.values()), 1)


def describe_column(parts: Mapping[str, pl.Series]) -> Column:
    """Return what the column holds.

    Parameters
    ----------
    parts : mapping of str to polars.Series
        Batch to its values; at least one batch, all of the same name and type.
    """
    whole = pl.concat(list(parts.values()))
    values = whole.drop_nulls()
    distinct = values.n_unique()
    kind = find_kind(whole.dtype, distinct)
    ordered = kind in ("whole number", "number", "time") and len(values) > 0
    labels, drawn, compared = _count(parts, values, kind)
    return Column(
        name=whole.name,
        kind=kind,
        rows={batch: len(part) for batch, part in parts.items()},
        nulls={batch: part.null_count() for batch, part in parts.items()},
        distinct=distinct,
        low=values.min() if ordered else None,
        middle=values.median() if ordered else None,
        high=values.max() if ordered else None,
        labels=labels,
        drawn=drawn,
        compared=compared,
    )


def find_kind(dtype: pl.DataType, distinct: int) -> Kind:
    """Return how a column of this type and number of different values is described."""
    if dtype.is_integer():
        return "whole number"
    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "time"
    return "category" if distinct <= MOST_CATEGORIES else "text"


def count_into(values: pl.Series, edges: Sequence[float]) -> list[int]:
    """Return how many of `values` lie in the bins (-inf, e0), [e0, e1), … [en, inf); empty cells are left out."""
    places = pl.Series(edges, dtype=pl.Float64).search_sorted(values.drop_nulls().cast(pl.Float64), side="right")
    counts = dict(places.value_counts().iter_rows())
    return [counts.get(place, 0) for place in range(len(edges) + 1)]


def _count(
    parts: Mapping[str, pl.Series], values: pl.Series, kind: Kind
) -> tuple[list[str], dict[str, list[int]], dict[str, list[int]]]:
    if kind in ("text", "time") or values.is_empty():
        return [], {}, {}
    if kind == "category":
        counts = values.cast(pl.String).alias("value").value_counts(name="rows")
        labels = counts.sort("rows", "value", descending=[True, False])["value"].to_list()
        tallies = {batch: _tally(part, labels) for batch, part in parts.items()}
        return labels, tallies, tallies
    limits = _limits(values, kind)
    inner = _quantile_edges(values)
    drawn = {batch: count_into(part, limits[1:]) for batch, part in parts.items()}
    compared = {batch: count_into(part, inner) for batch, part in parts.items()}
    labels = [f"{limit:.0f}" if kind == "whole number" else f"{limit:.4g}" for limit in limits]
    return labels, drawn, compared


def _tally(part: pl.Series, labels: Sequence[str]) -> list[int]:
    counts = dict(part.drop_nulls().cast(pl.String).alias("value").value_counts(name="rows").iter_rows())
    return [counts.get(label, 0) for label in labels]


def _limits(values: pl.Series, kind: Kind) -> list[float]:
    """Return the lower limits of bins of equal width between the outer half per cents; the end bins take the rest."""
    different = values.unique().sort().cast(pl.Float64)
    if len(different) <= DISCRETE:
        return different.to_list()
    low, high = (float(values.quantile(share, "nearest") or 0) for share in (TAIL, 1 - TAIL))
    width = (high - low) / BINS
    if kind == "whole number":
        width = max(1.0, -(-(high - low + 1) // BINS))
    return [low + step * width for step in range(BINS) if step == 0 or low + step * width < high]


def _quantile_edges(values: pl.Series) -> list[float]:
    """Return the inner limits of bins of equal count; limits are values that occur, each once.

    Where most values are the lowest one (no rain), the others are divided among themselves.
    """
    ordered = values.sort().cast(pl.Float64)
    above = ordered.filter(ordered > ordered[0])
    source = ordered if 2 * len(above) > len(ordered) else above
    edges = {source[len(source) * step // QUANTILES] for step in range(QUANTILES) if len(source)}
    return sorted(edge for edge in edges if edge > ordered[0])
