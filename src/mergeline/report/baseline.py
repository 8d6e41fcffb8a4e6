"""Finds the commit that a change is compared with: one rule for pull requests, branches and main itself.

Nothing here is yours to edit. The base says what a change changes (parameters, data, stages); whether the model is
better is the gate's question, and its answer comes from the champion.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mergeline.errors import MergelineError
from mergeline.params import read_yaml
from mergeline.shell import has_commit, run_git

MAIN = ("origin/main", "main")
FETCH = "git fetch origin main:refs/remotes/origin/main"
BRANCH_OFF = "commit on a branch that starts from main, or name a commit by --base"
INPUTS = ("params.yaml", "data.dvc", "dvc.yaml", "src")


def find_base(revision: str | None = None, folder: Path = Path()) -> dict[str, Any]:
    """Return the base commit and how it was chosen, or why there is none and how to get one.

    Parameters
    ----------
    revision : str or None
        What to compare with; None for the merge base with main, on main itself the commit before (or the commit
        itself, if inputs of the pipeline have uncommitted edits).
    folder : Path
        Top of the repository.

    Returns
    -------
    dict
        `commit` (full SHA, None if there is no baseline), `says` (a sentence) and `fix` ("" if there is a base).
    """
    try:
        head = run_git("rev-parse", "--verify", "HEAD^{commit}", folder=folder)
        if revision is not None:
            return _find_given(revision, folder)
        main = next((name for name in MAIN if has_commit(name, folder)), None)
        if main is None:
            return _none_in_clone("this clone holds neither origin/main nor main", folder, FETCH)
        base = run_git("merge-base", "HEAD", main, folder=folder)
    except MergelineError as error:
        return _none_in_clone(error.what, folder)
    if base != head:
        return _found(base, f"where this change leaves {main}")
    if run_git("status", "--porcelain", "--", *INPUTS, folder=folder):
        return _found(head, "this commit, without the uncommitted edits")
    if has_commit("HEAD^1", folder):
        return _found(run_git("rev-parse", "HEAD^1", folder=folder), "the commit before, on main")
    return _none_in_clone("this is the first commit that the clone knows of", folder)


def read_text_at(commit: str | None, path: str, folder: Path = Path()) -> str | None:
    """Return the text of a file at a commit, or None if there is no commit or no such file."""
    if commit is None or not run_git("ls-tree", "--name-only", commit, path, folder=folder):
        return None
    return run_git("show", f"{commit}:{path}", folder=folder)


def read_yaml_at(commit: str | None, path: str, folder: Path = Path()) -> Mapping[str, Any] | None:
    """Return the content of a YAML file at a commit, by the rules of `params.yaml`; None if it cannot be read."""
    text = read_text_at(commit, path, folder)
    if text is None:
        return None
    with TemporaryDirectory() as scratch:
        copy = Path(scratch, Path(path).name)
        copy.write_text(text, encoding="utf-8")
        try:
            content = read_yaml(copy)
        except MergelineError:
            return None
    return content if isinstance(content, dict) else None


def _find_given(revision: str, folder: Path) -> dict[str, Any]:
    if revision.startswith("-") or not has_commit(revision, folder):
        return _none(f"'{revision}' is no commit of this clone", "git fetch origin, then name it again by --base")
    return _found(run_git("rev-parse", f"{revision}^{{commit}}", folder=folder), "named by --base")


def _none_in_clone(reason: str, folder: Path, fix: str = BRANCH_OFF) -> dict[str, Any]:
    try:
        shallow = run_git("rev-parse", "--is-shallow-repository", folder=folder) == "true"
    except MergelineError:
        return _none("this is no git repository with a commit", "run it in a clone")
    if shallow:
        return _none(
            "this clone is shallow and does not reach back to main",
            f"{FETCH} --unshallow; in a workflow, fetch-depth: 0 at actions/checkout",
        )
    return _none(reason, fix)


def _found(commit: str, says: str) -> dict[str, Any]:
    return {"commit": commit, "says": says, "fix": ""}


def _none(says: str, fix: str) -> dict[str, Any]:
    return {"commit": None, "says": says, "fix": fix}
