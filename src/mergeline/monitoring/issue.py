"""The one issue that tells people about alarms: its text, and finding, opening, updating and closing it on GitHub.

Nothing here is yours to edit. Standard library alone: the job that alerts installs nothing. The issue is known by its
author and a mark in its text, not by its title; a second mark says that a retrain was started.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mergeline.monitoring.alarm import Alarm, Decision
from mergeline.report.publish_api import Api

MARK = "<!-- mergeline:monitoring -->"
RETRAINED = "<!-- mergeline:retrain-started -->"
LABEL = "monitoring"
BOT = "github-actions[bot]"
WHAT_TO_DO = {
    "contract": "The input is broken: mend what feeds the service. No retrain starts: a model fitted to it is worse.",
    "labels": "Labels are missing or contradict each other: mend the feed. Until then nobody knows the quality.",
    "traffic": "The service is asked otherwise than usual, or not at all: see whether it and its callers are up.",
    "drift": "What the model is asked about has changed. If the change stays, a model of newer data helps.",
    "quality": "The model is worse than it was judged to be. A model of newer data may help.",
}


def render_title(alarms: Sequence[Alarm]) -> str:
    """Return the title: what is wrong, the most pressing first."""
    names = [alarm.name for alarm in sorted(alarms, key=lambda alarm: list(WHAT_TO_DO).index(alarm.group))]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Monitoring: {', '.join(names[:3])}{more}"


def render_body(report: Mapping[str, Any], decision: Decision, retrained: bool, run_url: str | None) -> str:
    """Return the text of the issue.

    Parameters
    ----------
    report : mapping
        Content of monitoring.json.
    decision : Decision
        Its alarms are listed.
    retrained : bool
        Whether a retrain has been started, now or before.
    run_url : str or None
        Where the whole report is.
    """
    lines = [MARK, *([RETRAINED] if retrained else []), "", f"As of {report['now']}.", ""]
    for group, advice in WHAT_TO_DO.items():
        mine = [alarm for alarm in decision.alarms if alarm.group == group]
        if mine:
            lines += [
                f"### {group.capitalize()}",
                "",
                advice,
                "",
                "| check | evidence | windows |",
                "| --- | --- | --- |",
            ]
            lines += [f"| {_cell(a.name)} | {_cell(a.says)} | {_cell(', '.join(a.windows))} |" for a in mine]
            lines.append("")
    if retrained:
        lines += ["A retrain was started; what comes of it is judged like every other change.", ""]
    if run_url:
        lines += [f"Whole report: artifact `monitoring` of {run_url}", ""]
    lines.append("This text is renewed at every run, and the issue is closed when all is healthy again.")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Return `text` as it can stand in a table: nothing out of the log becomes markup or calls a person."""
    plain = re.sub(r"[^\w .,:;%+±()/=-]", "?", text)[:300]
    return f"`{plain}`" if plain.strip() else ""


class Issues(Api):
    """The repository's issues and workflows."""

    def find(self) -> list[dict[str, Any]]:
        """Return our open issues, the oldest first; more than one only where two jobs opened one at once."""
        found = self.get_pages("issues", state="open", labels=LABEL, sort="created", direction="asc")
        return sorted((one for one in found if is_ours(one)), key=lambda one: one["number"])

    def open(self, title: str, body: str) -> int:
        """Return the number of a new issue."""
        return int(self.send("POST", "issues", {"title": title, "body": body, "labels": [LABEL]})["number"])

    def update(self, number: int, title: str, body: str) -> None:
        """Renew title and text."""
        self.send("PATCH", f"issues/{number}", {"title": title, "body": body})

    def close(self, number: int, comment: str) -> None:
        """Close the issue with a last word."""
        self.send("POST", f"issues/{number}/comments", {"body": comment})
        self.send("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow that has `workflow_dispatch`; GitHub answers without content."""
        self.send("POST", f"actions/workflows/{workflow}/dispatches", {"ref": branch, "inputs": dict(inputs)})


def is_ours(issue: Mapping[str, Any]) -> bool:
    """Return whether the job itself wrote the issue: the mark alone could be anybody's."""
    author = issue.get("user") or {}
    return "pull_request" not in issue and MARK in (issue.get("body") or "") and author.get("login") == BOT
