"""Which workflows an event starts: GitHub's trigger filters, which act ignores.

Nothing here is yours to edit. Filters are documented under "Workflow syntax for GitHub Actions", patterns under its
"Filter pattern cheat sheet".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mergeline.rehearsal.events import Event
from mergeline.rehearsal.workflows import Workflow

PULL_REQUEST_TYPES = ("opened", "synchronize", "reopened")


def starts(workflow: Workflow, event: Event) -> bool:
    """Return whether `event` starts `workflow`."""
    if event.name not in workflow.triggers or (event.only and event.only != workflow.path.name):
        return False
    filters = workflow.triggers[event.name]
    if event.name == "workflow_run":
        return _starts_after(filters, event.payload)
    types = filters.get("types", PULL_REQUEST_TYPES if event.name == "pull_request" else None)
    if types and event.payload.get("action") not in _listed(types):
        return False
    return _passes_ref(filters, event) and _passes_paths(filters, event.changed)


def matches(patterns: Iterable[str], value: str) -> bool:
    """Return whether `value` passes `patterns`, read in order; one that begins with `!` takes back what matched."""
    found = False
    for pattern in patterns:
        if re.fullmatch(translate(pattern.removeprefix("!")), value):
            found = not pattern.startswith("!")
    return found


def translate(pattern: str) -> str:
    """Return GitHub's filter `pattern` as a regular expression.

    `*` stops at a slash, `**` does not; `?` and `+` repeat the character before them; `[…]` is a class.
    """
    result, position = "", 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            piece, step = "(?:.*/)?", 3
        elif rest.startswith("**"):
            piece, step = ".*", 2
        elif rest[0] == "[" and "]" in rest:
            piece = rest[: rest.index("]") + 1]
            step = len(piece)
        elif rest[0] == "\\" and len(rest) > 1:
            piece, step = re.escape(rest[1]), 2
        else:
            piece, step = {"*": "[^/]*", "?": "?", "+": "+"}.get(rest[0], re.escape(rest[0])), 1
        result += piece
        position += step
    return result


def _starts_after(filters: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    source = payload["workflow_run"]
    if source["name"] not in _listed(filters.get("workflows", [])):
        return False
    if "types" in filters and payload["action"] not in _listed(filters["types"]):
        return False
    return _passes_names(filters, "branches", source["head_branch"])


def _passes_ref(filters: Mapping[str, Any], event: Event) -> bool:
    if event.name == "pull_request":
        return _passes_names(filters, "branches", event.payload["pull_request"]["base"]["ref"])
    if event.name != "push":
        return True
    kind, name = event.payload["ref"].removeprefix("refs/").split("/", 1)
    own, other = ("branches", "tags") if kind == "heads" else ("tags", "branches")
    mentioned = {key.removesuffix("-ignore") for key in filters}
    if own not in mentioned and other in mentioned:
        return False
    return _passes_names(filters, own, name)


def _passes_names(filters: Mapping[str, Any], key: str, name: str) -> bool:
    if key in filters and not matches(_listed(filters[key]), name):
        return False
    return not matches(_listed(filters.get(f"{key}-ignore", [])), name)


def _passes_paths(filters: Mapping[str, Any], changed: Sequence[str]) -> bool:
    if "paths" in filters and not any(matches(_listed(filters["paths"]), path) for path in changed):
        return False
    ignored = _listed(filters.get("paths-ignore", []))
    return not (ignored and changed and all(matches(ignored, path) for path in changed))


def _listed(written: str | Sequence[str]) -> list[str]:
    return [written] if isinstance(written, str) else list(written)
