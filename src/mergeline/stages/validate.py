"""Stage: checks every raw file against its contract, applies the reviewed corrections and writes the typed tables.

Nothing here is yours to edit: rows are judged by `src/usecase/schema.py`, batches by `params.yaml`, group `validate`;
single cells are mended in `src/usecase/corrections.csv`.
"""

if __name__ == "__main__":
    from mergeline.data.lean_pandera import import_lean_pandera

    import_lean_pandera()

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from mergeline.command import run
from mergeline.data.corrections import read_corrections
from mergeline.data.findings import DataError
from mergeline.data.raw_files import compare_files, list_dates, list_files
from mergeline.data.validation import judge_batch, validate_file
from mergeline.data.validation_report import FileResult, build_json, build_markdown
from mergeline.errors import MergelineError
from mergeline.files import replacing_directory, write_json, write_text
from mergeline.params import PARAMS_FILE, Params, load_params
from mergeline.vocabulary import Correction
from usecase.schema import TABLES, batch_dates

CORRECTIONS_FILE = Path("src/usecase/corrections.csv")
MOST_FILES_AT_ONCE = 4


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.validate",
        description="Check the raw batches against their contract and write them typed and corrected. Data that break "
        "the contract stop here: nothing is written but the report, which names file, line, column, value and rule.",
    )
    parser.add_argument("--data", type=Path, required=True, help="directory of the raw files")
    parser.add_argument("--clean", type=Path, required=True, help="directory to write the typed tables to, as Parquet")
    parser.add_argument("--report", type=Path, required=True, help="directory to write validation.json and .md to")
    parser.add_argument("--corrections", type=Path, default=CORRECTIONS_FILE, help="corrections (default: %(default)s)")
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Leave the report written and, if the data keep their contract, the typed tables.

    Raises
    ------
    DataError
        If any file breaks the contract; every file was checked, and the tables are as they were.
    """
    options = make_parser().parse_args(argv)
    params = load_params(options.params)
    corrections = read_corrections(options.corrections, TABLES)
    if not options.data.is_dir():
        raise MergelineError("there are no data", where=options.data.as_posix(), fix="run `make data`, which gets them")
    report = options.report / "validation.md"
    with replacing_directory(options.clean) as clean:
        results = validate_files(options.data, params, corrections, options.corrections, clean)
        others = compare_files(options.data, TABLES, params.procure.batches)
        write_json(report.with_suffix(".json"), build_json(results, others))
        write_text(report, build_markdown(results, others))
        findings = [*others, *(finding for result in results for finding in result.findings)]
        if findings:
            raise DataError(findings, report=report.as_posix())
    print(f"The data keep their contract. Typed tables: {options.clean}. Report: {report}")
    return 0


def validate_files(
    data: Path, params: Params, corrections: Sequence[Correction], corrections_file: Path, clean: Path
) -> list[FileResult]:
    """Return what came of each file that is there, in order, the typed tables written below `clean`.

    A file that breaks its contract does not keep the others from being checked. As many files are in memory at once as
    there are cores, at most four; what came of the earlier ones is small.
    """
    batches = params.procure.batches
    dates = list_dates(batches, batch_dates)
    files = [(data / name, table, batch) for table, batch, name in list_files(TABLES, batches)]
    files = [item for item in files if item[0].is_file()]
    results: list[FileResult] = []
    with ThreadPoolExecutor(min(pl.thread_pool_size(), MOST_FILES_AT_ONCE)) as pool:
        validated = pool.map(
            lambda item: validate_file(item[0], item[1], item[2], corrections, corrections_file, clean), files
        )
        for result, (_, table, batch) in zip(validated, files, strict=True):
            earlier = [item for item in results if item.table == table.name]
            judge_batch(result, earlier, table, dates.get(batch, []), params.validate, clean)
            print(_describe(result))
            results.append(result)
    return results


def _describe(result: FileResult) -> str:
    counted = f"{result.profile.rows:,} rows" if result.profile else "not counted"
    corrected = f", {len(result.corrections)} corrected" if result.corrections else ""
    return f"{result.file}: {counted}{corrected}, {'broken' if result.findings else 'ok'}"


if __name__ == "__main__":
    run(main)
