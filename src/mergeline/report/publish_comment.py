"""Posting the one comment of a pull request: by CML where it does the right thing, by the REST API where it does not.

Nothing here is yours to edit. CML 0.20.6 reads only the first 30 comments of a pull request, so on a busy one it would
add a new comment each time; it is unmaintained and may be missing. Whoever posts, the comment carries CML's watermark,
so the next run finds it either way. What was posted is read back: only that counts.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergeline.report.publish_api import Api
from mergeline.report.publish_text import TITLE, add_watermark, has_watermark, read_marker

SEEN_BY_CML = 30
TIMEOUT = 120
PASSED_ON = (
    *("PATH", "CI", "NODE_EXTRA_CA_CERTS", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_EVENT_NAME"),
    *("GITHUB_EVENT_PATH", "GITHUB_SHA", "GITHUB_REF", "GITHUB_ACTOR", "GITHUB_WORKFLOW", "GITHUB_RUN_ID"),
)
Comment = dict[str, Any]


def find_comment(comments: list[Comment]) -> Comment | None:
    """Return the oldest comment that this repository's automation wrote, or None.

    Anyone can write the watermark; only a bot's comment is ours to update.
    """
    ours = (item for item in comments if has_watermark(item["body"]) and item["user"]["type"] == "Bot")
    return next(ours, None)


def can_use_cml(comments: list[Comment]) -> bool:
    """Return whether CML would update the very comment that `find_comment` returns, or rightly make the first."""
    seen = [item["id"] for item in comments[:SEEN_BY_CML] if has_watermark(item["body"])]
    ours = find_comment(comments)
    return seen == ([ours["id"]] if ours else [])


def post(api: Api, pull: int, text: str, environment: Mapping[str, str]) -> str:
    """Make `text` the one comment on pull request `pull`; return a sentence that says who posted it and why."""
    comments = list_comments(api, pull)
    reason = "CML would not find the comment among the first 30"
    if can_use_cml(comments):
        reason = run_cml(pull, text, environment)
        if not reason:
            comments = list_comments(api, pull)
            shown = find_comment(comments)
            if shown and read_marker(shown["body"]) == read_marker(text):
                return "posted by CML"
            reason = "CML said it had posted, but the comment is not there"
    path, method = f"issues/{pull}/comments", "POST"
    if ours := find_comment(comments):
        path, method = f"issues/comments/{ours['id']}", "PATCH"
    commit = (read_marker(text) or (0, 0, "0"))[2]
    api.send(method, path, {"body": add_watermark(text, commit)})
    return f"posted by the REST API: {reason}"


def list_comments(api: Api, pull: int) -> list[Comment]:
    """Return all comments of pull request `pull`, oldest first."""
    return api.get_pages(f"issues/{pull}/comments")


def run_cml(pull: int, text: str, environment: Mapping[str, str]) -> str:
    """Let CML post `text`; return "" if it says it did, else the reason why not.

    It runs under a scratch HOME, since it edits the global git configuration, and with the few variables it needs.
    The token goes by the environment: an argument would show in the process list.
    """
    program = shutil.which("cml", path=environment.get("PATH"))
    if program is None:
        return "cml is not installed"
    if problem := check_digest(Path(program), environment.get("CML_SHA256", "")):
        return problem
    with tempfile.TemporaryDirectory(prefix="mergeline-cml-") as scratch:
        report = Path(scratch, "report.md")
        report.write_text(text, encoding="utf-8")
        passed = {name: environment[name] for name in PASSED_ON if name in environment}
        own = {"HOME": scratch, "REPO_TOKEN": environment["GITHUB_TOKEN"], "ITERATIVE_DO_NOT_TRACK": "1"}
        repository = f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}"
        options = [f"--target=pr/{pull}", f"--repo={repository}", f"--watermark-title={TITLE}", "--publish=false"]
        command = [program, "comment", "update", *options, str(report)]
        try:
            done = subprocess.run(
                command, cwd=scratch, env=passed | own, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"cml did not run: {type(error).__name__}"
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        return f"cml exited {done.returncode}: {last[0][:200]}"
    return ""


def check_digest(program: Path, pinned: str) -> str:
    """Return "" if the SHA-256 of `program` is `pinned` or nothing is pinned, else what is wrong."""
    if not pinned:
        return ""
    found = hashlib.sha256(Path(os.path.realpath(program)).read_bytes()).hexdigest()
    return "" if found == pinned.lower() else f"cml has digest {found}, not the pinned one (variable CML_SHA256)"
