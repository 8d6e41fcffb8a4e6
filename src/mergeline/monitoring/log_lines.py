"""Reading the prediction log file by file and chunk by chunk: memory does not grow with it, damaged lines are counted.

Nothing here is yours to edit. The form of the log is told in docs/serving.md.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from mergeline.errors import MergelineError

CHUNK_BYTES = 4 * 2**20
LONGEST_LINE = 2**20
FIELDS = {
    "at": pl.String,
    "row_id": pl.String,
    "digest": pl.String,
    "shadow": pl.Boolean,
    "score": pl.Float64,
    "ms": pl.Float64,
    "breaches": pl.List(pl.String),
}
KINDS = {"categorical": pl.String, "numeric": pl.Float64}


@dataclass
class LogState:
    """What was met while reading: files, whole lines, lines that are none, and files whose last line is torn."""

    files: int = 0
    lines: int = 0
    unreadable: int = 0
    torn: int = 0
    removed: int = 0
    first_unreadable: str | None = field(default=None)


def read_log(folder: Path, kinds: Mapping[str, str], state: LogState) -> Iterator[tuple[pl.DataFrame, bytes]]:
    """Yield the log in frames of a few thousand rows, each with the bytes that it was read from.

    Parameters
    ----------
    folder : Path
        The log's folder; files in order of their names.
    kinds : mapping of str to {"categorical", "numeric"}
        The inputs that are wanted. Others are passed over.
    state : LogState
        Counts go here.

    Yields
    ------
    frame : polars.DataFrame
        `day` (Date, UTC) and the log's fields; `inputs` is a struct of the wanted inputs, null where there is none.
    raw : bytes
        Whole lines.

    Raises
    ------
    MergelineError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise MergelineError(
            "there is no prediction log", where=str(folder), fix="give the folder that the service writes to: --log …"
        )
    schema: dict[str, Any] = {**FIELDS, "inputs": pl.Struct({name: KINDS[kind] for name, kind in kinds.items()})}
    for path in sorted(folder.glob("*.jsonl")):
        try:
            handle = path.open("rb")
        except FileNotFoundError:
            # The service removes its oldest files while we read.
            state.removed += 1
            continue
        with handle:
            state.files += 1
            for raw in _split(handle, path, state):
                yield _parse(raw, schema, path, state), raw


def _split(handle: io.BufferedReader, path: Path, state: LogState) -> Iterator[bytes]:
    """Yield chunks that end at the end of a line; the rest of the file is a torn line unless it parses."""
    rest = b""
    while block := handle.read(CHUNK_BYTES):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        elif len(rest) < LONGEST_LINE:
            rest += block
    if rest.strip():
        if _is_line(rest):
            yield rest
        else:
            state.torn += 1
            state.first_unreadable = state.first_unreadable or f"{path.name}, last line"


def _parse(raw: bytes, schema: Mapping[str, Any], path: Path, state: LogState) -> pl.DataFrame:
    frame = pl.concat([_read(b"", schema), *_read_whole(raw, schema)])
    known = frame.with_columns(day=pl.col("at").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)).filter(
        pl.all_horizontal(pl.col("day", "digest", "score", "shadow", "inputs").is_not_null())
    )
    lines = sum(1 for line in raw.splitlines() if line.strip()) if len(known) < raw.count(b"\n") else len(known)
    state.lines += len(known)
    if lines > len(known):
        state.unreadable += lines - len(known)
        state.first_unreadable = state.first_unreadable or path.name
    return known


def _read(raw: bytes, schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.read_ndjson(io.BytesIO(raw), schema=dict(schema)) if raw.strip() else pl.DataFrame(schema=dict(schema))


def _read_whole(raw: bytes, schema: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Yield what can be read of `raw`: all at once, or the halves of it apart where a line is damaged."""
    try:
        yield _read(raw, schema)
    except PolarsError:
        lines = raw.splitlines(keepends=True)
        if len(lines) > 1:
            middle = len(lines) // 2
            yield from _read_whole(b"".join(lines[:middle]), schema)
            yield from _read_whole(b"".join(lines[middle:]), schema)


def _is_line(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
