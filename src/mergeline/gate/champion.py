"""The champion record: which model was last promoted, as a file in git history.

Nothing here is yours to edit. The record is `champion.json` on the branch `deployments`; each promotion is one commit
there, written without touching the work tree, so that a person can review, revert and blame it like any other file.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.shell import has_commit, run_git

BRANCH = "deployments"
RECORD = "champion.json"
FORMAT = 1


@dataclass(frozen=True)
class Champion:
    """What is recorded of the model last promoted.

    Attributes
    ----------
    format : int
        Version of this record's form.
    commit : str
        Full SHA of the commit whose pipeline makes the model.
    model_digest : str
        SHA-256 of its `model.json`, which holds the digests of the model files.
    data_hash : str
        Hash in the commit's `data.dvc`.
    candidate : str
        Name of the winning candidate.
    trained_to : str
        ISO time of the newest row that the shipped model was trained on.
    verdict : dict
        The verdict that promoted it.
    """

    format: int
    commit: str
    model_digest: str
    data_hash: str
    candidate: str
    trained_to: str
    verdict: dict[str, Any]


def read_champion(folder: Path = Path()) -> Champion | None:
    """Return the newest champion record that this clone knows of, or None if nothing was ever promoted.

    Raises
    ------
    MergelineError
        If the record is of an unknown form, names a commit that is missing here, or if the local branch and that of
        `origin` went different ways.
    """
    tip = find_branch(folder)
    if tip is None:
        return None
    where = f"{RECORD} on branch {BRANCH} at {tip[:12]}"
    listed = run_git("ls-tree", "--name-only", tip, RECORD, folder=folder)
    if not listed:
        return None
    champion = parse_champion(run_git("show", f"{tip}:{RECORD}", folder=folder), where)
    if not has_commit(champion.commit, folder):
        raise MergelineError(
            f"the champion's commit {champion.commit[:12]} is missing from this clone",
            where=where,
            fix="fetch the whole history: git fetch --unshallow origin || git fetch origin; if the commit is gone for\n"
            f"good, restore an earlier record: git revert on branch {BRANCH}",
        )
    return champion


def list_records(folder: Path = Path()) -> list[Champion]:
    """Return every record that the branch ever held, newest first; the commits they name may be gone."""
    tip = find_branch(folder)
    commits = run_git("log", "--format=%H", tip, "--", RECORD, folder=folder).splitlines() if tip else []
    texts = [(commit, run_git("show", f"{commit}:{RECORD}", folder=folder)) for commit in commits]
    return [parse_champion(text, f"{RECORD} at {commit[:12]}") for commit, text in texts]


def parse_champion(text: str, where: str) -> Champion:
    """Return the record in `text`, or raise a `MergelineError` that says what is wrong with it."""
    fix = f"restore the last good record: git log {BRANCH}, then revert the commit that broke it"
    try:
        content = json.loads(text)
    except ValueError as error:
        raise MergelineError(f"the champion record is not JSON: {error}", where=where, fix=fix) from error
    names = {item.name for item in fields(Champion)}
    if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) != names:
        raise MergelineError(f"the champion record is not of form {FORMAT}", where=where, fix=fix)
    return Champion(**content)


def write_champion(champion: Champion, message: str, folder: Path = Path()) -> str:
    """Add a commit with this record to the branch `deployments`; return its SHA, or the tip if it says so already."""
    tip = find_branch(folder)
    text = json.dumps(asdict(champion), indent=2, sort_keys=True, allow_nan=False) + "\n"
    blob = run_git("hash-object", "-w", "--stdin", folder=folder, content=text)
    entries = run_git("ls-tree", tip, folder=folder).splitlines() if tip else []
    kept = [entry for entry in entries if not entry.endswith(f"\t{RECORD}")]
    tree = run_git("mktree", folder=folder, content="\n".join([*kept, f"100644 blob {blob}\t{RECORD}"]) + "\n")
    if tip and run_git("rev-parse", f"{tip}^{{tree}}", folder=folder) == tree:
        return tip
    parent = ["-p", tip] if tip else []
    identity = "set your name and address: git config user.name …; git config user.email …"
    commit = run_git("commit-tree", tree, *parent, "-m", message, folder=folder, fix=identity)
    expected = _resolve(f"refs/heads/{BRANCH}", folder) or "0" * 40
    run_git(
        "update-ref",
        f"refs/heads/{BRANCH}",
        commit,
        expected,
        folder=folder,
        fix="another promotion came first: run it again",
    )
    return commit


def find_branch(folder: Path = Path()) -> str | None:
    """Return the SHA of the newest known tip of the branch, here or at `origin`; None if there is no such branch."""
    local = _resolve(f"refs/heads/{BRANCH}", folder)
    remote = _resolve(f"refs/remotes/origin/{BRANCH}", folder)
    if local is None or remote is None or local == remote:
        return local or remote
    base = run_git("merge-base", local, remote, folder=folder, fix="they share no history: keep one")
    if base not in (local, remote):
        raise MergelineError(
            f"the branch {BRANCH} here and at origin went different ways",
            where=f"{local[:12]} and {remote[:12]}",
            fix=f"take origin's: git branch -f {BRANCH} origin/{BRANCH}",
        )
    return remote if base == local else local


def _resolve(reference: str, folder: Path) -> str | None:
    found = run_git("for-each-ref", "--format=%(objectname)", reference, folder=folder)
    return found or None
