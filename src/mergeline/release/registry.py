"""The promoted model in MLflow: a version of the registered model, and the alias `champion` on what serves.

Nothing here is yours to edit: names are in `params.yaml`, group `track`. MLflow records and never decides: this is the
last step of a promotion, and what is missing here is added by the next run.
"""

from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.params import load_params
from mergeline.tracking.log_run import log_state
from mergeline.tracking.store import connecting, find_sqlite_file, find_tracking_uri, locking, make_database

ALIAS = "champion"
VERSION_TAG = "mergeline.version"
BUNDLE_TAG = "mergeline.bundle"
COMMIT_TAG = "mergeline.commit"


def ensure_registered(version: str, digest: str, commit: str, folder: Path = Path()) -> str:
    """Return the number of the model version that is `version`, once it exists.

    The run of the present state is logged if it is not there. Earlier versions stay.

    Raises
    ------
    MergelineError
        If MLflow's store cannot be used.
    """
    uri = find_tracking_uri(folder)
    name = load_params(folder / "params.yaml").track.model_name
    number = _find(uri, name, version, folder)
    if number is None:
        run_id, _, _ = log_state(uri, folder)
        tags = {VERSION_TAG: version, BUNDLE_TAG: digest, COMMIT_TAG: commit}
        with locking(uri, folder), connecting(uri) as client:
            # Asked again under the lock: of two promotions at once the second finds the first's.
            number = _search(client, name, version) or _create(client, name, run_id, tags)
    return number


def move_alias(version: str, folder: Path = Path()) -> str | None:
    """Return the number of the model version that is `version`, once it bears the alias; None if MLflow knows none."""
    uri = find_tracking_uri(folder)
    name = load_params(folder / "params.yaml").track.model_name
    database = find_sqlite_file(uri)
    if database is not None and not database.exists():
        return None
    number = _find(uri, name, version, folder)
    if number is not None:
        _set_alias(uri, name, number, folder)
    return number


def _find(uri: str, name: str, version: str, folder: Path) -> str | None:
    with locking(uri, folder):
        make_database(uri)
        with connecting(uri) as client:
            return _search(client, name, version)


def _search(client: Any, name: str, version: str) -> str | None:
    found = client.search_model_versions(f"name = '{name}'")
    return next((str(one.version) for one in found if one.tags.get(VERSION_TAG) == version), None)


def _create(client: Any, name: str, run_id: str, tags: dict[str, str]) -> str:
    outputs = client.get_run(run_id).outputs
    models = outputs.model_outputs if outputs else []
    if not models:
        raise MergelineError(
            f"run {run_id} holds no model", where="MLflow", fix="run `make track`, then the same command again"
        )
    if not any(one.name == name for one in client.search_registered_models(f"name = '{name}'")):
        client.create_registered_model(name)
    created = client.create_model_version(name, f"models:/{models[-1].model_id}", run_id, tags=tags)
    return str(created.version)


def _set_alias(uri: str, name: str, number: str, folder: Path) -> None:
    with locking(uri, folder), connecting(uri) as client:
        if str(client.get_registered_model(name).aliases.get(ALIAS)) != number:
            client.set_registered_model_alias(name, ALIAS, number)
