"""What is wrong with the data, cell by cell, and the error that says so.

Nothing here is yours to edit: rules come from `src/usecase/schema.py`, limits from `params.yaml`, group `validate`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from mergeline.errors import MergelineError

LISTED_PER_RULE = 100
SHOWN_PER_RULE = 10
SHOWN_RULES = 20
SHOWN_CORRECTIONS = 3
SCHEMA_FILE = "src/usecase/schema.py"
CORRECTIONS_FILE = "src/usecase/corrections.csv"
MEND_CELL = f"correct the source, or add a line to {CORRECTIONS_FILE} for one bad record, or change {SCHEMA_FILE}"


@dataclass(frozen=True)
class Finding:
    """One place where the data are not what they must be.

    Attributes
    ----------
    file : str
        Path of the file.
    line : int or None
        Line in the file, 1 being the header; None if the whole file is meant.
    column : str or None
        Column name; None if the row or file is meant.
    value : str or None
        What is there, as written in the file.
    rule : str
        What must be, in words that follow on from the column's name.
    fix : str
        What to do about it, in the imperative.
    more : int
        How many further rows of the file break the same rule and are not listed.
    correction : str
        The line of `corrections.csv` that would mend the cell, its reason to be filled in; "" if none would.
    """

    file: str
    line: int | None
    column: str | None
    value: str | None
    rule: str
    fix: str
    more: int = 0
    correction: str = ""


class DataError(MergelineError):
    """Data that break their contract; `findings` says where."""

    def __init__(self, findings: Sequence[Finding], *, report: str = "") -> None:
        files = sorted({finding.file for finding in findings})
        groups = group_by_rule(findings)
        shown = [line for group in groups[:SHOWN_RULES] for line in _describe(group)]
        if len(groups) > SHOWN_RULES:
            shown.append(f"  … and {len(groups) - SHOWN_RULES} more rules broken")
        fixes = list(dict.fromkeys(group[0].fix for group in groups[:SHOWN_RULES]))
        corrections = [group[0].correction for group in groups if group[0].correction][:SHOWN_CORRECTIONS]
        if corrections:
            fixes += [f"such as, once you know the true value and can say how, in {CORRECTIONS_FILE}:", *corrections]
        super().__init__(
            "\n".join(["the data break their contract", *shown]),
            where=", ".join(files[:5])
            + (f" and {len(files) - 5} more files" if len(files) > 5 else "")
            + (f"; all findings: {report}" if report else ""),
            fix="\n".join(fixes),
        )
        self.findings = list(findings)


def group_by_rule(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return the findings grouped by file, column and rule, in order of first appearance, lines ascending."""
    order: dict[tuple[str, str | None, str], int] = {}
    for finding in findings:
        order.setdefault((finding.file, finding.column, finding.rule), len(order))

    def position(finding: Finding) -> int:
        return order[finding.file, finding.column, finding.rule]

    ranked = sorted(findings, key=lambda finding: (position(finding), finding.line or 0))
    return [list(group) for _, group in groupby(ranked, key=position)]


def limit(findings: Sequence[Finding]) -> list[Finding]:
    """Return the first findings of one rule; the last of them says how many more there are."""
    listed = list(findings[:LISTED_PER_RULE])
    if len(findings) > len(listed):
        listed[-1] = replace(listed[-1], more=len(findings) - len(listed))
    return listed


def count_rows(group: Iterable[Finding]) -> int:
    """Return the number of rows, or files, that a group of findings stands for."""
    return sum(1 + finding.more for finding in group)


def name_rule(finding: Finding) -> str:
    """Return the rule as a sentence: the column's name, where there is one, and what must be."""
    return f"'{finding.column}' {finding.rule}" if finding.column else finding.rule


def _describe(group: list[Finding]) -> list[str]:
    first, total = group[0], count_rows(group)
    rule = f'the rule "{name_rule(first)}"'
    if first.line is None:
        return [f"  {first.file} breaks {rule}: {show(first.value)}"]
    lines = [f"  {first.file}: {total} {'row breaks' if total == 1 else 'rows break'} {rule}"]
    lines += [f"    line {finding.line}: {show(finding.value)}" for finding in group[:SHOWN_PER_RULE]]
    if total > SHOWN_PER_RULE:
        lines.append(f"    … and {total - SHOWN_PER_RULE} more")
    return lines


def show(value: str | None) -> str:
    """Return a cell's text as people read it: shortened, and an empty one named."""
    if not value:
        return "empty"
    return value if len(value) <= 120 else f"{value[:117]}…"
