"""Reads one raw CSV file strictly: every line has every field, every cell is what its column says, or it is named.

Nothing here is yours to edit: the header and the types of a table are its schema in `src/usecase/schema.py`.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import polars as pl
from polars import selectors as cs

from mergeline.data.findings import MEND_CELL, SCHEMA_FILE, DataError, Finding, limit
from mergeline.errors import MergelineError
from mergeline.vocabulary import Table

FETCH_AGAIN = "fetch the file again: remove it and run `make data`"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True)
class Cells:
    """The cells of one file as text, in file order.

    Attributes
    ----------
    file : str
        Path of the file.
    frame : polars.DataFrame
        One String column per column of the file; never null.
    lines : sequence of int or None
        Line on which each row begins; None if row i is line i + 2.
    """

    file: str
    frame: pl.DataFrame
    lines: Sequence[int] | None = None

    def line(self, row: int) -> int:
        """Return the line, 1 being the header, of the 0-based `row`."""
        return row + 2 if self.lines is None else self.lines[row]


def read_cells(path: Path, columns: Sequence[str]) -> Cells:
    """Return the cells of the CSV file at `path`, whose header is exactly `columns`.

    Raises
    ------
    DataError
        If the file is empty, not UTF-8 or cut off, or its header differs, or a line has too few or too many fields.

    Notes
    -----
    polars fills short lines with nulls without a word, and does not say which line is too long. Lines are not counted
    one by one: without quotes, no line too long (polars stops at one) and the right number of commas in all is proof.
    """
    file, data = path.as_posix(), path.read_bytes()
    _check_text(file, data)
    _check_header(file, data, columns)
    if not data.endswith(b"\n"):
        cut = data.rsplit(b"\n", 1)[-1].decode()
        line = data.count(b"\n") + 1
        raise DataError([Finding(file, line, None, cut, "the last line ends with a line end", FETCH_AGAIN)])
    if data.find(b"\n") == len(data) - 1:
        fix = "fetch the batch again, or take it out of procure.batches in params.yaml"
        raise DataError([Finding(file, None, None, "a header and no row", "the file holds rows", fix)])
    if b'"' in data:
        return _read_quoted(file, data, columns)
    commas = data.count(b"\n") * (len(columns) - 1)
    if data.count(b",") == commas and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")):
        # The error: one line is too long, and others are as much too short.
        with suppress(pl.exceptions.ComputeError):
            return Cells(file, pl.read_csv(data, infer_schema=False, empty_string_is_null=False, quote_char=None))
    raise DataError(_find_malformed(file, data, columns))


def type_cells(cells: Cells, table: Table) -> pl.DataFrame:
    """Return the cells as the types of the schema; the table's `null_values` become null.

    Raises
    ------
    DataError
        If a cell is not what its column's type says. `NaN` and `inf` are no numbers here.
    MergelineError
        If the schema uses a type that text cannot be read as.
    """
    texts = cells.frame
    for null in table.null_values:
        texts = texts.select(pl.when(pl.all() != null).then(pl.all()))
    typed = texts.select(_read_as(name, column.dtype.type) for name, column in table.schema.columns.items())
    typed = typed.with_columns(pl.when(cs.float().is_finite()).then(cs.float()))
    counts = zip(typed.columns, texts.null_count().row(0), typed.null_count().row(0), strict=True)
    lost = [name for name, before, after in counts if before != after]
    if lost:
        raise DataError([finding for name in lost for finding in _find_mistyped(cells, texts, typed, name)])
    return typed


def _check_text(file: str, data: bytes) -> None:
    if not data:
        raise DataError([Finding(file, None, None, "0 bytes", "the file has a header and rows", FETCH_AGAIN)])
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        value = repr(data[error.start : error.end])
        raise DataError([Finding(file, line, None, value, "the text is UTF-8", FETCH_AGAIN)]) from error


def _check_header(file: str, data: bytes, columns: Sequence[str]) -> None:
    text = data.split(b"\n", 1)[0].decode().removesuffix("\r")
    header = next(csv.reader([text]), [])
    if header == list(columns):
        return
    pairs = enumerate(zip_longest(columns, header))
    place, (expected, found) = next((place, pair) for place, pair in pairs if pair[0] != pair[1])
    missing = [name for name in columns if name not in header]
    unknown = [repr(name) for name in header if name not in columns]
    value = f"'{found}' as column {place + 1}" if found is not None else f"only {len(header)} columns"
    value += f"; missing: {', '.join(missing)}" if missing else ""
    value += f"; unknown: {', '.join(unknown)}" if unknown else ""
    rule = f"is column {place + 1} of the header" if expected else f"the header has {len(columns)} columns"
    fix = f"give the file the header that {SCHEMA_FILE} has, or follow the source's change there"
    raise DataError([Finding(file, 1, expected, value, rule, fix)])


def _records(data: bytes) -> Iterator[tuple[int, list[str], str]]:
    """Yield the line on which each record begins, 1 being the header, its fields, and what is wrong with its quotes."""
    reader = csv.reader(io.StringIO(data.decode(), newline="\n"), strict=True)
    line = 1
    try:
        for fields in reader:
            yield line, fields, ""
            line = reader.line_num + 1
    except csv.Error as error:
        yield line, [], str(error)


def _find_malformed(file: str, data: bytes, columns: Sequence[str]) -> list[Finding]:
    """Return where a line has another number of fields than the header, or a quote that does not close."""
    rule = f"every line has {len(columns)} fields"
    fix = f"correct the line at its source, or {FETCH_AGAIN}"
    lines = data.split(b"\n")
    found = [
        Finding(file, line, None, f"{error or f'{len(fields)} fields'}: {lines[line - 1].decode()}", rule, fix)
        for line, fields, error in _records(data)
        if len(fields) != len(columns)
    ]
    return limit(found)


def _read_quoted(file: str, data: bytes, columns: Sequence[str]) -> Cells:
    """Return the cells of a file with quotes, in which a field may hold commas and line ends; slower."""
    malformed = _find_malformed(file, data, columns)
    if malformed:
        raise DataError(malformed)
    lines, rows, _ = zip(*islice(_records(data), 1, None), strict=True)
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String), orient="row")
    return Cells(file, frame, lines)


def _read_as(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        form, unit, zone = TIME_FORMAT + ("Z" if dtype.time_zone else ""), dtype.time_unit, dtype.time_zone
        return pl.col(name).str.to_datetime(form, time_unit=unit, time_zone=zone, strict=False)
    if dtype == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.String or dtype.is_numeric():
        return pl.col(name).cast(dtype, strict=False)
    raise MergelineError(
        f"column '{name}' has type {dtype}, which text is not read as",
        where=SCHEMA_FILE,
        fix="use pl.String, a whole number or float type, pl.Date, or pl.Datetime('us', 'UTC')",
    )


def _find_mistyped(cells: Cells, texts: pl.DataFrame, typed: pl.DataFrame, name: str) -> list[Finding]:
    dtype = typed.schema[name]
    if isinstance(dtype, pl.Datetime):
        words = "a time as 2013-02-12T08:00:00" + ("Z" if dtype.time_zone else "")
    elif dtype == pl.Date:
        words = "a date as 2013-02-12"
    else:
        words = f"a whole number ({dtype})" if dtype.is_integer() else "a finite number"
    rows = (typed[name].is_null() & texts[name].is_not_null()).arg_true().to_list()
    found = [Finding(cells.file, cells.line(row), name, texts[name][row], f"is {words}", MEND_CELL) for row in rows]
    return limit(found)
