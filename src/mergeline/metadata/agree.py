"""Do git and MLflow tell the same story? Git holds the decisions, MLflow the runs; each names the other's things.

Nothing here is yours to edit.
"""

from collections.abc import Sequence
from pathlib import Path

from mergeline.metadata.runs import Registered
from mergeline.release.production import Production, read_history
from mergeline.release.versions import Tag, read_versions


def check_agreement(service: str, registered: Sequence[Registered] | None, folder: Path = Path()) -> list[str]:
    """Return what does not agree among tags, branch `deployments` and MLflow, one sentence each.

    Parameters
    ----------
    service : str
        Name of the service.
    registered : sequence of Registered or None
        MLflow's versions; None if MLflow is not used here, which is no disagreement.
    folder : Path
        The clone.
    """
    history = [state for _, state in read_history(folder)]
    tags = read_versions(service, folder)
    return [
        *_compare_tags(tags, history),
        *(_compare_runs(tags, history, registered) if registered is not None else []),
    ]


def _compare_tags(tags: Sequence[Tag], history: Sequence[Production]) -> list[str]:
    by_version = {tag.version: tag for tag in tags}
    found = []
    for variant in {variant.version: variant for state in history for variant in state.everyone}.values():
        tag = by_version.get(variant.version)
        if tag is None:
            found.append(f"{variant.version} was deployed and has no tag")
        elif (tag.commit, tag.read("bundle")) != (variant.commit, variant.digest):
            found.append(f"{variant.version}: the tag names another commit or bundle than branch deployments")
    return found


def _compare_runs(tags: Sequence[Tag], history: Sequence[Production], registered: Sequence[Registered]) -> list[str]:
    by_version = {one.version: one for one in registered if one.version}
    found = []
    for tag in tags:
        one = by_version.get(tag.version)
        if one is None:
            found.append(f"{tag.version} has a tag and is not registered in MLflow")
        elif (one.commit, one.bundle) != (tag.commit, tag.read("bundle")):
            found.append(f"{tag.version}: MLflow's version {one.number} names another commit or bundle than the tag")
    serving = history[0].champion.version if history else None
    champion = next((one for one in registered if one.is_champion), None)
    if serving != (champion.version if champion else None):
        told = champion.version if champion else "nothing"
        found.append(f"branch deployments has {serving or 'nothing'} serve, and MLflow's alias champion is on {told}")
    return found
