"""The command that comments, against the stand-in for GitHub: whom it comments on, and what it says when it may not."""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mergeline.errors import MergelineError
from mergeline.rehearsal.hub import Hub
from mergeline.rehearsal.hub_server import serving
from mergeline.report import publish
from mergeline.report.publish_api import Api
from mergeline.report.publish_comment import can_use_cml, check_digest, find_comment, run_cml
from mergeline.report.publish_text import TITLE, add_watermark, has_watermark

MAY = {"actions": "read", "contents": "read", "pull-requests": "write"}
PERSON, BOT = {"login": "somebody", "type": "User"}, {"login": "github-actions[bot]", "type": "Bot"}
COMMIT = "a" * 40


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Return a running hub with one pull request from a fork and the report of run 7."""
    made = Hub(tmp_path)
    with serving(made):
        made.tokens["t"] = {"": MAY}
        made.add_pull("Change", "topic", COMMIT, "b" * 40, "guest/model", "guest")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as opened:
            opened.writestr("report.md", "## Verdict: promote")
        (tmp_path / "7.zip").write_bytes(content.getvalue())
        shown = {"id": 70, "name": "report", "size_in_bytes": 200, "expired": False, "workflow_run": {"id": 7}}
        made.artifacts.append({**shown, "file": str(tmp_path / "7.zip")})
        yield made


def make_event(**changes: Any) -> dict[str, Any]:
    """Return the event of the completed run 7, with `changes`."""
    run = {
        "id": 7,
        "run_attempt": 1,
        "head_sha": COMMIT,
        "head_branch": "topic",
        "head_repository": {"full_name": "guest/model"},
        "conclusion": "success",
        "html_url": "https://host/run/7",
    }
    return {"workflow_run": run | changes, "repository": {"default_branch": "main"}}


def send(hub: Hub, event: dict[str, Any]) -> int:
    """Let the command work on `event`, without CML and without waiting."""
    api = Api(f"{hub.base}/api/v3", "acme/model", "t", wait=lambda _: None)
    return publish.publish(api, event, {"GITHUB_TOKEN": "t", "PATH": ""})


def test_a_fork_is_found_by_repository_branch_and_commit(hub: Hub) -> None:
    """The comment is on the pull request whose head was checked, and the storage host never saw the token."""
    hub.add_pull("Same branch elsewhere", "topic", COMMIT, "b" * 40, "other/model", "other")
    assert send(hub, make_event()) == 0
    assert [comment["on"] for comment in hub.comments] == [1]
    assert "Verdict: promote" in hub.comments[0]["body"]
    assert all(call["status"] in (200, 201, 302) for call in hub.calls)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"head_sha": "c" * 40}, "stale"),
        ({"head_branch": "other"}, "no pull request comes from"),
        ({"head_repository": {"full_name": "guest/other"}}, "no pull request comes from"),
        ({"id": 8}, "left no report"),
        ({"id": 8, "conclusion": "cancelled"}, "left no report"),
    ],
)
def test_a_run_that_has_nothing_to_show_says_so_and_is_green(
    hub: Hub, changes: dict[str, Any], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stale, foreign or without a report: no comment, status 0, one sentence."""
    assert send(hub, make_event(**changes)) == 0
    assert hub.comments == []
    assert reason in capsys.readouterr().out


