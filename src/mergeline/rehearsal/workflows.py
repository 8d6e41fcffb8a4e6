"""Reading workflow files: triggers, jobs, permissions, runners and actions, as GitHub understands them.

Nothing here is yours to edit; the workflows are, in `.github/workflows/`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergeline.params import read_yaml

WORKFLOWS = Path(".github/workflows")
SCOPES = (
    *("actions", "attestations", "checks", "contents", "deployments", "discussions", "id-token", "issues", "models"),
    *("packages", "pages", "pull-requests", "security-events", "statuses"),
)
LEVELS = ("none", "read", "write")


@dataclass(frozen=True)
class JobPlan:
    """One job of a workflow file.

    Attributes
    ----------
    id, name : str
        Key in the file, and the name shown.
    permissions : dict of str to str
        Scope to "read" or "write"; what is not listed is "none".
    runs_on : tuple of str
        Runner labels.
    uses : tuple of str
        Actions and reusable workflows, as written.
    matrix : dict of str to list
        Axes of the matrix that are written out.
    body : dict
        The job as it stands in the file.
    """

    id: str
    name: str
    permissions: Mapping[str, str]
    runs_on: tuple[str, ...]
    uses: tuple[str, ...]
    matrix: Mapping[str, list[Any]] = field(hash=False)
    body: Mapping[str, Any] = field(hash=False, repr=False)


@dataclass(frozen=True)
class Workflow:
    """One workflow file: its name, its triggers with their filters, and its jobs."""

    path: Path
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    jobs: tuple[JobPlan, ...]


_parsed: dict[bytes, Mapping[str, Any]] = {}


def load_workflows(tree: Path) -> list[Workflow]:
    """Return the workflows of the repository in folder `tree`, by file name."""
    return [read_workflow(path, tree) for path in sorted((tree / WORKFLOWS).glob("*.y*ml"))]


def read_workflow(path: Path, tree: Path) -> Workflow:
    """Return the workflow in the file at `path`, which lies in the repository in folder `tree`."""
    content = read_once(path)
    shared = content.get("permissions")
    jobs = tuple(_read_job(key, body or {}, shared, tree) for key, body in (content.get("jobs") or {}).items())
    return Workflow(path.relative_to(tree), content.get("name", path.stem), _read_triggers(content.get("on")), jobs)


def find_actions(steps: list[dict[str, Any]], tree: Path) -> Iterator[str]:
    """Yield what `steps` use, and what the repository's own composite actions among them use in turn."""
    for step in steps:
        if used := step.get("uses"):
            yield used
            if used.startswith("./"):
                for name in ("action.yml", "action.yaml"):
                    if (tree / used / name).is_file():
                        yield from find_actions(read_once(tree / used / name)["runs"].get("steps", []), tree)


def read_once(path: Path) -> Mapping[str, Any]:
    """Return the content of the YAML file at `path`; the same bytes, in whichever checkout, are parsed once."""
    content = path.read_bytes()
    if content not in _parsed:
        _parsed[content] = read_yaml(path)
    return _parsed[content]


def _read_triggers(written: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(written, str):
        return {written: {}}
    if isinstance(written, list):
        return {name: {} for name in written}
    return {name: (filters if isinstance(filters, dict) else {}) for name, filters in (written or {}).items()}


def _read_job(key: str, body: Mapping[str, Any], shared: Any, tree: Path) -> JobPlan:
    labels = body.get("runs-on", [])
    matrix = (body.get("strategy") or {}).get("matrix") or {}
    used = [body["uses"]] if "uses" in body else []
    return JobPlan(
        id=key,
        name=str(body.get("name", key)),
        permissions=_expand(body.get("permissions", shared)),
        runs_on=tuple(labels) if isinstance(labels, list) else (str(labels),),
        uses=(*used, *find_actions(body.get("steps") or [], tree)),
        matrix={axis: values for axis, values in matrix.items() if isinstance(values, list)}
        if isinstance(matrix, dict)
        else {},
        body=body,
    )


def _expand(written: Any) -> dict[str, str]:
    """Return permissions written as a word, as a group, or not at all (then GitHub's restricted default) as a group."""
    if written is None:
        return {"contents": "read", "packages": "read"}
    if isinstance(written, str):
        return dict.fromkeys(SCOPES, written.removesuffix("-all"))
    return dict(written)
