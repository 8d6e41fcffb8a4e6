"""The stand-in for GitHub refuses what GitHub refuses."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mergeline.rehearsal.hub import Hub, Refusal, Request
from mergeline.rehearsal.hub_server import respond


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Return a hub with one pull request and a token that may do nothing."""
    made = Hub(tmp_path, base="http://hub")
    made.add_pull("Change", "topic", "a" * 40, "b" * 40, "guest/model", "guest")
    made.tokens["t"] = {"": {}, "writer": {"pull-requests": "write", "actions": "read"}}
    return made


def ask(hub: Hub, method: str, path: str, content: Any = None, token: str = "t", job: str = "", **query: str) -> Any:
    """Return status and content of the answer."""
    where = path if path.startswith(("/artifacts", "/storage")) else f"/api/v3/repos/acme/model{path}"
    answer = respond(hub, Request(method, where, query, token, content, job=job))
    return answer.status, answer.content if answer.data is None else answer.data


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "", "contents: read"),
        ("GET", "/pulls", "pull-requests: read"),
        ("GET", "/pulls/1", "pull-requests: read"),
        ("GET", "/issues/1/comments", "issues|pull-requests: read"),
        ("POST", "/issues/1/comments", "issues|pull-requests: write"),
        ("PATCH", "/issues/comments/5000", "issues|pull-requests: write"),
        ("GET", "/actions/runs/1/artifacts", "actions: read"),
        ("GET", "/actions/artifacts/9000/zip", "actions: read"),
    ],
)
def test_every_call_needs_its_permission(hub: Hub, method: str, path: str, needs: str) -> None:
    """Without it the answer is GitHub's 403, which names here what is missing; without a token it is 401."""
    status, content = ask(hub, method, path, {"body": "x"})
    assert (status, content["message"]) == (403, f"Resource not accessible by integration (needs {needs})")
    assert ask(hub, method, path, {"body": "x"}, token="")[0] == 401


def test_a_call_that_names_its_job_has_that_jobs_permissions(hub: Hub) -> None:
    """Jobs of one run share a token and not their permissions."""
    assert ask(hub, "POST", "/issues/1/comments", {"body": "x"}, job="writer")[0] == 201
    assert ask(hub, "POST", "/issues/1/comments", {"body": "x"}, job="other")[0] == 403


def test_comments_come_by_pages_and_have_a_limit(hub: Hub) -> None:
    """Thirty a page unless told, a hundred at most; 65,536 characters and not one more."""
    for number in range(120):
        hub.add_comment(1, str(number))
    assert len(ask(hub, "GET", "/issues/1/comments", job="writer")[1]) == 30
    assert len(ask(hub, "GET", "/issues/1/comments", job="writer", per_page="500")[1]) == 100
    assert len(ask(hub, "GET", "/issues/1/comments", job="writer", per_page="100", page="2")[1]) == 20
    assert ask(hub, "POST", "/issues/1/comments", {"body": "x" * 65_536}, job="writer")[0] == 201
    assert ask(hub, "POST", "/issues/1/comments", {"body": "x" * 65_537}, job="writer")[0] == 422
    assert ask(hub, "POST", "/issues/7/comments", {"body": "x"}, job="writer")[0] == 404


def test_pull_requests_are_found_by_where_they_come_from(hub: Hub) -> None:
    """The filter is owner and branch; closed ones are listed only if asked for."""
    found = ask(hub, "GET", "/pulls", job="writer", head="guest:topic", state="all", base="main")[1]
    assert [pull["number"] for pull in found] == [1]
    assert ask(hub, "GET", "/pulls", job="writer", head="acme:topic")[1] == []
    hub.pulls[1]["state"] = "closed"
    assert ask(hub, "GET", "/pulls", job="writer")[1] == []


def test_an_artifact_is_uploaded_once_and_by_its_own_run(hub: Hub) -> None:
    """Another run's token, and a second upload of the name, are refused."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("report.md", "text")
    assert ask(hub, "PUT", "/artifacts/7/report", archive.getvalue(), token="runtime-8")[0] == 401
    assert ask(hub, "PUT", "/artifacts/7/report", archive.getvalue(), token="runtime-7")[0] == 201
    assert ask(hub, "PUT", "/artifacts/7/report", archive.getvalue(), token="runtime-7")[0] == 409
    assert ask(hub, "GET", "/artifacts/7/report", token="runtime-7") == (200, archive.getvalue())
    listed = ask(hub, "GET", "/actions/runs/7/artifacts", job="writer")[1]
    assert (listed["total_count"], "file" in listed["artifacts"][0]) == (1, False)
    number = listed["artifacts"][0]["id"]
    assert ask(hub, "GET", f"/actions/artifacts/{number}/zip", job="writer")[0] == 302
    assert ask(hub, "GET", f"/storage/{number}", token="") == (200, archive.getvalue())
    assert ask(hub, "GET", f"/storage/{number}", token="t")[0] == 400


def test_a_call_that_nobody_knows_is_noted(hub: Hub) -> None:
    """A rehearsal in which such a call was made is not green."""
    assert ask(hub, "DELETE", "/issues/1")[0] == 404
    assert hub.unknown_calls() == ["DELETE /repos/R/issues/1"]


def test_a_planted_fault_is_answered(hub: Hub) -> None:
    """Tests can let GitHub fail."""
    hub.faults.append(("GET .*/pulls$", 502, "Bad Gateway"))
    assert ask(hub, "GET", "/pulls", job="writer")[0] == 502
    with pytest.raises(Refusal, match="Bad Gateway"):
        hub.check_faults(Request("GET", "/api/v3/repos/acme/model/pulls", {}, "t"))
