"""Promotion: the model of this commit becomes the champion, on record in git and in MLflow, and what should serve.

Nothing here is yours to edit. What is recorded is the digest of the bundle that was judged and the commit that makes
it, so everything is refused that would let the two drift apart: uncommitted changes, another verdict, another model.
Four steps, each done only if it is not done: a version tag; one commit on `deployments` with the champion record and
the desired state; a tag that says what serves; a model version in MLflow. A run that broke off is finished by the next.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mergeline.bundle.read import Bundle, read_bundle
from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import compute_digest
from mergeline.gate.champion import BRANCH, RECORD, Champion, find_branch
from mergeline.params import load_params
from mergeline.release.bundles import BUNDLE
from mergeline.release.identity import Identity, find_identity
from mergeline.release.judged import build_record, check_locked, check_opponent
from mergeline.release.objects import OutrunError, write_commit
from mergeline.release.production import CHAMPION, FILE, Production, Variant, read_history, render_production
from mergeline.release.registry import ensure_registered, move_alias
from mergeline.release.remote import fetch, push
from mergeline.release.versions import Tag, ensure_assigned, ensure_version

ATTEMPTS = 5


@dataclass(frozen=True)
class Promotion:
    """What is to be promoted: the champion record, the bundle, the service and who promotes."""

    champion: Champion
    bundle: Bundle
    service: str
    who: Identity


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.release.promote",
        description=__doc__.splitlines()[0],
        epilog="Run twice, or again after it broke off, it ends in the same state.",
    )
    parser.add_argument(
        "--push", action="store_true", help="first take tags and the branch from origin, at last bring them there"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Promote this commit's model and return 0; the same model twice is one version."""
    options = make_parser().parse_args(argv)
    folder = Path()
    service = load_params(folder / "params.yaml").release.service
    if options.push:
        fetch(service, folder)
    promotion = prepare(folder, service)
    tag, tip, serving = promote(promotion, folder)
    assigned = ensure_assigned(service, serving.version, serving.commit, promotion.who, folder)
    print(f"{promotion.champion.candidate} of commit {promotion.champion.commit[:12]} is {tag.name}")
    print(f"bundle {promotion.bundle.digest}; recorded on branch {BRANCH} at {tip[:12]}")
    if options.push:
        push([tag.name, *([assigned] if assigned else [])], folder)
    ensure_registered(tag.version, promotion.bundle.digest, promotion.champion.commit, folder)
    number = move_alias(serving.version, folder)
    print(f"champion: {serving.version}, in MLflow model version {number or '(unknown there)'}")
    if serving.version != tag.version:
        print(f"{tag.version} was promoted before and left again; to have it serve: make rollback TO={tag.version}")
    print("next: make deploy" if options.push else f"next: git push origin {BRANCH} --tags; make deploy")
    return 0


def prepare(folder: Path, service: str) -> Promotion:
    """Return what is to be promoted, checked.

    Raises
    ------
    MergelineError
        As `build_record`; or if the bundle is missing, altered, or made of another model.
    """
    champion = build_record(folder)
    bundle = read_bundle(folder / BUNDLE)
    if bundle.lineage.get("model_digest") != champion.model_digest:
        raise MergelineError(
            "the bundle was made of another model than was judged",
            where=str(BUNDLE),
            fix="run `make`, which packages the present model, then the same command again",
        )
    check_locked(folder, BUNDLE)
    return Promotion(champion, bundle, service, find_identity(folder))


def promote(promotion: Promotion, folder: Path = Path()) -> tuple[Tag, str, Variant]:
    """Return version tag, tip of the branch and what should serve, once the branch says that the model is promoted.

    Raises
    ------
    MergelineError
        If another model was promoted since the judgement, or others keep deploying meanwhile.
    """
    champion, bundle = promotion.champion, promotion.bundle
    facts = {"model": champion.model_digest, "data": champion.data_hash, "requirements": hash_requirements(folder)}
    tag = ensure_version(promotion.service, champion.commit, bundle.digest, facts, promotion.who, folder)
    tip = ensure_deployed(promotion, tag, folder)
    return tag, tip, read_history(folder)[0][1].champion


def ensure_deployed(promotion: Promotion, tag: Tag, folder: Path = Path()) -> str:
    """Return the tip of the branch, once its history holds a state in which this version is the champion.

    A version that was deployed once is not deployed again by this: a rollback that came later stands.
    """
    champion = promotion.champion
    for attempt in range(ATTEMPTS):
        tip = find_branch(folder)
        if tip and any(_is_champion(state, tag, promotion) for _, state in read_history(folder)):
            return tip
        check_opponent(champion.verdict, champion.model_digest, folder)
        record = json.dumps(asdict(champion), indent=2, sort_keys=True, allow_nan=False) + "\n"
        files = {RECORD: record, FILE: render_production(build_state(promotion, tag))}
        message = f"Promote {tag.name}: {champion.candidate} of commit {champion.commit[:12]}"
        try:
            return write_commit(BRANCH, tip, files, message, promotion.who, tag.at, folder)
        except OutrunError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def build_state(promotion: Promotion, tag: Tag) -> Production:
    """Return the state in which the promoted model alone serves; author and time are the tag's, so that it is one."""
    variant = Variant(CHAMPION, promotion.bundle.digest, tag.version, promotion.champion.commit, 100)
    reasons = promotion.champion.verdict.get("reasons") or ["judged `promote`"]
    at = f"{tag.at:%Y-%m-%dT%H:%M:%SZ}"
    return Production(promotion.service, (variant,), None, tag.author, str(reasons[0])[:2000], "promote", at)


def hash_requirements(folder: Path) -> str:
    """Return the SHA-256 of the locked requirements, "none" without any."""
    locks = sorted((folder / "requirements").glob("*.lock"))
    return ",".join(f"{path.name}={compute_digest(path)[:16]}" for path in locks) or "none"


def _is_champion(state: Production, tag: Tag, promotion: Promotion) -> bool:
    return (state.champion.version, state.champion.digest) == (tag.version, promotion.bundle.digest)


if __name__ == "__main__":
    run(main)
