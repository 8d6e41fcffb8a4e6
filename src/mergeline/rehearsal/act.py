"""Driving act: one workflow run in host mode, its JSON lines read as they come.

Nothing here is yours to edit. Each flag is there for a reason given in docs/rehearsal.md.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError

Record = tuple[float, dict[str, Any]]
TIMED_OUT = -1
GRACE = 5.0  # seconds


def find_act(given: Mapping[str, str]) -> Path:
    """Return the act beside this Python, else the one on PATH.

    Raises
    ------
    MergelineError
        If there is none.
    """
    beside = Path(sys.executable).with_name("act")
    found = str(beside) if beside.exists() else shutil.which("act", path=given.get("PATH"))
    if not found:
        raise MergelineError("act is not installed", where="PATH", fix="run `make setup`, which installs it")
    return Path(found)


def build_command(
    act: Path,
    event: str,
    tree: Path,
    workflow: Path,
    payload: Path,
    scratch: Path,
    *,
    labels: set[str],
    standins: Mapping[str, Path],
    environment: Mapping[str, str],
    variables: Mapping[str, str],
    token: str,
    actor: str,
    matrix: Sequence[str] = (),
    one_by_one: bool = False,
) -> list[str]:
    """Return the command that runs `workflow` of the repository in `tree` for `event`, offline and without docker."""
    command = [str(act), event, "-C", str(tree), "-W", workflow.as_posix(), "-e", str(payload), "-a", actor]
    command += ["--json", "--rm", "--no-skip-checkout", "--action-offline-mode", "--defaultbranch", "main"]
    command += ["--action-cache-path", str(scratch / "act"), "--cache-server-path", str(scratch / "act-cache")]
    command += ["--cache-server-addr", "127.0.0.1", "-s", f"GITHUB_TOKEN={token}"]
    for kind in ("env", "secret", "var", "input"):
        command += [f"--{kind}-file", os.devnull]
    for label in sorted(labels):
        command += ["-P", f"{label}=-self-hosted"]
    for reference, folder in standins.items():
        command += ["--local-repository", f"{reference}={folder}"]
    for name, value in environment.items():
        command += ["--env", f"{name}={value}"]
    for name, value in variables.items():
        command += ["--var", f"{name}={value}"]
    for choice in matrix:
        command += ["--matrix", choice]
    return [*command, "--concurrent-jobs", "1"] if one_by_one else command


def perform(
    command: Sequence[str], environment: Mapping[str, str], limit: float, log: Path, on_job: Callable[[str], None]
) -> tuple[int, list[Record], str]:
    """Run act; return its exit status (-1 if it took longer than `limit` seconds), its records, and its messages.

    `on_job` is called with a job's id whenever that job has something to say: it is the one that is running.
    """
    records: list[Record] = []
    started = time.monotonic()
    with log.with_suffix(".err").open("w+", encoding="utf-8") as messages, log.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(
            command,
            env={**environment, "ACT_DISABLE_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        expired = threading.Event()
        timer = threading.Timer(limit, expire, (expired, process))
        timer.start()
        try:
            for line in process.stdout or ():
                kept.write(line)
                record = parse(line)
                if "jobID" in record:
                    on_job(record["jobID"])
                records.append((time.monotonic() - started, record))
            status = process.wait()
        finally:
            timer.cancel()
            end(process)
        messages.seek(0)
        return TIMED_OUT if expired.is_set() else status, records, messages.read()


def parse(line: str) -> dict[str, Any]:
    """Return the JSON object in `line`, or the line as a message."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"msg": line}


def expire(expired: threading.Event, process: subprocess.Popen[str]) -> None:
    """End the process because its time is up, and say so by `expired`."""
    expired.set()
    end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End act if it still runs: first by an interrupt, on which it ends the steps (they have sessions of their own)."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=GRACE)
