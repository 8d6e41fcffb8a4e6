"""What counts as one state, and whether it was logged already: decided in milliseconds, without importing MLflow.

Nothing here is yours to edit. Two moments are the same state if `dvc.lock` lists the same outputs, and the parameters
and the verdict are the same. Comments, the commit and the code's wording are no part of it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.files import write_json
from mergeline.tracking.store import find_sqlite_file

LOCK = Path("dvc.lock")
PARAMS = Path("params.yaml")
VERDICT = Path("reports/verdict.json")
STAMP = Path(".mergeline/tracked.json")


@dataclass(frozen=True)
class Stamp:
    """That the state made of these bytes is in MLflow.

    Attributes
    ----------
    content : str
        Digest of the bytes of `dvc.lock`, `params.yaml` and the verdict.
    store : str
        The tracking URI, without a password.
    run_id : str
        MLflow's id of the run.
    committed : bool
        Whether the run names a commit that holds the state.
    """

    content: str
    store: str
    run_id: str
    committed: bool


def compute_content(folder: Path = Path()) -> str:
    """Return the digest of the bytes that the state is read from.

    Raises
    ------
    MergelineError
        If there is no `dvc.lock`: nothing was reproduced yet.
    """
    if not (folder / LOCK).is_file():
        raise MergelineError(
            "there is nothing to log: the pipeline has not run here", where=str(LOCK), fix="run `make`, which logs too"
        )
    digest = hashlib.sha256()
    for path in (LOCK, PARAMS, VERDICT):
        content = (folder / path).read_bytes() if (folder / path).is_file() else b""
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def compute_state(stages: Mapping[str, Any], params: Mapping[str, Any], verdict: Mapping[str, Any] | None) -> str:
    """Return the digest of a state.

    Parameters
    ----------
    stages : mapping
        `stages` of `dvc.lock`; only their outputs count.
    params : mapping
        All parameters.
    verdict : mapping or None
        The verdict; None if the gate has not judged.
    """
    outputs = sorted((out["path"], out["md5"]) for stage in stages.values() for out in stage.get("outs", []))
    content = json.dumps({"outputs": outputs, "params": params, "verdict": verdict}, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def read_stamp(content: str, store: str, folder: Path = Path()) -> Stamp | None:
    """Return the stamp if it is of this content and store, and the store still holds the finished run; else None.

    A server is not asked: remove `.mergeline/tracked.json` to have it asked again.
    """
    try:
        stamp = Stamp(**json.loads((folder / STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if (stamp.content, stamp.store) != (content, store):
        return None
    database = find_sqlite_file(store)
    return stamp if database is None or holds_run(database, stamp.run_id) else None


def write_stamp(stamp: Stamp, folder: Path = Path()) -> None:
    """Write the stamp, whole or not at all."""
    write_json(folder / STAMP, asdict(stamp))


def holds_run(database: Path, run_id: str) -> bool:
    """Return whether the SQLite file at `database` holds a finished run of that id which nobody deleted."""
    query = "SELECT 1 FROM runs WHERE run_uuid = ? AND status = 'FINISHED' AND lifecycle_stage = 'active'"
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return connection.execute(query, (run_id,)).fetchone() is not None
    except sqlite3.Error:
        return False
