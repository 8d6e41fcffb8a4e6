"""Reading and writing files: whole or not at all, and the same bytes on every machine.

Nothing here is yours to edit. What DVC hashes is written by these functions alone: JSON with sorted keys and no NaN,
Parquet rechunked with a fixed row group, text with `\\n`.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergeline.errors import MergelineError

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_SIZE = 65_536


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`; on success it takes the place of `path`, else it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path`; on success it takes the place of `path`, else it is gone.

    What a killed run left behind is removed first; if it was killed between the two moves, `path` comes back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.new"
    retired = path.parent / f".{path.name}.old"
    if retired.exists() and not path.exists():
        retired.replace(path)
    for leftover in (temporary, retired):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.replace(retired)
        temporary.replace(path)
    finally:
        if retired.exists() and not path.exists():
            retired.replace(path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` as UTF-8 with `\\n` line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write `content` as JSON, whole or not at all.

    Raises
    ------
    MergelineError
        If a number is NaN or infinite: strict readers (jq, JavaScript) refuse such a file.
    """
    try:
        text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise MergelineError(
            f"a value is not a finite number ({_first_not_finite(content)})",
            where=str(path),
            fix="find the metric that became NaN or infinite; a period without both classes is the usual cause",
        ) from error
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Return the content of the JSON file at `path`.

    Raises
    ------
    MergelineError
        If the file is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MergelineError(
            "a file is missing", where=str(path), fix="run `make`, which writes it, and try again"
        ) from error
    except ValueError as error:
        raise MergelineError(
            f"not a JSON file: {error}", where=str(path), fix="run `make` again; if the file is in git, restore it"
        ) from error


def write_parquet(path: Path, frame: "pl.DataFrame") -> None:
    """Write `frame` as Parquet, whole or not at all; equal frames give equal bytes however they are chunked.

    Raises
    ------
    OSError
        If the system refuses, as on a full disk; polars 2.1 would hide the reason in a `ComputeError`.
    """
    from polars.exceptions import ComputeError

    with replacing(path) as temporary:
        try:
            frame.rechunk().write_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP_SIZE, statistics=True)
        except ComputeError as error:
            if refused := re.search(r"\(os error (\d+)\)", str(error)):
                number = int(refused[1])
                raise OSError(number, os.strerror(number), str(path)) from error
            raise


def compute_digest(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _first_not_finite(content: Any, at: str = "") -> str:
    if isinstance(content, dict):
        children = [(f"{at}.{key}" if at else str(key), value) for key, value in content.items()]
    elif isinstance(content, list | tuple):
        children = [(f"{at}[{position}]", value) for position, value in enumerate(content)]
    elif isinstance(content, float) and (content != content or content in (float("inf"), float("-inf"))):
        return f"{at} is {content}"
    else:
        return ""
    return next((found for place, value in children if (found := _first_not_finite(value, place))), "")
