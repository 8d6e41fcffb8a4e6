"""Tests of the alert against a stand-in for GitHub's API on this machine: one issue and one retrain."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mergeline.errors import MergelineError
from mergeline.monitoring.alert import alert, main
from mergeline.monitoring.issue import MARK, RETRAINED, Issues


@dataclass
class Hub:
    """What the stand-in holds."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    started: list[dict[str, Any]] = field(default_factory=list)
    has_workflow: bool = True
    author: str = "github-actions[bot]"
    address: str = ""

    def answer(self, method: str, path: str, content: dict[str, Any]) -> tuple[int, Any]:
        """Return status and body of one call."""
        path = path.partition("?")[0].removeprefix("/repos/me/flights/")
        if method != "GET":
            self.calls.append(f"{method} {path}")
        if path == "issues" and method == "GET":
            return 200, [issue for issue in self.issues if issue["state"] == "open"]
        if path == "issues":
            issue = {"number": len(self.issues) + 1, "state": "open", "user": {"login": self.author}, **content}
            self.issues.append(issue)
            return 201, issue
        if found := re.fullmatch(r"issues/(\d+)", path):
            self.issues[int(found[1]) - 1].update(content)
            return 200, {}
        if re.fullmatch(r"issues/\d+/comments", path):
            return 201, {}
        if path == "actions/workflows/retrain.yml/dispatches" and self.has_workflow:
            self.started.append(content)
            return 204, None
        return 404, {"message": "Not Found"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Return a running stand-in."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else {}
            status, body = hub.answer(self.command, self.path, content)
            self.send_response(status)
            self.end_headers()
            if body is not None:
                self.wfile.write(json.dumps(body).encode())

        do_GET = do_POST = do_PATCH = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield hub
    server.shutdown()
    server.server_close()


def make_report(*groups: str, says: str = "PSI 0.9", latest: bool = True) -> dict[str, Any]:
    """Return a report with an alarm per group."""
    alarms = [
        {"name": f"{group} check", "group": group, "says": says, "windows": ["2013-07-01 breach"], "latest": latest}
        for group in groups
    ]
    return {"now": "2013-07-29T01:00:00Z", "alarms": alarms, "retrain": True}


def run_alert(hub: Hub, report: dict[str, Any]) -> str:
    """Run the alert once."""
    return alert(report, Issues(hub.address, "me/flights", "token"), "retrain.yml", "main", None)


def test_an_alarm_opens_one_issue_and_starts_one_retrain(hub: Hub) -> None:
    """The same report again changes nothing at all."""
    assert run_alert(hub, make_report("drift")) == "alert: opened #1 and started retrain.yml"
    assert (len(hub.issues), len(hub.started)) == (1, 1)
    assert hub.started[0] == {"ref": "main", "inputs": {"reason": "monitoring, issue #1"}}
    before = len(hub.calls)
    run_alert(hub, make_report("drift"))
    assert (len(hub.calls), len(hub.started)) == (before, 1)


def test_new_evidence_renews_the_text_and_health_closes_the_issue(hub: Hub) -> None:
    """The next alarm after that opens another issue."""
    run_alert(hub, make_report("contract"))
    run_alert(hub, make_report("contract", "quality", says="worse"))
    assert len(hub.issues) == 1
    assert "worse" in hub.issues[0]["body"]
    assert hub.issues[0]["title"] == "Monitoring: contract check, quality check"
    assert run_alert(hub, make_report()) == "alert: closed #1"
    assert hub.issues[0]["state"] == "closed"
    assert run_alert(hub, make_report()).endswith("nothing to do")
    run_alert(hub, make_report("drift"))
    assert [issue["state"] for issue in hub.issues] == ["closed", "open"]


def test_broken_input_starts_no_retrain(hub: Hub) -> None:
    """Not even beside drift; once it is mended and the drift stays, one starts."""
    run_alert(hub, make_report("contract", "drift"))
    assert hub.started == []
    run_alert(hub, make_report("drift"))
    assert len(hub.started) == 1
    assert RETRAINED in hub.issues[0]["body"]


def test_without_the_workflow_people_are_told_all_the_same(hub: Hub) -> None:
    """The issue is there before the retrain is tried, and the next run tries again."""
    hub.has_workflow = False
    for _ in range(2):
        with pytest.raises(MergelineError, match="retrain.yml"):
            run_alert(hub, make_report("drift"))
    assert len(hub.issues) == 1
    hub.has_workflow = True
    run_alert(hub, make_report("drift"))
    assert len(hub.started) == 1


def test_an_issue_that_somebody_else_wrote_is_left_alone(hub: Hub) -> None:
    """A copied mark gives nobody a hand in it."""
    hub.issues.append(
        {"number": 1, "state": "open", "title": "t", "body": MARK + RETRAINED, "user": {"login": "mallory"}}
    )
    run_alert(hub, make_report("drift"))
    assert (hub.issues[0]["title"], len(hub.issues)) == ("t", 2)


def test_of_two_issues_the_later_is_closed(hub: Hub) -> None:
    """Two jobs may have opened one each at the same moment."""
    run_alert(hub, make_report("drift"))
    hub.issues.append({**hub.issues[0], "number": 2})
    run_alert(hub, make_report("drift"))
    assert [issue["state"] for issue in hub.issues] == ["open", "closed"]


def test_nothing_out_of_the_log_becomes_markup(hub: Hub) -> None:
    """A category's name calls nobody and breaks no table."""
    run_alert(hub, make_report("contract", says="`|<img src=x> @octocat\n# head ![a](http://b)"))
    body = hub.issues[0]["body"]
    for harmful in ("<img", "@octocat", "\n# head", "![", "`|<"):
        assert harmful not in body


def test_outside_actions_it_says_how_to_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run needs no token."""
    (tmp_path / "m.json").write_text(json.dumps(make_report("drift")))
    with pytest.raises(MergelineError) as caught:
        main(["--report", str(tmp_path / "m.json")])
    assert "--dry-run" in caught.value.fix
    assert main(["--report", str(tmp_path / "m.json"), "--dry-run", "--retrain", "retrain.yml"]) == 0
    assert "would open and retrain" in capsys.readouterr().out


def test_the_job_that_may_write_needs_nothing_installed(repository: Path) -> None:
    """Its modules import the standard library alone."""
    command = [sys.executable, "-S", "-m", "mergeline.monitoring.alert", "--help"]
    done = subprocess.run(command, env={"PYTHONPATH": str(repository / "src")}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
