"""Which files the raw data consist of, and whether all of them and no others are there.

Nothing here is yours to edit: batches are listed in `params.yaml`, key `procure.batches`; where a table's files lie and
which dates a batch holds is in `src/usecase/schema.py`.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from mergeline.data.findings import Finding
from mergeline.errors import MergelineError
from mergeline.params import PARAMS_FILE
from mergeline.vocabulary import Table


def is_batched(table: Table) -> bool:
    """Return whether the table has one file per batch."""
    return "{batch}" in table.path


def list_files(tables: Sequence[Table], batches: Sequence[str]) -> list[tuple[Table, str, str]]:
    """Return table, batch and path below the data directory of every file; batch is "" for a table without batches."""
    return [
        (table, batch, table.path.format(batch=batch))
        for table in tables
        for batch in (batches if is_batched(table) else [""])
    ]


def clean_path(clean: Path, table: Table, batch: str) -> Path:
    """Return where the typed table of a file lies below the directory `clean`."""
    return clean / (f"{table.name}/{batch}.parquet" if batch else f"{table.name}.parquet")


def compare_files(data: Path, tables: Sequence[Table], batches: Sequence[str]) -> list[Finding]:
    """Return the files that are missing in the directory `data`, and those that do not belong there."""
    expected = {path for _, _, path in list_files(tables, batches)}
    found = {path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()}
    fetch = "run `make data`, or take the batch out of procure.batches in params.yaml"
    remove = "remove the file, or add its batch to procure.batches in params.yaml"
    missing = [
        Finding((data / name).as_posix(), None, None, "no file", "every listed batch has its file", fetch)
        for name in sorted(expected - found)
    ]
    extra = [
        Finding((data / name).as_posix(), None, None, "a file", "every file belongs to a listed batch", remove)
        for name in sorted(found - expected)
    ]
    return missing + extra


def list_dates(
    batches: Sequence[str], batch_dates: Callable[[str], Sequence[date]], params_file: Path = PARAMS_FILE
) -> dict[str, Sequence[date]]:
    """Return the dates of each batch.

    Raises
    ------
    MergelineError
        If `batch_dates` does not know a batch, or the batches are not in order, or no batch holds the dates between
        two of them.
    """
    where = f"{params_file.as_posix()}, key 'procure.batches'"
    dates: dict[str, Sequence[date]] = {}
    for batch in batches:
        try:
            dates[batch] = batch_dates(batch)
        except ValueError as error:
            fix = "write it as `batch_dates` in src/usecase/schema.py reads it"
            raise MergelineError(f"'{batch}' is no batch: {error}", where=where, fix=fix) from error
    for before, after in pairwise(batch for batch in batches if dates[batch]):
        first, last = dates[before][-1] + timedelta(days=1), dates[after][0] - timedelta(days=1)
        if last < first - timedelta(days=1):
            raise MergelineError(f"'{after}' follows '{before}'", where=where, fix="list each batch once, oldest first")
        if last >= first:
            what = f"no batch holds {first} to {last}, between '{before}' and '{after}'"
            raise MergelineError(what, where=where, fix="list the missing batch too: features look back over past days")
    return dates
