"""Show a checked run's report on its pull request: one comment, always the newest commit's.

Nothing here is yours to edit. This is the trusted side of the `report` workflow: it runs the default branch's code,
never the pull request's. Which pull request is meant comes from GitHub (head repository and commit), never from the
artifact; a run whose commit is no longer the pull request's head says so and posts nothing.
"""

import argparse
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.report.publish_api import Api
from mergeline.report.publish_artifact import fetch_report
from mergeline.report.publish_comment import find_comment, list_comments, post
from mergeline.report.publish_text import CheckedRun, build_absence, build_comment, read_marker

NEEDED = ("GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH")
ENDED_BADLY = ("failure", "timed_out", "startup_failure")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.report.publish",
        description=__doc__.splitlines()[0],
        epilog=f"Runs in the `report` workflow; reads {', '.join(NEEDED)} and, if set, CML_SHA256.",
    )
    parser.add_argument("--event", type=Path, help="the workflow_run event (default: $GITHUB_EVENT_PATH)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the pull request shows this run's report, or rightly shows another one; 1 if it was refused."""
    options = make_parser().parse_args(argv)
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise MergelineError(
            f"not set: {', '.join(missing)}", where="environment", fix="run it from the `report` workflow, see its file"
        )
    event = json.loads((options.event or Path(os.environ["GITHUB_EVENT_PATH"])).read_text(encoding="utf-8"))
    api = Api(os.environ["GITHUB_API_URL"], os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_TOKEN"])
    return publish(api, event, os.environ)


def publish(api: Api, event: Mapping[str, Any], environment: Mapping[str, str]) -> int:
    """Post what the run of `event` left; return the exit status."""
    checked = read_run(event)
    pull, reason = choose_pull(find_pulls(api, checked, event["repository"]["default_branch"]), checked)
    if pull is None:
        return say(reason)
    shown = find_comment(list_comments(api, pull))
    if shown and is_newer(read_marker(shown["body"]), checked):
        return say(f"pull request {pull} already shows a newer run of {checked.commit[:7]}")
    refusal = None
    try:
        report = fetch_report(api, checked.id)
        if report is None and checked.conclusion not in ENDED_BADLY:
            return say(f"run {checked.id} left no report: it had nothing to judge")
        absent = "They ended before there was a report."
        text = build_absence(checked, absent) if report is None else build_comment(checked, report)
    except MergelineError as error:
        if not error.where.startswith("artifact"):
            raise
        refusal = error
        text = build_absence(checked, f"Its report was refused: {error.what}.")
    say(f"pull request {pull}: {post(api, pull, text, environment)}")
    if refusal:
        raise refusal
    return 0


def read_run(event: Mapping[str, Any]) -> CheckedRun:
    """Return the run that the workflow_run `event` speaks of.

    Raises
    ------
    MergelineError
        If the event has another shape.
    """
    try:
        source = event["workflow_run"]
        checked = CheckedRun(
            id=int(source["id"]),
            attempt=int(source["run_attempt"]),
            commit=source["head_sha"],
            branch=source["head_branch"],
            head_repository=source["head_repository"]["full_name"],
            conclusion=source["conclusion"],
            url=source["html_url"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MergelineError(
            f"not a workflow_run event: {error}", where="GITHUB_EVENT_PATH", fix="run it from the `report` workflow"
        ) from error
    if not re.fullmatch(r"[0-9a-f]{40}", checked.commit) or not re.fullmatch(r"[a-z_]+", checked.conclusion):
        raise MergelineError("not a workflow_run event", where="GITHUB_EVENT_PATH", fix="run it from the workflow")
    return checked


def find_pulls(api: Api, checked: CheckedRun, base: str) -> list[dict[str, Any]]:
    """Return the pull requests into branch `base` that come from the run's repository and branch, newest first.

    The event's own `pull_requests` is empty for forks, hence the question to the API.
    """
    owner = checked.head_repository.split("/")[0]
    found = api.get_pages("pulls", limit=3, state="all", head=f"{owner}:{checked.branch}", base=base)
    from_there = [item for item in found if (item["head"]["repo"] or {}).get("full_name") == checked.head_repository]
    return sorted(from_there, key=lambda item: -item["number"])


def choose_pull(pulls: Sequence[Mapping[str, Any]], checked: CheckedRun) -> tuple[int | None, str]:
    """Return the number of the open pull request whose head is the checked commit, or None and the reason."""
    for pull in pulls:
        if pull["state"] == "open":
            if pull["head"]["sha"] == checked.commit:
                return pull["number"], ""
            newer = f"pull request {pull['number']} is at {pull['head']['sha'][:7]} by now"
            return None, f"{newer}: the report of {checked.commit[:7]} is stale and not shown"
    if pulls:
        return None, f"pull request {pulls[0]['number']} was closed meanwhile: nothing to comment on"
    return None, f"no pull request comes from {checked.head_repository} with commit {checked.commit[:7]}"


def is_newer(marker: tuple[int, int, str] | None, checked: CheckedRun) -> bool:
    """Return whether a comment's `marker` is of the same commit and a later run or attempt."""
    return bool(marker and marker[2] == checked.commit and marker[:2] > (checked.id, checked.attempt))


def say(sentence: str) -> int:
    """Print `sentence`, as a notice and in the step summary where GitHub Actions runs us; return 0."""
    print(f"::notice::{sentence}" if os.environ.get("GITHUB_ACTIONS") == "true" else sentence)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as handle:
            handle.write(f"{sentence}\n")
    return 0


if __name__ == "__main__":
    run(main)
