"""Bringing tags and the branch `deployments` from origin and back: all of them or none.

Nothing here is yours to edit.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.gate.champion import BRANCH
from mergeline.release.objects import OutrunError, resolve
from mergeline.shell import run_git

ORIGIN = "origin"


def fetch(service: str, folder: Path = Path()) -> None:
    """Let this clone know the branch and the service's tags at origin; neither need exist there yet.

    Raises
    ------
    MergelineError
        If origin does not answer, or holds another tag of the same name.
    """
    wanted = [f"+refs/heads/{BRANCH}*:refs/remotes/{ORIGIN}/{BRANCH}*"]
    wanted += [f"refs/tags/{service}{mark}*:refs/tags/{service}{mark}*" for mark in "@#"]
    run_git(
        "fetch",
        "--quiet",
        "--no-tags",
        ORIGIN,
        *wanted,
        folder=folder,
        fix="see whether origin can be reached; a tag that differs from origin's is removed by: git tag -d NAME",
    )


def push(tags: Sequence[str], folder: Path = Path()) -> None:
    """Bring the branch and `tags` to origin in one step, all or none.

    Raises
    ------
    OutrunError
        If origin moved on meanwhile.
    MergelineError
        If origin refuses for another reason.
    """
    references = [f"refs/heads/{BRANCH}", *(f"refs/tags/{tag}" for tag in tags)]
    references = [reference for reference in references if resolve(reference, folder)]
    command = ["git", "push", "--quiet", "--atomic", ORIGIN, *references]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    said = done.stderr.strip()
    where = " ".join(command)
    if "[rejected]" in said or "fetch first" in said or "already exists" in said or "cannot lock ref" in said:
        raise OutrunError(
            f"another deployment reached origin first: {said.splitlines()[0]}",
            where=where,
            fix=f"take what is there and run the same command again: git fetch origin && "
            f"git branch -f {BRANCH} origin/{BRANCH}; a version tag that origin lacks is removed by git tag -d NAME",
        )
    raise MergelineError(f"origin refused: {said}", where=where, fix="see whether you may push to this repository")
