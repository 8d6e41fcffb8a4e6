"""What was found window by window, kept beyond the life of the log: one JSON line per window and bundle.

Nothing here is yours to edit. A window that is judged anew, because labels came, takes the place of its line; one whose
rows the log has lost since keeps what was known.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.files import write_text

HISTORY = "history.jsonl"
LOCK = ".monitor.lock"

Line = dict[str, Any]


@contextmanager
def locking(folder: Path) -> Iterator[None]:
    """Hold the reports alone among the processes of this machine; a second monitor waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_lines(report: Mapping[str, Any]) -> list[Line]:
    """Return the lines of the report's windows; those of the service as a whole have no digest."""
    listed = [{"digest": None, "shadow": False, "windows": report["service"]["windows"]}, *report["series"]]
    return [
        {
            "start": window["start"],
            "digest": series["digest"],
            "shadow": series["shadow"],
            "closed": window["closed"],
            "rows": window["rows"],
            "at": report["now"],
            "figures": window.get("figures", {}),
            "checks": [_shorten(check) for check in window["checks"]],
        }
        for series in listed
        for window in series["windows"]
    ]


def _shorten(check: Mapping[str, Any]) -> dict[str, Any]:
    """Return the check without what only a breach needs: the file is kept for years."""
    kept = ("name", "group", "state", "at_once", "value")
    return dict(check) if check["state"] == "breach" else {key: check[key] for key in kept if check[key] is not None}


def read_history(path: Path) -> list[Line]:
    """Return the lines of the file at `path`, oldest window first; none if there is no file.

    Raises
    ------
    MergelineError
        If a line is not one of ours.
    """
    if not path.exists():
        return []
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            _key(line)
        except (ValueError, TypeError, KeyError) as error:
            raise MergelineError(
                "a line of the history is damaged",
                where=f"{path}, line {number}",
                fix="restore the file, or delete that line",
            ) from error
        lines.append(line)
    return lines


def merge_history(old: list[Line], new: list[Line]) -> list[Line]:
    """Return the lines of both, sorted; of two about the same window the newer, unless it knows fewer rows."""
    merged = {_key(line): line for line in old}
    for line in new:
        before = merged.get(_key(line))
        if before is None or line["rows"] >= before["rows"]:
            merged[_key(line)] = line
    return [merged[key] for key in sorted(merged)]


def update_history(folder: Path, report: Mapping[str, Any]) -> list[Line]:
    """Return the history once it holds the report's windows; call it while `locking`."""
    lines = merge_history(read_history(folder / HISTORY), make_lines(report))
    texts = [json.dumps(line, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n" for line in lines]
    write_text(folder / HISTORY, "".join(texts))
    return lines


def _key(line: Mapping[str, Any]) -> tuple[str, str, bool]:
    return line["start"], line["digest"] or "", line["shadow"]
