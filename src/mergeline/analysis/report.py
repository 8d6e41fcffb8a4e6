"""What the data report says, apart from how it looks: per table and column, and the target over time.

Nothing here is yours to edit: tables and target are in `src/usecase/schema.py`, limits in `params.yaml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from mergeline.analysis.columns import Column, describe_column
from mergeline.analysis.skew import Skew, compute_skew
from mergeline.analysis.tables import Files
from mergeline.params import Analyse


@dataclass(frozen=True)
class TableReport:
    """One table.

    Attributes
    ----------
    name : str
        Its name.
    rows : dict of str to int
        Batch to number of rows; a table without batches has one, of name "".
    columns : list of Column
        In the order of the contract.
    skews : list of Skew
        Of the columns that can be compared; the parts of the date (year, month, day) are not.
    first_day, last_day : date or None
        None if the table has no time.
    days_without_rows : list of date
        Between the first and the last.
    """

    name: str
    rows: dict[str, int]
    columns: list[Column]
    skews: list[Skew]
    first_day: date | None
    last_day: date | None
    days_without_rows: list[date]

    @property
    def empty_share(self) -> float:
        """Share of empty cells, 0–1."""
        cells = sum(sum(column.rows.values()) for column in self.columns)
        return sum(sum(column.nulls.values()) for column in self.columns) / max(cells, 1)


@dataclass(frozen=True)
class Target:
    """The outcome to predict, over time.

    Attributes
    ----------
    table : str
        The table that holds it.
    batches : polars.DataFrame
        `batch`, `labelled` (rows with a label) and `rate` (share of positive labels, null without any).
    days : polars.DataFrame
        `day`, `batch`, `labelled` and `rate`, by day; empty if the table has no time.
    """

    table: str
    batches: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True)
class Report:
    """All of it: tables with batches first."""

    batches: list[str]
    tables: list[TableReport]
    target: Target | None


def build_report(files: Sequence[Files], limits: Analyse) -> Report:
    """Return what the clean files hold, read column by column."""
    tables = [build_table(item, limits) for item in files]
    batches = sorted({batch for table in tables for batch in table.rows if batch})
    targets = [build_target(item) for item in files if item.table.target is not None]
    return Report(batches, tables, targets[0] if targets else None)


def build_table(files: Files, limits: Analyse) -> TableReport:
    """Return what one table holds."""
    table = files.table
    calendar = set(table.day.meta.root_names()) if table.day is not None else set()
    columns, skews = [], []
    for name, contract in table.schema.columns.items():
        column = describe_column({batch: frame.to_series() for batch, frame in files.read(name).items()})
        columns.append(column)
        skew = None if name in calendar else compute_skew(table.name, column, contract.nullable, limits)
        skews += [skew] if skew else []
    days: list[date] = []
    if table.day is not None:
        days = pl.concat(files.read(table.day.alias("day")).values())["day"].drop_nulls().unique().sort().to_list()
    every = pl.date_range(days[0], days[-1], eager=True).to_list() if days else []
    return TableReport(
        name=table.name,
        rows=columns[0].rows,
        columns=columns,
        skews=skews,
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        days_without_rows=sorted(set(every) - set(days)),
    )


def build_target(files: Files) -> Target:
    """Return the target over batches and days."""
    table = files.table
    day = pl.lit(None, pl.Date) if table.day is None else table.day
    parts = files.read(day.alias("day"), table.target.cast(pl.Float64).alias("target"))
    rows = pl.concat([frame.with_columns(batch=pl.lit(batch)) for batch, frame in parts.items()])
    figures = {"labelled": pl.col("target").count(), "rate": pl.col("target").mean()}
    return Target(
        table=table.name,
        batches=rows.group_by("batch").agg(**figures).sort("batch"),
        days=rows.drop_nulls("day").group_by("day", "batch").agg(**figures).sort("day", "batch"),
    )
