"""Promotion: the model of this commit becomes the champion, on record in git.

Nothing here is yours to edit. What is recorded is the digest of the model that was judged and the commit that makes
it, so everything is refused that would let the two drift apart: uncommitted changes, another verdict, another model.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json
from mergeline.gate.champion import BRANCH, FORMAT, Champion, read_champion, write_champion
from mergeline.params import read_yaml
from mergeline.procurement.contents import compute_directory_hash, hash_files
from mergeline.shell import run_git

MANIFEST = Path("artifacts/model/model.json")
VERDICT = Path("reports/verdict.json")
LOCK = Path("dvc.lock")
JUDGED = ("src", "params.yaml", "dvc.yaml", "dvc.lock", "data.dvc", "requirements", "reports")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    return argparse.ArgumentParser(prog="python -m mergeline.release.promote", description=__doc__.splitlines()[0])


def main(argv: Sequence[str] | None = None) -> int:
    """Record this commit's model as the champion and return 0; the same model twice is one record."""
    make_parser().parse_args(argv)
    champion = build_record(Path())
    short = champion.commit[:12]
    tip = write_champion(champion, f"Promote {champion.candidate} of commit {short}")
    print(f"champion: {champion.candidate} of commit {short}, recorded on branch {BRANCH} at {tip[:12]}")
    print(f"next: git push origin {BRANCH}")
    return 0


def build_record(folder: Path) -> Champion:
    """Return the record of the model in `folder`.

    Raises
    ------
    MergelineError
        If the verdict is not `promote`, is about another model or was given against another champion, the tree differs
        from the commit, or the model is not the one that the commit's `dvc.lock` names.
    """
    verdict = read_json(folder / VERDICT)
    digest = compute_digest(folder / MANIFEST)
    if verdict["model_digest"] != digest:
        raise MergelineError(
            "the verdict is about another model", where=str(VERDICT), fix="run `make gate`, then the same command again"
        )
    if verdict["verdict"] != "promote":
        raise MergelineError(
            f"the verdict is '{verdict['verdict']}', not 'promote'", where=str(VERDICT), fix="read reports/verdict.md"
        )
    check_opponent(verdict, digest, folder)
    changed = run_git("status", "--porcelain", "--", *JUDGED, folder=folder)
    if changed:
        raise MergelineError(
            f"{len(changed.splitlines())} files differ from the commit (first: {changed.splitlines()[0][3:]})",
            where="git status",
            fix="commit what was judged, so that the record names a commit that makes this model: git commit -a",
        )
    check_locked(folder)
    manifest = read_json(folder / MANIFEST)
    return Champion(
        format=FORMAT,
        commit=run_git("rev-parse", "HEAD", folder=folder),
        model_digest=digest,
        data_hash=read_yaml(folder / "data.dvc")["outs"][0]["md5"],
        candidate=manifest["candidate"],
        trained_to=manifest["models"][-1]["trained_to"],
        verdict=verdict,
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


def check_locked(folder: Path) -> None:
    """Check that the model's folder holds what `dvc.lock` says: it may be left over from another commit's pipeline.

    Raises
    ------
    MergelineError
        If it holds something else.
    """
    models = MANIFEST.parent
    stages = read_yaml(folder / LOCK)["stages"].values() if (folder / LOCK).exists() else ()
    locked = {out["md5"] for stage in stages for out in stage.get("outs", []) if out["path"] == models.as_posix()}
    found = compute_directory_hash(hash_files(folder / models))
    if locked and found not in locked:
        raise MergelineError(
            f"the model has hash {found}, and this commit's {LOCK} names {', '.join(locked)}",
            where=f"{models}, {LOCK}",
            fix="run `make`, so that the model is this commit's and is judged, then the same command again",
        )


if __name__ == "__main__":
    run(main)
