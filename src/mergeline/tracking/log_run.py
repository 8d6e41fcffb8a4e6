"""Logging to MLflow what `dvc repro` and the gate left: one run per state, whoever asks how often.

Nothing here is yours to edit: names are in `params.yaml`, group `track`; `MLFLOW_TRACKING_URI` says where to. This is
no stage: it reads files only, so that a stage restored from the cache loses no log. It records, it never decides.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.tracking.commit import DIRTY_TAG, is_committed
from mergeline.tracking.state import STAMP, Stamp, compute_content, read_stamp, write_stamp
from mergeline.tracking.store import connecting, find_tracking_uri, hide_password, locking, make_database


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    return argparse.ArgumentParser(
        prog="python -m mergeline.tracking.log_run",
        description="Log the state that `dvc repro` and the gate left to MLflow, unless a run of it is there.",
        epilog=f"Runs go to mlflow.db, or to MLFLOW_TRACKING_URI. To have a server asked again: rm {STAMP}",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once MLflow holds a finished run of the present state."""
    make_parser().parse_args(argv)
    started = time.monotonic()
    uri = find_tracking_uri()
    store = hide_password(uri)
    content = compute_content()
    stamp = read_stamp(content, store)
    if stamp and (stamp.committed or not is_committed()):
        print(f"MLflow: this state is logged already, run {stamp.run_id} in {store}; nothing to do")
        return 0
    run_id, made, committed = log_state(uri)
    write_stamp(Stamp(content, store, run_id, committed))
    did = "logged this state as" if made else "this state is logged already,"
    print(f"MLflow: {did} run {run_id} in {store} ({time.monotonic() - started:.1f} s); to see it: make ui")
    return 0


def log_state(uri: str, folder: Path = Path()) -> tuple[str, bool, bool]:
    """Return the id of the finished run of the state in `folder`, whether it was made now, and whether it is committed.

    Raises
    ------
    MergelineError
        If the files do not belong together, or the store cannot be used. What was begun then counts as failed.
    """
    # Imported here: where nothing is to be logged, nobody waits for what logging needs.
    from mergeline.tracking.record import read_record
    from mergeline.tracking.runs import close_dead_runs, find_run, name_commit, open_experiment, write_run

    record = read_record(folder)
    committed = record.tags[DIRTY_TAG] == "false"
    with locking(uri, folder):
        make_database(uri)
        with connecting(uri) as client:
            experiment_id = open_experiment(client, record.experiment, uri, folder)
            found = find_run(client, experiment_id, record.state)
            if found:
                return found.info.run_id, False, name_commit(client, found, record)
            close_dead_runs(client, experiment_id, record.state, uri)
            return write_run(client, experiment_id, record, folder), True, committed


if __name__ == "__main__":
    run(main)
