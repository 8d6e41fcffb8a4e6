"""Running git and DVC: one way to call them, one way to fail.

Nothing here is yours to edit.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mergeline.errors import MergelineError

QUIET = {"DVC_NO_ANALYTICS": "1", "DVC_STUDIO_OFFLINE": "1", "GIT_PAGER": "cat"}


def run_git(
    *arguments: str, folder: Path = Path(), content: str | None = None, fix: str = "read git's message and mend it"
) -> str:
    """Return what `git *arguments` prints in `folder`, without the last newline.

    Raises
    ------
    MergelineError
        If git exits with another status than 0; `fix` is what the user is told to do.
    """
    done = subprocess.run(["git", *arguments], cwd=folder, input=content, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MergelineError(
            f"git {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}",
            where=f"git {' '.join(arguments)}",
            fix=fix,
        )
    return done.stdout.rstrip("\n")


def has_commit(revision: str, folder: Path = Path()) -> bool:
    """Return whether `revision` names a commit that this clone holds."""
    probe = ["git", "cat-file", "-e", f"{revision}^{{commit}}"]
    return subprocess.run(probe, cwd=folder, capture_output=True, check=False).returncode == 0


def run_python(
    arguments: Sequence[str], *, folder: Path = Path(), extra: Mapping[str, str] | None = None, quiet: bool = False
) -> int:
    """Run this Python with `arguments` in `folder`, its own tools first on the path; return its exit status.

    With `quiet` the output is kept back and printed to stderr only if the command fails.
    """
    tools = str(Path(sys.executable).parent)
    path = os.pathsep.join([tools, os.environ.get("PATH", "")])
    environment = {**os.environ, **QUIET, "PATH": path, **(extra or {})}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    if quiet and done.returncode:
        print(done.stdout, file=sys.stderr, end="")
    return done.returncode
