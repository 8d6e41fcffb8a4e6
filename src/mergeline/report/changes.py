"""The sections on what a change changes before any model: parameters, and data with what their validation said.

Nothing here is yours to edit: parameters are in `params.yaml`, the data are named by `data.dvc`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from mergeline.report.inputs import Content, Inputs, get_data_files, get_data_hash
from mergeline.report.markdown import code, number, prose, table

ABSENT = object()
MAX_PARAMS, MAX_FILES, MAX_CHECKS = 40, 40, 24


def flatten(content: Any, prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested groups by dotted name; a list is a leaf, and so is an empty group."""
    if not isinstance(content, Mapping) or not content:
        return {prefix: content}
    pairs = (flatten(value, f"{prefix}.{key}" if prefix else str(key)) for key, value in content.items())
    return {name: value for pair in pairs for name, value in pair.items()}


def compare_params(before: Content, now: Content) -> list[tuple[str, Any, Any]]:
    """Return name, value before and value now of each parameter that differs, in the order of now; ABSENT is absent."""
    old, new = flatten(before), flatten(now)
    names = [*new, *(name for name in old if name not in new)]
    both = ((name, old.get(name, ABSENT), new.get(name, ABSENT)) for name in names)
    return [(name, was, is_) for name, was, is_ in both if _show(was) != _show(is_)]


def build_params(inputs: Inputs) -> str:
    """Return the section on parameters, all groups."""
    heading = "### Parameters changed\n\n"
    if inputs.params is None:
        return f"{heading}`params.yaml` is missing or cannot be read."
    if inputs.base_params is None:
        return heading + describe_absence(inputs, "params.yaml")
    changed = compare_params(inputs.base_params, inputs.params)
    if not changed:
        return f"{heading}None: all {len(flatten(inputs.params))} are as at the base."
    rows = [[code(name), _show(was), _show(is_)] for name, was, is_ in changed[:MAX_PARAMS]]
    more = f"\n\n… and {len(changed) - MAX_PARAMS} more." if len(changed) > MAX_PARAMS else ""
    return f"{heading}{table(['parameter', 'before', 'now'], rows)}{more}"


def compare_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return path and "added", "dropped" or "changed" of each raw file that differs, sorted by path."""
    kinds = {(False, True): "added", (True, False): "dropped", (True, True): "changed"}
    paths = sorted({*before, *now})
    return [(path, kinds[path in before, path in now]) for path in paths if before.get(path) != now.get(path)]


def build_data(inputs: Inputs) -> str:
    """Return the section on data: files that differ, their rows, and what validation said."""
    return "\n\n".join(["### Data changed", _build_files(inputs), _build_validation(inputs)])


def describe_absence(inputs: Inputs, name: str) -> str:
    """Return that there is no baseline and how to get one, or that the base holds no such file."""
    base = inputs.base
    if base["commit"]:
        return f"The base {code(base['commit'][:12])} has no {code(name)} that can be read: all of it is new."
    return f"**No baseline:** {prose(base['says'])}. To get one: {code(base['fix'])}"


def _build_files(inputs: Inputs) -> str:
    now, was = get_data_hash(inputs.data), get_data_hash(inputs.base_data)
    if now is None:
        return "`data.dvc` is missing or cannot be read."
    if was is None:
        return describe_absence(inputs, "data.dvc")
    if now == was:
        return f"None: the same {_count_rows(inputs.validation)} as at the base (hash {code(now)})."
    files, before = get_data_files(inputs.data), get_data_files(inputs.base_data)
    if files is None or before is None:
        return f"The hash went from {code(was)} to {code(now)}; `data.dvc` does not list the files of both."
    changed = compare_files(before, files)
    ours, theirs = _index(inputs.validation), _index(inputs.base_validation)
    rows = []
    for path, kind in changed[:MAX_FILES]:
        old, new = _find(theirs, path), _find(ours, path)
        rates = [number(_get_rate(old), ".2%"), number(_get_rate(new), ".2%")]
        counts = [number(item.get("rows"), ",") for item in (old, new)]
        rows.append([code(path), f"**{kind}**", *counts, *rates])
    header = ["file", "", "rows before", "rows now", "target rate before", "now"]
    more = f"\n\n… and {len(changed) - MAX_FILES} more." if len(changed) > MAX_FILES else ""
    said = f"{len(changed)} of {len({*files, *before})} raw files differ"
    said += f"; all now: {_count_rows(inputs.validation)}." if inputs.validation else "."
    return f"{said}\n\n{table(header, rows, range(2, 6))}{more}{_build_drift([p for p, _ in changed], ours)}"


def _build_drift(paths: list[str], files: Mapping[str, Content]) -> str:
    rows = [
        [
            code(path),
            prose(check["check"]),
            prose(" ".join(filter(None, (check.get("column"), check["value"])))),
            prose(check["allowed"]),
            "✓" if check["passed"] else "✗",
        ]
        for path in paths
        for check in _find(files, path).get("checks") or []
    ]
    more = f"\n\n… and {len(rows) - MAX_CHECKS} more." if len(rows) > MAX_CHECKS else ""
    header = ["file", "against the earlier batches", "seen", "allowed", ""]
    return f"\n\n{table(header, rows[:MAX_CHECKS])}{more}" if rows else ""


def _build_validation(inputs: Inputs) -> str:
    validation = inputs.validation
    if validation is None:
        return "Validation left no result."
    files = list(validation.get("files") or [])
    checks = [check for item in files for check in item.get("checks") or []]
    passed = sum(bool(check["passed"]) for check in checks)
    corrections = sum(len(item.get("corrections") or []) for item in files)
    said = f"{passed} of {len(checks)} checks of whole batches passed; cells corrected by reviewed lines: {corrections}"
    if validation.get("passed"):
        return f"Validation **passed**: {said}."
    return f"Validation **failed**: {len(validation.get('findings') or [])} findings listed; {said}."


def _count_rows(validation: Content | None) -> str:
    files = list((validation or {}).get("files") or [])
    rows = sum(item.get("rows") or 0 for item in files)
    return f"{len(files)} files with {rows:,} rows" if files else "files"


def _index(validation: Content | None) -> dict[str, Content]:
    return {str(item["file"]): item for item in (validation or {}).get("files") or []}


def _find(files: Mapping[str, Content], path: str) -> Content:
    return next((item for name, item in files.items() if re.sub(r"^[^/]*/", "", name) == path), {})


def _get_rate(item: Content) -> float | None:
    labelled = item.get("labelled")
    return item.get("positive", 0) / labelled if labelled else None


def _show(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    return code(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
