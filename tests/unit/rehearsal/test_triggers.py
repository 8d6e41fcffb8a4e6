"""GitHub's trigger filters, which decide what a rehearsal runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.rehearsal.events import Event, make_pull_request, make_push, make_workflow_run
from mergeline.rehearsal.triggers import matches, starts, translate
from mergeline.rehearsal.workflows import Workflow

PULL: dict[str, Any] = {
    "number": 1,
    "user": {"login": "developer"},
    "head": {"repo": {"full_name": "acme/model"}},
    "base": {"ref": "main"},
}


def workflow(**triggers: dict[str, Any]) -> Workflow:
    """Return a workflow with `triggers`."""
    return Workflow(Path(".github/workflows/some.yml"), "some", triggers, ())


@pytest.mark.parametrize(
    ("patterns", "value", "expected"),
    [
        (["main"], "main", True),
        (["feature/*"], "feature/a", True),
        (["feature/*"], "feature/a/b", False),
        (["feature/**"], "feature/a/b", True),
        (["**/README.md"], "README.md", True),
        (["**/README.md"], "docs/README.md", True),
        (["*.md"], "docs/a.md", False),
        (["docs/**", "!docs/keep/**"], "docs/keep/a.md", False),
        (["!docs/keep/**", "docs/**"], "docs/keep/a.md", True),
        (["v[12].[0-9]+"], "v1.10", True),
        (["v[12].[0-9]+"], "v3.1", False),
        (["colou?r"], "color", True),
        (["a.b"], "axb", False),
    ],
)
def test_patterns_match_as_on_github(patterns: list[str], value: str, expected: bool) -> None:
    """One star stops at a slash, two do not; later patterns overrule earlier ones."""
    assert matches(patterns, value) is expected


@given(st.text(alphabet="ab/.*-", min_size=1).filter(lambda text: "**" not in text))
def test_a_single_star_never_crosses_a_slash(pattern: str) -> None:
    """What a pattern without `**` matches has as many slashes as the pattern."""
    value = pattern.replace("*", "x")
    assert re.fullmatch(translate(pattern), value)
    if "*" in pattern:
        assert not re.fullmatch(translate(pattern), pattern.replace("*", "x/y", 1).replace("*", "x"))


def test_a_pull_request_starts_what_listens_to_its_base_type_and_paths() -> None:
    """Branches mean the base; types default to opened, synchronize and reopened; any path is enough."""
    opened = make_pull_request("opened", PULL, ("docs/a.md", "src/b.py"))
    assert starts(workflow(pull_request={"branches": ["main"]}), opened)
    assert not starts(workflow(pull_request={"branches": ["release"]}), opened)
    assert starts(workflow(pull_request={"paths": ["src/**"]}), opened)
    assert not starts(workflow(pull_request={"paths": ["data/**"]}), opened)
    assert not starts(workflow(pull_request={"paths-ignore": ["docs/**", "src/**"]}), opened)
    assert not starts(workflow(pull_request={}), make_pull_request("labeled", PULL, ()))
    assert starts(workflow(pull_request={"types": ["labeled"]}), make_pull_request("labeled", PULL, ()))
    assert not starts(workflow(push={}), opened)


def test_a_push_starts_what_listens_to_its_branch() -> None:
    """A filter on tags alone shuts branches out."""
    push = make_push("a", "b", ("x",))
    assert starts(workflow(push={"branches": ["main"]}), push)
    assert starts(workflow(push={}), push)
    assert not starts(workflow(push={"branches-ignore": ["main"]}), push)
    assert not starts(workflow(push={"tags": ["v*"]}), push)
    tag = Event("push", {"ref": "refs/tags/v1"})
    assert starts(workflow(push={"tags": ["v*"]}), tag)
    assert not starts(workflow(push={"branches": ["main"]}), tag)


def test_a_completed_run_starts_what_follows_that_workflow() -> None:
    """The name of the other workflow counts, and the type."""
    event = make_workflow_run({"name": "ci", "head_branch": "topic", "actor": {"login": "developer"}})
    assert starts(workflow(workflow_run={"workflows": ["ci"], "types": ["completed"]}), event)
    assert not starts(workflow(workflow_run={"workflows": ["other"]}), event)
    assert not starts(workflow(workflow_run={"workflows": ["ci"], "types": ["requested"]}), event)
    assert not starts(workflow(workflow_run={"workflows": ["ci"], "branches": ["main"]}), event)


def test_a_dispatch_starts_one_file_only() -> None:
    """Starting a workflow by hand starts no other."""
    assert starts(workflow(workflow_dispatch={}), Event("workflow_dispatch", {}, only="some.yml"))
    assert not starts(workflow(workflow_dispatch={}), Event("workflow_dispatch", {}, only="other.yml"))
