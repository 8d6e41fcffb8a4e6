"""What git knows of a bundle: which decisions let it serve, what they rested on, and who merged the change.

Nothing here is yours to edit. Decisions are commits on branch `deployments`; MLflow is not asked.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.gate.champion import RECORD
from mergeline.release.production import Production, Variant, read_file, read_history
from mergeline.shell import has_commit, run_git

_REQUEST = re.compile(r"(?:^Merge pull request #(\d+)|\(#(\d+)\)$)")


@dataclass(frozen=True)
class Decision:
    """A desired state in which a bundle takes part.

    Attributes
    ----------
    commit : str
        On branch `deployments`.
    state : Production
        What should serve from then on.
    variant : Variant
        The bundle's part in it.
    """

    commit: str
    state: Production
    variant: Variant


def find_decisions(digest: str, folder: Path = Path()) -> list[Decision]:
    """Return the decisions in which the bundle takes part, newest first; none if it was only served locally."""
    return [
        Decision(commit, state, variant)
        for commit, state in read_history(folder)
        for variant in state.everyone
        if variant.digest == digest
    ]


def choose_in_force(decisions: list[Decision], at: str) -> Decision | None:
    """Return the newest of `decisions` that was taken by `at` (ISO 8601, UTC), None if all came later."""
    return next((one for one in decisions if one.state.at[:19] <= at[:19]), None)


def read_record(decisions: list[Decision], folder: Path = Path()) -> dict[str, Any] | None:
    """Return the champion record that promoted the bundle's commit, with its verdict; None if there is none."""
    for one in reversed(decisions):
        text = read_file(one.commit, RECORD, folder)
        record = json.loads(text) if text else None
        if record and record["commit"] == one.variant.commit:
            return record
    return None


def describe_commit(commit: str, folder: Path = Path()) -> dict[str, str | None]:
    """Return who wrote and who merged a commit, when, and of which pull request it came.

    Raises
    ------
    MergelineError
        If the clone does not hold the commit.

    Notes
    -----
    Git says who made the merge commit. A squash on GitHub is committed by "GitHub" in its author's name: then who
    pressed the button stands with the pull request alone.
    """
    if not has_commit(commit, folder):
        raise MergelineError(
            f"commit {commit[:12]} is missing from this clone",
            where=str(folder),
            fix="fetch the whole history: git fetch --unshallow origin || git fetch origin",
        )
    shown = run_git("show", "--no-patch", "--format=%P%x00%an%x00%cn%x00%cI%x00%s", commit, folder=folder)
    parents, author, committer, at, subject = shown.split("\x00")
    request = _REQUEST.search(subject)
    is_merge = len(parents.split()) > 1
    merged_by: str | None = author if is_merge else committer
    if not is_merge and committer == "GitHub":
        merged_by = None
    return {
        "commit": commit,
        "subject": subject,
        "author": _find_author(commit, folder) if is_merge else author,
        "merged_by": merged_by,
        "merged_at": at,
        "pull_request": next(filter(None, request.groups()), None) if request else None,
    }


def _find_author(merge: str, folder: Path) -> str:
    """Return who wrote the newest commit that the merge brought in."""
    return run_git("show", "--no-patch", "--format=%an", f"{merge}^2", folder=folder)
