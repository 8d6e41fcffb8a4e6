"""What is remembered of a batch once it was read: small, so that later batches are compared without reading it again.

Nothing here is yours to edit: `day`, `categories` and `target` of a table are in `src/usecase/schema.py`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from mergeline.vocabulary import Table


@dataclass(frozen=True)
class Profile:
    """Counts of one file.

    Attributes
    ----------
    rows : int
        Number of rows, at least 1.
    nulls : dict of str to int
        Column to the number of its empty cells.
    days : tuple of date
        Dates that have a row, ascending; empty if the table has no time.
    categories : dict of str to dict
        Watched column to value to number of rows, values ascending; empty cells left out.
    labelled, positive : int
        Rows that have a label, and those of them where it is true; 0 if the table does not hold the target.
    key_range : dict of str to tuple
        Key column without empty cells to its smallest and largest value.
    """

    rows: int
    nulls: dict[str, int]
    days: tuple[date, ...]
    categories: dict[str, dict[str, int]]
    labelled: int
    positive: int
    key_range: dict[str, tuple[Any, Any]]

    def null_share(self, column: str) -> float:
        """Return the share of empty cells of `column`, 0–1."""
        return self.nulls[column] / self.rows

    @property
    def target_rate(self) -> float | None:
        """Share of positive labels among the labelled rows, 0–1; None without any label."""
        return self.positive / self.labelled if self.labelled else None


def list_key(table: Table) -> list[str]:
    """Return the columns that tell the table's rows apart; empty if the schema names none as `unique`."""
    return list(table.schema.unique or [])


def compute_profile(frame: pl.DataFrame, table: Table) -> Profile:
    """Return the counts of a typed frame that keeps its contract."""
    nulls = dict(zip(frame.columns, frame.null_count().row(0), strict=True))
    days: tuple[date, ...] = ()
    if table.day is not None:
        days = tuple(frame.select(table.day.unique().sort()).to_series().to_list())
    categories = {name: _count(frame[name]) for name in table.categories}
    target = frame.select(pl.lit(None, pl.Boolean) if table.target is None else table.target).to_series()
    keys = {name: (frame[name].min(), frame[name].max()) for name in list_key(table) if not nulls[name]}
    return Profile(frame.height, nulls, days, categories, target.count(), int(target.sum() or 0), keys)


def _count(column: pl.Series) -> dict[str, int]:
    counted = column.drop_nulls().cast(pl.String).value_counts().sort(column.name)
    return dict(counted.iter_rows())
