"""What may be promoted: the model that was judged, made by this commit, and no other.

Nothing here is yours to edit. A record names a commit and a digest, so everything is refused that would let the two
drift apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json
from mergeline.gate.champion import BRANCH, FORMAT, RECORD, Champion, parse_champion, read_champion
from mergeline.params import read_yaml
from mergeline.procurement.contents import compute_directory_hash, hash_files
from mergeline.release.production import read_file, read_history
from mergeline.shell import run_git

MANIFEST = Path("artifacts/model/model.json")
VERDICT = Path("reports/verdict.json")
LOCK = Path("dvc.lock")
JUDGED = ("src", "params.yaml", "dvc.yaml", "dvc.lock", "data.dvc", "requirements", "reports")


def build_record(folder: Path) -> Champion:
    """Return the record of the model in `folder`; the recorded one if it is the champion already.

    Raises
    ------
    MergelineError
        If the verdict is not `promote`, is about another model or was given against another champion, the tree differs
        from the commit, or the model is not the one that the commit's `dvc.lock` names.
    """
    digest = compute_digest(folder / MANIFEST)
    present = read_champion(folder)
    commit = run_git("rev-parse", "HEAD", folder=folder)
    if present and (present.commit, present.model_digest) == (commit, digest):
        # Whatever a gate that met the champion itself said since: what was begun is finished.
        check_committed(folder)
        return present
    verdict = read_json(folder / VERDICT)
    if verdict["model_digest"] != digest:
        raise MergelineError(
            "the verdict is about another model", where=str(VERDICT), fix="run `make gate`, then the same command again"
        )
    if verdict["verdict"] != "promote":
        raise MergelineError(
            f"the verdict is '{verdict['verdict']}', not 'promote'", where=str(VERDICT), fix="read reports/verdict.md"
        )
    if not was_promoted(commit, digest, folder):
        check_opponent(verdict, digest, folder)
    check_committed(folder)
    check_locked(folder, MANIFEST.parent)
    manifest = read_json(folder / MANIFEST)
    return Champion(
        format=FORMAT,
        commit=commit,
        model_digest=digest,
        data_hash=read_yaml(folder / "data.dvc")["outs"][0]["md5"],
        candidate=manifest["candidate"],
        trained_to=manifest["models"][-1]["trained_to"],
        verdict=verdict,
    )


def was_promoted(commit: str, digest: str, folder: Path) -> bool:
    """Return whether the branch once recorded this commit's model as the champion: then nothing is deployed anew."""
    for past, _ in read_history(folder):
        text = read_file(past, RECORD, folder)
        if text:
            champion = parse_champion(text, past)
            if (champion.commit, champion.model_digest) == (commit, digest):
                return True
    return False


def check_committed(folder: Path) -> None:
    """Return if everything that was judged is committed, else raise a `MergelineError` that names the first file."""
    changed = run_git("status", "--porcelain", "--", *JUDGED, folder=folder)
    if changed:
        raise MergelineError(
            f"{len(changed.splitlines())} files differ from the commit (first: {changed.splitlines()[0][3:]})",
            where="git status",
            fix="commit what was judged, so that the record names a commit that makes this model: git commit -a",
        )


def check_opponent(verdict: Mapping[str, Any], digest: str, folder: Path) -> None:
    """Check that the champion is still the one that the model was judged against, or is this very model.

    Raises
    ------
    MergelineError
        If another model was promoted since.
    """
    champion = read_champion(folder)
    if champion and champion.model_digest != digest and champion.commit != verdict.get("champion"):
        raise MergelineError(
            f"the champion is that of commit {champion.commit[:12]} by now, which this model was not judged against",
            where=f"{VERDICT}, branch {BRANCH}",
            fix="run `make gate`, then the same command again",
        )


def check_locked(folder: Path, output: Path) -> None:
    """Check that the output holds what `dvc.lock` says: it may be left over from another commit's pipeline.

    Raises
    ------
    MergelineError
        If it holds something else.
    """
    stages = read_yaml(folder / LOCK)["stages"].values() if (folder / LOCK).exists() else ()
    locked = {out["md5"] for stage in stages for out in stage.get("outs", []) if out["path"] == output.as_posix()}
    found = compute_directory_hash(hash_files(folder / output))
    if locked and found not in locked:
        raise MergelineError(
            f"{output} has hash {found}, and this commit's {LOCK} names {', '.join(locked)}",
            where=f"{output}, {LOCK}",
            fix="run `make`, so that the model is this commit's and is judged, then the same command again",
        )
