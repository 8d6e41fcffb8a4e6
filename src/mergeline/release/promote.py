"""Promotion: the model of this commit becomes the champion, on record in git.

Nothing here is yours to edit. What is recorded is the digest of the model that was judged and the commit that makes
it, so everything is refused that would let the two drift apart: uncommitted changes, another verdict, another model.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json
from mergeline.gate.champion import BRANCH, FORMAT, Champion, write_champion
from mergeline.params import read_yaml
from mergeline.shell import run_git

MANIFEST = Path("artifacts/model/model.json")
VERDICT = Path("reports/verdict.json")
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
        If the verdict is not `promote`, is about another model, or the tree differs from the commit.
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
    changed = run_git("status", "--porcelain", "--", *JUDGED, folder=folder)
    if changed:
        raise MergelineError(
            f"{len(changed.splitlines())} files differ from the commit (first: {changed.splitlines()[0][3:]})",
            where="git status",
            fix="commit what was judged, so that the record names a commit that makes this model: git commit -a",
        )
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


if __name__ == "__main__":
    run(main)