def test_a_rerun_replaces_the_comment_and_an_older_attempt_does_not(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two runs of one commit the later one is shown, in whichever order they report."""
    assert send(hub, make_event(run_attempt=2)) == 0
    assert send(hub, make_event(run_attempt=1)) == 0
    assert "already shows a newer run" in capsys.readouterr().out
    assert len(hub.comments) == 1
    assert "attempt=2" in hub.comments[0]["body"]


def test_a_pull_request_into_another_branch_is_not_meant(hub: Hub) -> None:
    """The checks judge what would land on the default branch."""
    hub.pulls[1]["base"]["ref"] = "release"
    assert send(hub, make_event()) == 0
    assert hub.comments == []


def test_a_reopened_branch_is_found_beside_its_closed_predecessors(hub: Hub) -> None:
    """An older, closed pull request of the same branch does not hide the open one."""
    hub.pulls[1]["state"] = "closed"
    hub.add_pull("Again", "topic", COMMIT, "b" * 40, "guest/model", "guest")
    assert send(hub, make_event()) == 0
    assert [comment["on"] for comment in hub.comments] == [2]


def test_a_passing_fault_of_github_is_tried_again_and_a_lasting_one_is_said(hub: Hub) -> None:
    """Reading is tried three times; then the message says to run the job again."""
    waits: list[float] = []

    def recover(seconds: float) -> None:
        waits.append(seconds)
        hub.faults.clear()

    hub.faults.append(("GET .*/pulls$", 502, "Bad Gateway"))
    assert Api(f"{hub.base}/api/v3", "acme/model", "t", recover).get("pulls") != []
    assert len(waits) == 1
    hub.faults.append(("GET .*/pulls$", 502, "Bad Gateway"))
    with pytest.raises(MergelineError) as caught:
        send(hub, make_event())
    assert "502 Bad Gateway" in caught.value.what
    assert "run the job again" in caught.value.fix


@pytest.mark.parametrize(("token", "status", "fix"), [("x", "401", "GITHUB_TOKEN"), ("r", "403", "permissions:")])
def test_a_token_that_may_not_is_told_from_one_that_is_wrong(hub: Hub, token: str, status: str, fix: str) -> None:
    """Each cause has its own advice."""
    hub.tokens["r"] = {"": {"actions": "read"}}
    with pytest.raises(MergelineError) as caught:
        Api(f"{hub.base}/api/v3", "acme/model", token).get("pulls")
    assert status in caught.value.what
    assert fix in caught.value.fix


def test_an_unreachable_github_is_said() -> None:
    """No traceback where nobody answers."""
    with pytest.raises(MergelineError) as caught:
        Api("http://127.0.0.1:9", "acme/model", "t", wait=lambda _: None).get("pulls")
    assert "no answer" in caught.value.what


@pytest.mark.parametrize(
    "changes", [{"head_sha": "HEAD; rm"}, {"id": "x"}, {"head_repository": None}, {"conclusion": "**bold**"}]
)
def test_an_event_of_another_shape_is_refused(hub: Hub, changes: dict[str, Any]) -> None:
    """Nothing is posted for what GitHub would not send."""
    with pytest.raises(MergelineError) as caught:
        send(hub, make_event(**changes))
    assert "workflow" in caught.value.fix
    assert hub.comments == []


def test_the_command_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the workflow it names what is not set."""
    for name in publish.NEEDED:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MergelineError, match="GITHUB_TOKEN"):
        publish.main([])


def comment(number: int, user: dict[str, str], body: str = "") -> dict[str, Any]:
    """Return a comment."""
    return {"id": number, "user": user, "body": body or add_watermark("text", COMMIT)}


def test_cml_is_used_only_where_it_would_take_the_right_comment() -> None:
    """First comment, or ours among the first 30 and no other that looks like it."""
    others = [comment(number, PERSON, "remark") for number in range(30)]
    assert can_use_cml([])
    assert can_use_cml(others)
    assert can_use_cml([*others[:29], comment(99, BOT)])
    assert not can_use_cml([*others, comment(99, BOT)])
    assert not can_use_cml([comment(98, PERSON)])
    assert not can_use_cml([comment(98, PERSON), comment(99, BOT)])
    found = find_comment([comment(98, PERSON), comment(99, BOT)])
    assert found is not None
    assert found["id"] == 99
    assert has_watermark(found["body"])


def test_cml_gets_one_pull_request_one_title_and_nothing_to_publish(tmp_path: Path) -> None:
    """No commit is commented on, no file goes to a public host, no telemetry; HOME and variables are not the user's."""
    cml = tmp_path / "cml"
    cml.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\nenv > {tmp_path}/environment\n")
    cml.chmod(0o755)
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/me", "AWS_SECRET_ACCESS_KEY": "secret"}
    given |= {"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://hub", "GITHUB_REPOSITORY": "acme/model"}
    assert run_cml(7, "text", given) == ""
    *words, report = (tmp_path / "words").read_text().split()
    assert words[:2] == ["comment", "update"]
    assert set(words[2:]) == {
        "--target=pr/7", "--repo=https://hub/acme/model", f"--watermark-title={TITLE}", "--publish=false",
    }  # fmt: skip
    seen = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert seen["ITERATIVE_DO_NOT_TRACK"] == "1"
    assert seen["HOME"] == str(Path(report).parent) != "/me"
    assert "AWS_SECRET_ACCESS_KEY" not in seen


def test_a_pinned_digest_must_be_that_of_the_program(tmp_path: Path) -> None:
    """Nothing pinned: any; pinned: exactly that one."""
    program = tmp_path / "cml"
    program.write_bytes(b"program")
    assert check_digest(program, "") == ""
    assert "not the pinned one" in check_digest(program, "0" * 64)
    assert check_digest(program, hashlib.sha256(b"program").hexdigest().upper()) == ""
