"""Validates one file by itself, then its batch beside the earlier ones: the two steps of the validate stage.

Nothing here is yours to edit: rows are judged by `src/usecase/schema.py`, batches by `params.yaml`, group `validate`.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from mergeline.data.batch_checks import check_batch, find_shared_keys, may_share_keys
from mergeline.data.contract import check_contract
from mergeline.data.corrections import apply_corrections, format_key
from mergeline.data.findings import DataError, Finding, limit
from mergeline.data.profile import compute_profile, list_key
from mergeline.data.raw_files import clean_path
from mergeline.data.tables import read_cells, type_cells
from mergeline.data.validation_report import FileResult
from mergeline.files import write_parquet
from mergeline.params import Validate
from mergeline.vocabulary import Correction, Table


def validate_file(
    path: Path, table: Table, batch: str, corrections: Sequence[Correction], corrections_file: Path, clean: Path
) -> FileResult:
    """Write the typed table of one file below `clean` if the file keeps its contract; return what came of it.

    What comes of it depends on the file, its schema and the corrections alone, not on other batches.
    """
    result = FileResult(path.as_posix(), table.name, batch)
    try:
        cells = read_cells(path, list(table.schema.columns))
        cells, result.corrections = apply_corrections(cells, table, batch, corrections, corrections_file)
        frame = type_cells(cells, table)
    except DataError as error:
        result.findings = error.findings
        return result
    result.findings = check_contract(frame, cells, table, batch)
    if not result.findings:
        result.profile = compute_profile(frame, table)
        write_parquet(clean_path(clean, table, batch), frame)
    return result


def judge_batch(
    result: FileResult,
    earlier: Sequence[FileResult],
    table: Table,
    dates: Sequence[date],
    limits: Validate,
    clean: Path,
) -> None:
    """Add to `result` what its batch shows as a whole, beside the earlier batches of its table, oldest first.

    Files that break their contract are passed over: what is wrong with them is said already.
    """
    if result.profile is None or not result.batch:
        return
    profiles = [item.profile for item in earlier if item.profile is not None]
    result.outcomes = check_batch(result.profile, profiles, table, dates, limits)
    result.findings += [
        Finding(result.file, None, outcome.column, outcome.value, f"{outcome.check}: {outcome.allowed}", outcome.fix)
        for outcome in result.outcomes
        if not outcome.passed
    ]
    for item in earlier if list_key(table) else []:
        if item.profile is not None and may_share_keys(result.profile, item.profile):
            result.findings += _find_repeated(result, item, table, clean)


def _find_repeated(result: FileResult, earlier: FileResult, table: Table, clean: Path) -> list[Finding]:
    key = list_key(table)
    ours, theirs = (
        pl.read_parquet(clean_path(clean, table, batch), columns=key) for batch in (result.batch, earlier.batch)
    )
    rows = find_shared_keys(ours, theirs, key)
    texts = ours[rows].select(pl.all().cast(pl.String)).to_dicts()
    rule = f"{', '.join(key)} together occur in one batch only"
    fix = f"{earlier.file} has the rows too: remove them from one of the two at their source"
    lines = zip(rows, texts, strict=True)
    return limit([Finding(result.file, row + 2, None, format_key(cells), rule, fix) for row, cells in lines])
