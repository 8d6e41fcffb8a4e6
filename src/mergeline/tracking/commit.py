"""The commit that a run names, and whether anything in the clone differs from it.

Nothing here is yours to edit.
"""

from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.shell import run_git

COMMIT_TAG = "mlflow.source.git.commit"
DIRTY_TAG = "mergeline.git_dirty"


def read_commit(folder: Path = Path()) -> dict[str, str]:
    """Return the tags that name the commit, and say whether anything differs from it ("true" or "false")."""
    try:
        commit = run_git("rev-parse", "HEAD", folder=folder)
        dirty = bool(run_git("status", "--porcelain", folder=folder))
    except MergelineError:  # a copy of the files without git, or no commit yet
        return {DIRTY_TAG: "true"}
    return {COMMIT_TAG: commit, DIRTY_TAG: str(dirty).lower()}


def is_committed(folder: Path = Path()) -> bool:
    """Return whether the present commit holds everything in the clone that git does not ignore."""
    return read_commit(folder)[DIRTY_TAG] == "false"
