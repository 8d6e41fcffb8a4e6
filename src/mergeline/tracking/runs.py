"""Runs in MLflow: found by the state they are of, written whole or marked as failed.

Nothing here is yours to edit. Only a finished run counts: one that failed, was killed or was deleted is logged anew.
"""

import getpass
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.tracking.commit import COMMIT_TAG, DIRTY_TAG
from mergeline.tracking.model import log_model, prepare_model
from mergeline.tracking.record import FEATURES, MODELS, STATE_TAG, Record
from mergeline.tracking.store import DATABASE, RUNS, find_sqlite_file, hide_password

PER_REQUEST = 100  # MLflow takes no more parameters at once
LINEAGE = ("params.yaml", "dvc.lock", "data.dvc", "artifacts/model/model.json")


def open_experiment(client: Any, name: str, uri: str, folder: Path = Path()) -> str:
    """Return the id of the experiment called `name`, made if there is none.

    Raises
    ------
    MergelineError
        If it was deleted, or keeps its files in the folder from which this clone was moved.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return client.create_experiment(name)
    if experiment.lifecycle_stage != "active":
        raise MergelineError(
            f"the MLflow experiment '{name}' was deleted",
            where=f"params.yaml, key 'track.experiment'; {hide_password(uri)}",
            fix=f"restore it: mlflow experiments restore --experiment-id {experiment.experiment_id}\n"
            "or choose another name in params.yaml",
        )
    runs = Path(experiment.artifact_location.removeprefix("file://")).parent
    is_ours = find_sqlite_file(uri) == (folder / DATABASE).resolve() and runs.is_absolute() and runs.name == RUNS.name
    if is_ours and runs != (folder / RUNS).resolve():
        raise MergelineError(
            f"{DATABASE} was made in another folder, and MLflow keeps absolute paths in it",
            where=f"experiment '{name}' keeps its files in {runs}",
            fix=f"move the clone back, or start anew here:\n"
            f"mv {DATABASE} {DATABASE}.old; mv {RUNS} {RUNS}.old; make track",
        )
    return experiment.experiment_id


def find_run(client: Any, experiment_id: str, state: str) -> Any | None:
    """Return the finished run of `state`, or None; deleted, failed and unfinished runs do not count."""
    query = f"tags.`{STATE_TAG}` = '{state}' and attributes.status = 'FINISHED'"
    return next(iter(client.search_runs([experiment_id], query, max_results=1)), None)


def close_dead_runs(client: Any, experiment_id: str, state: str, uri: str) -> None:
    """Mark as failed the runs of `state` whose process was killed; on a server they may be another machine's, alive."""
    if find_sqlite_file(uri) is None:
        return
    query = f"tags.`{STATE_TAG}` = '{state}' and attributes.status = 'RUNNING'"
    for dead in client.search_runs([experiment_id], query):
        client.set_terminated(dead.info.run_id, "FAILED")


def name_commit(client: Any, found: Any, record: Record) -> bool:
    """Give a run that was logged before its state was committed the commit's name; return whether it names one."""
    if found.data.tags.get(DIRTY_TAG) == "false":
        return True
    if record.tags[DIRTY_TAG] == "true":
        return False
    client.set_tag(found.info.run_id, COMMIT_TAG, record.tags[COMMIT_TAG])
    client.set_tag(found.info.run_id, DIRTY_TAG, "false")
    return True


def write_run(client: Any, experiment_id: str, record: Record, folder: Path = Path()) -> str:
    """Write one run with its files and its model, and return its id; it is finished, or marked as failed."""
    import mlflow

    model = prepare_model(folder / MODELS, folder / FEATURES)
    tags = {**record.tags, "mlflow.user": getpass.getuser(), "mlflow.source.name": "mergeline.tracking.log_run"}
    run_id = client.create_run(experiment_id, run_name=record.name, tags=tags).info.run_id
    with mlflow.start_run(run_id=run_id):
        items = list(record.params.items())
        for first in range(0, len(items), PER_REQUEST):
            mlflow.log_params(dict(items[first : first + PER_REQUEST]))
        mlflow.log_metrics(record.metrics)
        for name in LINEAGE:
            mlflow.log_artifact(str(folder / name), "lineage")
        mlflow.log_artifacts(str(folder / "reports"), "reports")
        log_model(model)
    return run_id
