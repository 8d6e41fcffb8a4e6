"""Reviewed corrections of raw cells: read from git, applied to the text before it is typed, never to the raw file.

Nothing here is yours to edit: the corrections are, in `src/usecase/corrections.csv`, one cell a line. `key` names the
row as `column=text`, joined by `;`, in the raw file's own writing.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_
from pathlib import Path

import polars as pl

from mergeline.data.findings import DataError, Finding
from mergeline.data.tables import Cells
from mergeline.errors import MergelineError
from mergeline.vocabulary import Correction, Table

COLUMNS = ["table", "batch", "key", "column", "raw", "corrected", "reason"]


def read_corrections(path: Path, tables: Iterable[Table]) -> list[Correction]:
    """Return the corrections in the file at `path`, in file order.

    Raises
    ------
    MergelineError
        If the file is missing, a line has other fields than the header, or names a table or column that is none, or
        gives no reason, or corrects a cell that another line corrects.
    """
    columns = {table.name: set(table.schema.columns) for table in tables}
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, [])
            lines = [(reader.line_num, fields) for fields in reader]
    except FileNotFoundError as error:
        raise _error("the file is missing", path, 0, f"restore it, or write one line: {','.join(COLUMNS)}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise _error(f"the file is not CSV: {error}", path, 0, "quote a field that holds a comma or a quote") from error
    if header != COLUMNS:
        raise _error(f"the header is {','.join(header)}", path, 1, f"write {','.join(COLUMNS)}")
    corrections = [_parse(fields, columns, path, line) for line, fields in lines]
    seen: dict[tuple[object, ...], int] = {}
    for item in corrections:
        cell = (item.table, item.batch, frozenset(item.key.items()), item.column)
        if cell in seen:
            raise _error(f"corrects the same cell as line {seen[cell]}", path, item.line, "keep one of the two lines")
        seen[cell] = item.line
    return corrections


def apply_corrections(
    cells: Cells, table: Table, batch: str, corrections: Sequence[Correction], path: Path
) -> tuple[Cells, list[tuple[int, Correction]]]:
    """Return the corrected cells, and line and correction of every cell that was corrected.

    Parameters
    ----------
    cells : Cells
        The raw text of one file; left as it is.
    table, batch
        What file it is; `batch` is "" for a table without batches.
    corrections : sequence of Correction
        All corrections; those of other files are passed over.
    path : pathlib.Path
        File of the corrections, for messages.

    Raises
    ------
    DataError
        If a correction's key does not hit exactly one row, or the cell does not hold the raw text it names.
    """
    frame, applied, findings = cells.frame, [], []
    for item in corrections:
        if (item.table, item.batch) != (table.name, batch):
            continue
        hits = cells.frame.select(reduce(and_, (pl.col(name) == text for name, text in item.key.items())))
        rows = hits.to_series().arg_true().to_list()
        found = [cells.frame[item.column][row] for row in rows]
        if found == [item.raw]:
            patched = pl.when(pl.int_range(pl.len()) == rows[0]).then(pl.lit(item.corrected)).otherwise(item.column)
            frame = frame.with_columns(patched.alias(item.column))
            applied.append((cells.line(rows[0]), item))
        else:
            findings.append(_explain(item, cells.file, found, path))
    if findings:
        raise DataError(findings)
    return replace(cells, frame=frame), applied


def format_key(key: dict[str, str]) -> str:
    """Return the key as it is written in the file."""
    return ";".join(f"{name}={text}" for name, text in key.items())


def format_line(item: Correction) -> str:
    """Return the correction as a line of the file, without its line end."""
    text = io.StringIO()
    fields = [item.table, item.batch, format_key(item.key), item.column, item.raw, item.corrected, item.reason]
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()


def _parse(fields: list[str], columns: dict[str, set[str]], path: Path, line: int) -> Correction:
    if len(fields) != len(COLUMNS):
        raise _error(f"{len(fields)} fields", path, line, f"write {len(COLUMNS)} fields: {','.join(COLUMNS)}")
    table, batch, key_text, column, raw, corrected, reason = fields
    if table not in columns:
        raise _error(f"'{table}' is no table", path, line, f"write one of: {', '.join(sorted(columns))}")
    key = dict(part.split("=", 1) for part in key_text.split(";") if "=" in part)
    if len(key) != len(key_text.split(";")):
        raise _error(f"the key is '{key_text}'", path, line, "write column=text, joined by ;")
    for name in (*key, column):
        if name not in columns[table]:
            known = ", ".join(sorted(columns[table]))
            raise _error(f"'{name}' is no column of {table}", path, line, f"write one of: {known}")
    if reason.strip() in ("", "REASON"):
        raise _error("no reason is given", path, line, "say in the last field how you know the true value")
    return Correction(table, batch, key, column, raw, corrected, reason, line)


def _explain(item: Correction, file: str, found: list[str], path: Path) -> Finding:
    rule = f"the correction's key {format_key(item.key)} hits one row of {file}"
    if len(found) == 1:
        rule = f"the correction's raw value is what {file} holds in '{item.column}', '{found[0]}'"
    value = f"{len(found)} rows" if len(found) != 1 else f"'{item.raw}'"
    fix = f"correct or remove line {item.line} of {path.as_posix()}: the raw data are not what it was written for"
    return Finding(path.as_posix(), item.line, None, value, rule, fix)


def _error(what: str, path: Path, line: int, fix: str) -> MergelineError:
    return MergelineError(what, where=path.as_posix() + (f", line {line}" if line else ""), fix=fix)
