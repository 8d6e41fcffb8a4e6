"""Turns the results of validation into `validation.json`, for programs, and `validation.md`, for people.

Nothing here is yours to edit. Both depend on the data, schema and params alone: no time, no machine.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mergeline.data.batch_checks import Outcome
from mergeline.data.corrections import format_key
from mergeline.data.findings import Finding, count_rows, group_by_rule, name_rule, show
from mergeline.data.profile import Profile
from mergeline.vocabulary import Correction

FORMAT = 1


@dataclass
class FileResult:
    """What came of one file.

    Attributes
    ----------
    file, table, batch : str
        Path; table name; batch name, "" for a table without batches.
    profile : Profile or None
        Counts; None if the file could not be read or breaks its contract.
    corrections : list of (int, Correction)
        Line and correction of every cell that was corrected.
    outcomes : list of Outcome
        Checks of the batch as a whole.
    findings : list of Finding
        What is wrong; empty if all is well.
    """

    file: str
    table: str
    batch: str
    profile: Profile | None = None
    corrections: list[tuple[int, Correction]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def build_json(results: Sequence[FileResult], others: Sequence[Finding]) -> dict[str, Any]:
    """Return the content of `validation.json`.

    Parameters
    ----------
    results : sequence of FileResult
        One per file that was looked into.
    others : sequence of Finding
        Findings about files that are missing or do not belong.
    """
    findings = _all_findings(results, others)
    return {
        "format": FORMAT,
        "passed": not findings,
        "findings": [asdict(finding) for finding in findings],
        "files": [_file_json(result) for result in results],
    }


def build_markdown(results: Sequence[FileResult], others: Sequence[Finding]) -> str:
    """Return the content of `validation.md`; parameters as of `build_json`."""
    findings = _all_findings(results, others)
    rows = sum(result.profile.rows for result in results if result.profile)
    broken = len({finding.file for finding in findings})
    verdict = f"**Failed**: {broken} files break the data contract." if findings else "**Passed.**"
    good = sum(result.profile is not None for result in results)
    parts = ["# Data validation", f"{verdict} {good} of {len(results)} files keep it row by row: {rows:,} rows."]
    if findings:
        parts += ["## Findings", _findings_table(findings)]
    parts += ["## Files", _files_table(results), "## Checks of whole batches", _checks_tables(results)]
    parts += ["## Corrections applied", _corrections_table(results)]
    return "\n\n".join(parts) + "\n"


def _all_findings(results: Sequence[FileResult], others: Sequence[Finding]) -> list[Finding]:
    return [*others, *(finding for result in results for finding in result.findings)]


def _file_json(result: FileResult) -> dict[str, Any]:
    profile = result.profile
    return {
        "file": result.file,
        "table": result.table,
        "batch": result.batch or None,
        "rows": profile and profile.rows,
        "empty_cells": {name: count for name, count in profile.nulls.items() if count} if profile else {},
        "first_day": profile.days[0].isoformat() if profile and profile.days else None,
        "last_day": profile.days[-1].isoformat() if profile and profile.days else None,
        "labelled": profile and profile.labelled,
        "positive": profile and profile.positive,
        "checks": [asdict(outcome) for outcome in result.outcomes],
        "corrections": [{**asdict(item), "data_line": line} for line, item in result.corrections],
        "findings": count_rows(result.findings),
    }


def _findings_table(findings: Sequence[Finding]) -> str:
    rows = []
    for group in group_by_rule(findings):
        first = group[0]
        line = "" if first.line is None else f"{first.line}"
        fix = f"{first.fix}: `{first.correction}`" if first.correction else first.fix
        rows.append([first.file, line, show(first.value), name_rule(first), f"{count_rows(group)}", fix])
    return _table(["file", "first line", "value", "rule", "rows", "fix"], rows)


def _files_table(results: Sequence[FileResult]) -> str:
    rows = []
    for result in results:
        profile, failed = result.profile, sum(not outcome.passed for outcome in result.outcomes)
        rate = profile.target_rate if profile else None
        empty = sum(profile.nulls.values()) / (profile.rows * len(profile.nulls)) if profile else None
        rows.append(
            [
                result.file,
                f"{profile.rows:,}" if profile else "not counted",
                "" if empty is None else f"{empty:.2%}",
                "" if rate is None else f"{rate:.2%}",
                f"{len(result.outcomes) - failed} of {len(result.outcomes)} passed" if result.outcomes else "",
                str(len(result.corrections) or ""),
                "ok" if not result.findings else f"{count_rows(result.findings)} findings",
            ]
        )
    return _table(["file", "rows", "cells empty", "target rate", "batch checks", "corrections", "result"], rows)


def _checks_tables(results: Sequence[FileResult]) -> str:
    """Return a table per kind of file: a row per batch, a column per check, the limits in the first row."""
    tables = []
    for table in dict.fromkeys(result.table for result in results if result.outcomes):
        judged = [result for result in results if result.table == table and result.outcomes]
        allowed = {outcome.check: outcome.allowed for result in judged for outcome in result.outcomes}
        rows = [["*allowed*", *(f"*{text}*" for text in allowed.values())]]
        rows += [[result.batch, *(_show_outcomes(result.outcomes, check) for check in allowed)] for result in judged]
        tables.append(f"### {table}\n\n{_table(['batch', *allowed], rows)}")
    return "\n\n".join(tables) or "None."


def _show_outcomes(outcomes: Sequence[Outcome], check: str) -> str:
    shown = [
        (f"{outcome.column} " if outcome.column else "") + outcome.value + ("" if outcome.passed else " **failed**")
        for outcome in outcomes
        if outcome.check == check
    ]
    return "; ".join(shown) or "first batch"


def _corrections_table(results: Sequence[FileResult]) -> str:
    rows = [
        [f"{result.file}, line {line}", format_key(item.key), item.column, item.raw, item.corrected, item.reason]
        for result in results
        for line, item in result.corrections
    ]
    return _table(["cell's line", "key", "column", "raw text", "read as", "reason"], rows) if rows else "None."


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines)


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
