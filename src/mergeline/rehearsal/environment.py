"""What a job sees of this machine: an allow-list of variables, a home of its own, git led to the rehearsal's origin.

Nothing here is yours to edit. act hands the whole environment of whoever started it to the jobs, tokens included;
hence the list.
"""

import fnmatch
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.rehearsal.events import REPOSITORY

PASSED_ON = (
    *("LANG", "LC_*", "TZ", "PIP_*", "UV_*", "OMP_*", "OPENBLAS_*", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "REQUESTS_CA_BUNDLE"),
)
IDENTITY = "Developer", "developer@example.invalid"


def make_base(scratch: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of everything the rehearsal starts, from the environment `given` to us."""
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in given.items() if any(fnmatch.fnmatchcase(name, p) for p in PASSED_ON)}
    return kept | {
        "PATH": os.pathsep.join([str(scratch / "pythons/default/bin"), given.get("PATH", os.defpath)]),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "TMPDIR": str(make_folder(scratch / "tmp")),
        "DVC_SITE_CACHE_DIR": str(scratch / "dvc-site"),
        "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Kept from job to job, as on a laptop: each job has a fresh checkout, and mypy would read all packages anew.
        "MYPY_CACHE_DIR": str(scratch / "mypy"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        # act runs steps on a terminal: git would start a pager there.
        **{"GIT_PAGER": "cat", "PAGER": "cat", "TERM": "dumb", "NO_COLOR": "1"},
    }


def make_git(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of git on the developer's side: an identity, and no configuration of this machine."""
    name, address = IDENTITY
    who = {"NAME": name, "EMAIL": address}
    people = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return {**base, **people, **configure_git([("safe.directory", "*"), ("init.defaultBranch", "main")])}


def lead_git(server: str, origin: Path, can_push: bool) -> dict[str, str]:
    """Return the variables that lead the repository's address to `origin`; without `can_push` a push fails."""
    address = f"{server}/{REPOSITORY}"
    pairs = [(f"url.{origin.as_uri()}.insteadOf", address)]
    if not can_push:
        pairs.append(("url.file:///no-job-of-this-run-has-contents-write/.pushInsteadOf", address))
    return configure_git(pairs)


def configure_git(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the variables by which git takes `pairs` for its configuration."""
    numbered = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return numbered


def lay_out_pythons(folder: Path, environments: Sequence[Path]) -> list[str]:
    """Make `folder` hold a Python per version for which there is an environment; return the versions.

    Raises
    ------
    MergelineError
        If an environment has no Python that runs.
    """
    versions: list[str] = []
    for environment in environments:
        base, version = probe(environment / "bin/python")
        if version in versions:
            continue
        programs = make_folder(folder / version / "bin")
        for name in ("python", "python3", f"python{version}"):
            (programs / name).symlink_to(base)
        (folder / version / "venv").symlink_to(environment.resolve())
        versions.append(version)
    if not versions:
        base, version = probe(Path(sys.executable))
        for name in ("python", "python3"):
            (make_folder(folder / version / "bin") / name).symlink_to(base)
        versions.append(version)
    (folder / "default").symlink_to(folder / versions[0])
    return versions


def probe(python: Path) -> tuple[Path, str]:
    """Return the Python that the environment of `python` was made from, and its version as "3.11"."""
    ask = "import os, sys; print(os.path.realpath(sys._base_executable)); print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MergelineError(
            f"this Python does not run: {error}", where=str(python), fix="run `make setup`, or pass another --venv"
        ) from error
    base, version = done.stdout.split("\n")[:2]
    if not re.fullmatch(r"3\.\d+", version):
        raise MergelineError(f"Python {version} is not supported", where=str(python), fix="pass another --venv")
    return Path(base), version


def make_folder(path: Path) -> Path:
    """Make the folder `path` if it is not there; return it."""
    path.mkdir(parents=True, exist_ok=True)
    return path
