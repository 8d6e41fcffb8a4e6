"""Telling people about alarms: opens, renews or closes one issue on GitHub, and starts a retrain where that helps.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`. Reads what the monitor wrote:
the job that holds a token which may write installs and runs nothing else.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import read_json
from mergeline.monitoring.alarm import Alarm, Decision, decide
from mergeline.monitoring.issue import RETRAINED, Issues, render_body, render_title

REPORT = Path("reports/monitoring/monitoring.json")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.monitoring.alert", description=__doc__.splitlines()[0])
    parser.add_argument("--report", type=Path, default=REPORT, help="what the monitor wrote (default: %(default)s)")
    parser.add_argument("--retrain", metavar="FILE", help="workflow to start, such as retrain.yml (default: none)")
    parser.add_argument("--branch", default="main", help="branch whose workflow is started (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done for no open issue, do nothing")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the issue in line with the report, print what was done and return 0."""
    options = make_parser().parse_args(argv)
    report = read_json(options.report)
    if options.dry_run:
        decision = decide(read_alarms(report), False, False, wants_retrain(report, options.retrain))
        print(f"alert: would {decision.action}" + (" and retrain" if decision.retrain else ""))
        if decision.action == "open":
            print(render_body(report, decision, decision.retrain, None))
        return 0
    print(alert(report, connect(), options.retrain, options.branch, find_run_url()))
    return 0


def alert(report: dict[str, Any], issues: Issues, retrain: str | None, branch: str, run_url: str | None) -> str:
    """Return what was done to bring the issue in line with `report`; the same report twice changes nothing.

    Parameters
    ----------
    report : dict
        Content of monitoring.json.
    issues : Issues
        The repository.
    retrain : str or None
        File name of the workflow to start.
    branch : str
        Branch whose workflow it is.
    run_url : str or None
        Address of this run, for people.

    Notes
    -----
    The issue is written before the retrain is started and marked after it: what fails in between is done by the next
    run, and people know of the alarm whatever fails.
    """
    found = issues.find()
    present = found[0] if found else None
    for double in found[1:]:
        issues.close(double["number"], f"The same as #{found[0]['number']}.")
    retrained = bool(present) and RETRAINED in present["body"]  # type: ignore[index]
    decision = decide(read_alarms(report), present is not None, retrained, wants_retrain(report, retrain))
    if decision.action == "none":
        return "alert: no alarm, no issue: nothing to do"
    if decision.action == "close" and present:
        issues.close(present["number"], f"Healthy again as of {report['now']}.")
        return f"alert: closed #{present['number']}"
    number = _write(issues, present, report, decision, retrained, run_url)
    done = f"alert: {'updated' if present else 'opened'} #{number}"
    if decision.retrain and retrain:
        issues.dispatch(retrain, branch, {"reason": f"monitoring, issue #{number}"})
        _write(issues, {"number": number, "title": "", "body": ""}, report, decision, True, run_url)
        done += f" and started {retrain}"
    return done


def _write(
    issues: Issues,
    present: dict[str, Any] | None,
    report: dict[str, Any],
    decision: Decision,
    retrained: bool,
    run_url: str | None,
) -> int:
    title, body = render_title(decision.alarms), render_body(report, decision, retrained, run_url)
    if present is None:
        return issues.open(title, body)
    if (present["title"], (present["body"] or "").replace("\r\n", "\n")) != (title, body):
        issues.update(present["number"], title, body)
    return int(present["number"])


def read_alarms(report: dict[str, Any]) -> list[Alarm]:
    """Return the alarms of the report."""
    return [Alarm(**alarm) for alarm in report["alarms"]]


def wants_retrain(report: dict[str, Any], workflow: str | None) -> bool:
    """Return whether params.yaml asks for retrains and there is a workflow for them."""
    return bool(report["retrain"]) and workflow is not None


def connect() -> Issues:
    """Return the repository that GitHub Actions names in the environment.

    Raises
    ------
    MergelineError
        If a variable is missing.
    """
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise MergelineError(
            f"{missing[0]} is not set",
            where="environment",
            fix="run it in a job of GitHub Actions that passes GITHUB_TOKEN, or look without one: --dry-run",
        )
    base, repository, token = (os.environ[name] for name in names)
    return Issues(base, repository, token)


def find_run_url() -> str | None:
    """Return the address of the present run, None outside GitHub Actions."""
    server, repository, run_id = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run_id}" if server and repository and run_id else None


if __name__ == "__main__":
    run(main)
