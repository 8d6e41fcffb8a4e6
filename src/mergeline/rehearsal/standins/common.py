"""What the stand-ins share: inputs, outputs, and calls to the stand-in for GitHub.

Nothing here is yours to edit. Standard library only: a job may run before anything is installed.
"""

import json
import os
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit


def read_input(name: str) -> str:
    """Return the action's input `name`; its `action.yml` passes it as INPUT_NAME."""
    return os.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()


def set_output(name: str, value: str) -> None:
    """Set the step's output `name`."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as handle:
        handle.write(f"{name}={value}\n")


def add_path(folder: Path) -> None:
    """Put `folder` first on the PATH of the job's later steps."""
    with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as handle:
        handle.write(f"{folder}\n")


def fail(message: str) -> NoReturn:
    """End the step in failure with an annotation."""
    print(f"::error::{message}")
    sys.exit(1)


def call(method: str, address: str, token: str, content: bytes | None = None, agent: str = "action") -> bytes:
    """Return the body of the answer; end the step with GitHub's message if it is a refusal.

    The job's id goes with it, so that the stand-in for GitHub knows whose permissions count.
    """
    from http.client import HTTPConnection, HTTPSConnection  # takes a step's time to import; most stand-ins never call

    where = urlsplit(address)
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    connection = kind(where.netloc, timeout=60)
    headers = {"User-Agent": agent, "X-Rehearsal-Job": os.environ.get("GITHUB_JOB", "")}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, f"{where.path}?{where.query}", body=content, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status == 302:
        return call("GET", answer.headers["Location"], "", agent=agent)
    if answer.status >= 400:
        fail(f"{method} {where.path}: {answer.status} {read_message(body)}")
    return body


def read_message(body: bytes) -> str:
    """Return the message of a refusal."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "no message"
