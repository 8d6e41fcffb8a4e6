"""Writing to git without a work tree: a commit on a branch or an annotated tag, only if nobody else came first.

Nothing here is yours to edit. A reference is moved only from the value that was read (compare and swap), so of two who
write at once one is told so and looks again.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.release.identity import Identity
from mergeline.shell import run_git

NOTHING = "0" * 40


class OutrunError(MergelineError):
    """Another process moved the reference meanwhile; read again and try again."""


def write_commit(
    branch: str, tip: str | None, files: Mapping[str, str], message: str, who: Identity, at: datetime, folder: Path
) -> str:
    """Return the SHA of the commit on `tip` that holds `files`, once `branch` points to it; `tip` if nothing changes.

    Parameters
    ----------
    branch : str
        Name of the local branch.
    tip : str or None
        The commit that was read, here or at origin; None for the first.
    files : mapping of str to str
        Name at the top of the tree to content; other files stay.
    message, who, at
        The commit's message, author and time (to the second).

    Raises
    ------
    OutrunError
        If the branch is no longer where it was when `tip` was read.
    """
    before = resolve(f"refs/heads/{branch}", folder)
    if before not in (None, tip) and not (tip and _is_ancestor(before or "", tip, folder)):
        raise _outrun(branch)
    tree = _write_tree(tip, files, folder)
    if tip and run_git("rev-parse", f"{tip}^{{tree}}", folder=folder) == tree:
        return tip
    stamp = f"{who} {int(at.timestamp())} +0000"
    parent = f"parent {tip}\n" if tip else ""
    content = f"tree {tree}\n{parent}author {stamp}\ncommitter {stamp}\n\n{message}\n"
    commit = run_git("hash-object", "-t", "commit", "-w", "--stdin", folder=folder, content=content)
    swap(f"refs/heads/{branch}", commit, before, folder)
    return commit


def write_tag(name: str, commit: str, message: str, who: Identity, at: datetime, folder: Path) -> None:
    """Make the annotated tag `name` of `commit`.

    Raises
    ------
    OutrunError
        If there is a tag of this name.
    """
    stamp = f"{who} {int(at.timestamp())} +0000"
    content = f"object {commit}\ntype commit\ntag {name}\ntagger {stamp}\n\n{message}\n"
    tag = run_git("mktag", folder=folder, content=content)
    swap(f"refs/tags/{name}", tag, None, folder)


def swap(reference: str, new: str, old: str | None, folder: Path) -> None:
    """Move `reference` from `old` (None: it does not exist) to `new`, or raise an `OutrunError`."""
    try:
        run_git("update-ref", reference, new, old or NOTHING, folder=folder)
    except MergelineError as error:
        if resolve(reference, folder) == old:
            raise
        raise _outrun(reference) from error


def resolve(reference: str, folder: Path) -> str | None:
    """Return the object that `reference`, a full name, points to; None if there is none."""
    return run_git("for-each-ref", "--format=%(objectname)", reference, folder=folder) or None


def now() -> datetime:
    """Return the present moment in UTC, to the second, as git keeps it."""
    return datetime.now(UTC).replace(microsecond=0)


def _is_ancestor(older: str, newer: str, folder: Path) -> bool:
    return run_git("rev-list", "--count", older, f"^{newer}", folder=folder) == "0"


def _write_tree(tip: str | None, files: Mapping[str, str], folder: Path) -> str:
    entries = run_git("ls-tree", tip, folder=folder).splitlines() if tip else []
    kept = [entry for entry in entries if entry.partition("\t")[2] not in files]
    for name, content in files.items():
        blob = run_git("hash-object", "-w", "--stdin", folder=folder, content=content)
        kept.append(f"100644 blob {blob}\t{name}")
    return run_git("mktree", folder=folder, content="\n".join(kept) + "\n")


def _outrun(reference: str) -> OutrunError:
    return OutrunError(
        f"somebody else moved {reference} meanwhile",
        where=reference,
        fix="run the same command again: it continues from what is there",
    )
