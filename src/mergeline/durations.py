"""How long each stage took, measured where the stage runs and kept outside what DVC hashes.

Nothing here is yours to edit. A stage stays a function of files: `command.run` appends a line to
`.mergeline/timings.jsonl` after the stage has succeeded, and nothing but MLflow ever reads it. A line holds the digests
of the files that the run wrote, so a duration is told only while exactly those bytes are on disk: a stage whose outputs
came out of the cache gets the duration of the run that made them here, or none.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mergeline.files import compute_digest

TIMINGS = Path(".mergeline/timings.jsonl")
OUTPUTS = ("artifacts", "reports")  # folders in which stages write; DVC runs one stage at a time
CLOCK_SLACK_NS = 50_000_000  # file systems stamp by a coarser clock than time.time_ns


@dataclass(frozen=True)
class Duration:
    """How long the run took that made a stage's present outputs.

    Attributes
    ----------
    seconds : float
        Wall time of the stage's command, without the start of Python.
    ended : str
        When it ended, ISO time in UTC.
    """

    seconds: float
    ended: str


def note_duration(started_ns: int) -> None:
    """Append how long the stage that DVC is running took; do nothing where DVC is not what runs us.

    Parameters
    ----------
    started_ns : int
        When the command began, nanoseconds since the epoch. What was written in the output folders since then is what
        the stage made.

    Notes
    -----
    DVC sets `DVC_STAGE` and `DVC_ROOT` for every command. A line that cannot be written is lost without a word: no
    stage may fail because of it.
    """
    stage, root = os.environ.get("DVC_STAGE"), os.environ.get("DVC_ROOT")
    if not stage or not root:
        return
    ended_ns = time.time_ns()
    with suppress(OSError):
        wrote = _find_written(Path(root), started_ns - CLOCK_SLACK_NS)
        line = {
            "stage": stage,
            "seconds": round((ended_ns - started_ns) / 1e9, 3),
            "ended": datetime.fromtimestamp(ended_ns // 10**9, UTC).isoformat(),
            "wrote": {str(path.relative_to(root)): compute_digest(path) for path in wrote},
        }
        path = Path(root) / TIMINGS
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line, sort_keys=True) + "\n")


def read_durations(stages: Iterable[str], root: Path = Path()) -> dict[str, Duration | None]:
    """Return stage to the duration of the run that made the outputs now on disk; None if no such run was timed here."""
    found: dict[str, Duration | None] = dict.fromkeys(stages)
    digests: dict[str, str | None] = {}
    for line in reversed(_read_lines(root / TIMINGS)):
        if found.get(line["stage"], line) is None and _is_unchanged(line["wrote"], root, digests):
            found[line["stage"]] = Duration(line["seconds"], line["ended"])
    return found


def _find_written(root: Path, since_ns: int) -> list[Path]:
    files = [path for folder in OUTPUTS for path in sorted((root / folder).rglob("*"))]
    return [path for path in files if path.is_file() and path.stat().st_mtime_ns >= since_ns]


def _read_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):  # the last line of a killed run may be cut short
            lines.append(json.loads(text))
    return lines


def _is_unchanged(wrote: dict[str, str], root: Path, digests: dict[str, str | None]) -> bool:
    for name in wrote:
        if name not in digests:
            path = root / name
            digests[name] = compute_digest(path) if path.is_file() else None
    return bool(wrote) and all(digests[name] == digest for name, digest in wrote.items())
