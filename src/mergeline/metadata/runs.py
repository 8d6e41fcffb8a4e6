"""What MLflow knows of a version: its run, how long the stages took, and the versions that are registered.

Nothing here is yours to edit. MLflow records and never decides; where it is missing, nothing else is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mergeline.params import load_params
from mergeline.release.registry import ALIAS, BUNDLE_TAG, COMMIT_TAG, VERSION_TAG
from mergeline.tracking.store import connecting, find_sqlite_file, find_tracking_uri

SECONDS = "seconds."


@dataclass(frozen=True)
class Registered:
    """A version of the registered model.

    Attributes
    ----------
    number, version, bundle, commit : str or None
        MLflow's own number; what the promotion wrote on it.
    run_id : str or None
        The run that logged the model.
    is_champion : bool
        Whether it bears the alias.
    """

    number: str
    version: str | None
    bundle: str | None
    commit: str | None
    run_id: str | None
    is_champion: bool


def read_registered(folder: Path = Path()) -> list[Registered] | None:
    """Return the versions of the registered model, by number; None if MLflow was never used here.

    Raises
    ------
    MergelineError
        If MLflow's store cannot be used.
    """
    uri = find_tracking_uri(folder)
    database = find_sqlite_file(uri)
    if database is not None and not database.exists():
        return None
    name = load_params(folder / "params.yaml").track.model_name
    with connecting(uri) as client:
        models = client.search_registered_models(f"name = '{name}'")
        champion = str(models[0].aliases.get(ALIAS)) if models else ""
        found = client.search_model_versions(f"name = '{name}'")
        return sorted((_describe(one, champion) for one in found), key=lambda one: int(one.number))


def _describe(one: Any, champion: str) -> Registered:
    version, bundle, commit = (one.tags.get(tag) for tag in (VERSION_TAG, BUNDLE_TAG, COMMIT_TAG))
    return Registered(str(one.version), version, bundle, commit, one.run_id, str(one.version) == champion)


def read_durations(run_id: str, folder: Path = Path()) -> dict[str, float]:
    """Return stage to the seconds it took in this run; stages that came from the cache are left out."""
    with connecting(find_tracking_uri(folder)) as client:
        metrics = client.get_run(run_id).data.metrics
    return {name.removeprefix(SECONDS): value for name, value in sorted(metrics.items()) if name.startswith(SECONDS)}
