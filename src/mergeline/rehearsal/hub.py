"""The stand-in for GitHub: pull requests, comments, artifacts, and tokens that can do only what their job may.

Nothing here is yours to edit. This module is the state and its rules; `hub_pulls.py` and `hub_artifacts.py` answer the
calls, `hub_server.py` speaks HTTP. It is as strict as GitHub where that matters (permissions, sizes, pages of 30,
storage that refuses a token) and stricter in one place: everything is private, so reading needs a permission too.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergeline.rehearsal.events import REPOSITORY, describe_repository
from mergeline.rehearsal.workflows import LEVELS

MAX_BODY = 65_536
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Request:
    """One call: what was asked, by which token and (where the stand-ins say so) job, with which content."""

    method: str
    path: str
    query: Mapping[str, str]
    token: str
    content: Any = None
    agent: str = ""
    job: str = ""


@dataclass(frozen=True)
class Answer:
    """What is sent back: JSON, or bytes, or a place to go to."""

    content: Any = None
    status: int = 200
    data: bytes | None = None
    location: str = ""


@dataclass
class Hub:
    """The state of the stand-in.

    Attributes
    ----------
    folder : Path
        Where artifacts are kept.
    base : str
        Address of the server, as GITHUB_SERVER_URL.
    tokens : dict of str to dict
        Token to the permissions of each job of its run; those of the job "" hold where a call names no job.
    pulls : dict of int to dict
        Pull requests by number, as the API shows them.
    comments : list of dict
        Comments, oldest first; `on` is the pull request's number.
    artifacts : list of dict
        Artifacts, oldest first.
    calls : list of dict
        Every call and its status.
    faults : list of (str, int, str)
        Planted: pattern of "METHOD path", status and message of the answer.
    """

    folder: Path
    base: str = ""
    tokens: dict[str, dict[str, Mapping[str, str]]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[str, int, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def require(self, request: Request, scopes: Sequence[str], level: str) -> None:
        """Refuse as GitHub does unless the token of `request` holds one of `scopes` at `level` or above."""
        jobs = self.tokens.get(request.token)
        if jobs is None:
            raise Refusal(401, "Bad credentials")
        permissions = jobs.get(request.job, jobs[""])
        held = max(LEVELS.index(permissions.get(scope, "none")) for scope in scopes)
        if held < LEVELS.index(level):
            raise Refusal(403, f"Resource not accessible by integration (needs {'|'.join(scopes)}: {level})")

    def add_pull(self, title: str, branch: str, commit: str, base_commit: str, head: str, login: str) -> dict[str, Any]:
        """Add an open pull request from `branch` of repository `head`, opened by `login`; return it."""
        number = len(self.pulls) + 1
        pull = {
            "number": number,
            "state": "open",
            "merged": False,
            "title": title,
            "html_url": f"{self.base}/{REPOSITORY}/pull/{number}",
            "user": {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"},
            "head": {"ref": branch, "sha": commit, "repo": describe_repository(head), "label": f"{head}:{branch}"},
            "base": {"ref": "main", "sha": base_commit, "repo": describe_repository()},
        }
        self.pulls[number] = pull
        return pull

    def add_comment(self, pull: int, body: str, user: Mapping[str, str] = BOT) -> dict[str, Any]:
        """Add a comment to pull request `pull`; return it."""
        check_body(body)
        number = 5000 + len(self.comments)
        link = f"{self.base}/{REPOSITORY}/pull/{pull}#issuecomment-{number}"
        self.comments.append({"id": number, "on": pull, "body": body, "user": dict(user), "html_url": link})
        return self.comments[-1]

    def comments_on(self, pull: int) -> list[dict[str, Any]]:
        """Return the comments on pull request `pull`, oldest first."""
        return [comment for comment in self.comments if comment["on"] == pull]

    def find_artifact(self, run: int, name: str) -> bytes | None:
        """Return the zip file that `run` uploaded under `name`, or None."""
        found = [item for item in self.artifacts if item["workflow_run"]["id"] == run and item["name"] == name]
        return Path(found[-1]["file"]).read_bytes() if found else None

    def check_faults(self, request: Request) -> None:
        """Refuse the call if a fault is planted for it."""
        for pattern, status, message in self.faults:
            if re.search(pattern, f"{request.method} {request.path}"):
                raise Refusal(status, message)

    def unknown_calls(self) -> list[str]:
        """Return the calls that this stand-in has no answer for: they may or may not work on GitHub."""
        return [f"{call['method']} {call['path']}" for call in self.calls if call["unknown"]]

    def write_calls(self, path: Path) -> None:
        """Write every call to `path`, one JSON object a line."""
        path.write_text("".join(json.dumps(call, sort_keys=True) + "\n" for call in self.calls), encoding="utf-8")


def check_body(body: str) -> None:
    """Refuse a text that GitHub would not take."""
    if len(body) > MAX_BODY:
        raise Refusal(422, f"Validation Failed: body is too long (maximum is {MAX_BODY} characters)")
