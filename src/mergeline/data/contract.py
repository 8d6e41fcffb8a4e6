"""Runs a table's pandera schema over a typed frame, and says which rows break which rule.

Nothing here is yours to edit: the rules are in `src/usecase/schema.py`.
"""

from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import polars as pl
from pandera.errors import SchemaError, SchemaErrors
from polars import selectors as cs

from mergeline.data.corrections import format_key, format_line
from mergeline.data.findings import LISTED_PER_RULE, MEND_CELL, SCHEMA_FILE, Finding
from mergeline.data.profile import list_key
from mergeline.data.quick_check import keeps_schema
from mergeline.data.tables import Cells
from mergeline.vocabulary import Correction, Table

WORDS = {"not_nullable": "is not empty", "field_uniqueness": "is unique", "column_ordered": "is in its place"}
EXPLAINING = Lock()


@dataclass(frozen=True)
class Failure:
    """One rule that a frame breaks.

    Attributes
    ----------
    rule : str
        The rule, in words that follow on from the column's name.
    column : str or None
        Column name; None if whole rows or the frame are meant.
    rows : tuple of int
        The first rows that break it, 0-based, ascending; empty if the frame as a whole does.
    count : int
        How many rows break it.
    value : str or None
        What was found, where no row is named.
    """

    rule: str
    column: str | None
    rows: tuple[int, ...]
    count: int
    value: str | None


def find_failures(frame: pl.DataFrame, schema: Any) -> list[Failure]:
    """Return the rules of a pandera schema that the frame breaks, in order of the schema.

    NaN counts as no value. All rules are tried, whichever fails first.
    """
    frame = frame.with_columns(cs.float().fill_nan(None))
    if keeps_schema(frame, schema):
        return []
    try:
        # For many small queries the streaming engine takes twice as long. The setting holds for the whole process, so
        # files that are checked side by side are explained one after the other.
        with EXPLAINING, pl.Config(set_engine_affinity="in-memory"):
            schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        return _group(error.failure_cases, schema)
    except SchemaError as error:
        return [Failure(str(error.check), None, (), 1, str(error.failure_cases))]
    return []


def check_contract(frame: pl.DataFrame, cells: Cells, table: Table, batch: str) -> list[Finding]:
    """Return where the typed frame breaks its schema, with lines and values as written in the file.

    Parameters
    ----------
    frame : polars.DataFrame
        The typed rows.
    cells : Cells
        The same rows as text.
    table, batch
        What file it is; `batch` is "" for a table without batches.
    """
    return [
        finding for failure in find_failures(frame, table.schema) for finding in _locate(failure, cells, table, batch)
    ]


def _group(cases: pl.DataFrame, schema: Any) -> list[Failure]:
    grouped = cases.group_by("column", "check", maintain_order=True).agg(
        pl.col("index").drop_nulls().sort().head(LISTED_PER_RULE),
        pl.col("index").count().alias("count"),
        pl.col("failure_case").first(),
    )
    words = {**WORDS, "multiple_fields_uniqueness": _unique_rule(schema)}
    return [
        Failure(words.get(check, check), column, tuple(index), max(count, 1), None if index else value)
        for column, check, index, count, value in grouped.iter_rows()
    ]


def _unique_rule(schema: Any) -> str:
    return f"{', '.join(schema.unique or [])} together occur once"


def _locate(failure: Failure, cells: Cells, table: Table, batch: str) -> list[Finding]:
    if not failure.rows:
        fix = f"make the file and {SCHEMA_FILE} agree"
        return [Finding(cells.file, None, failure.column, failure.value, failure.rule, fix)]
    findings = []
    for row in failure.rows:
        key = {name: cells.frame[name][row] for name in list_key(table) or cells.frame.columns}
        value = format_key(key) if failure.column is None else cells.frame[failure.column][row]
        fix, line = _mend(failure, table, batch, key, value)
        findings.append(Finding(cells.file, cells.line(row), failure.column, value, failure.rule, fix, correction=line))
    return [*findings[:-1], replace(findings[-1], more=failure.count - len(findings))]


def _mend(failure: Failure, table: Table, batch: str, key: dict[str, str], raw: str) -> tuple[str, str]:
    """Return what to do, and the correction that would do it, if one would."""
    if failure.rule == _unique_rule(table.schema):
        return f"remove the repeated row at its source, or change `unique` of the table in {SCHEMA_FILE}", ""
    if failure.column is None:
        return f"correct the rows at their source, or change the rule in {SCHEMA_FILE}", ""
    nulls = list(table.null_values) if table.schema.columns[failure.column].nullable else []
    corrected = nulls[0] if nulls and raw not in nulls else "VALUE"
    line = format_line(Correction(table.name, batch, key, failure.column, raw, corrected, "REASON"))
    return MEND_CELL, line
