"""Where MLflow keeps the runs: a SQLite file made in one step, or a server; opened in bounded time, telemetry off.

Nothing here is yours to edit: set `MLFLOW_TRACKING_URI` to log elsewhere. MLflow itself is imported only by
`connecting` and `make_database`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mergeline.errors import MergelineError

DATABASE = Path("mlflow.db")
RUNS = Path("mlruns")
PROBE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
WHILE_LOGGING = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
QUIET = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def find_tracking_uri(folder: Path = Path()) -> str:
    """Return where runs are kept: `MLFLOW_TRACKING_URI` if that is set, else `mlflow.db` in `folder`.

    Raises
    ------
    MergelineError
        If that is a folder of files, as MLflow used them before it took to SQLite, or such a folder is in the way.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        check_no_file_store(folder)
        return f"sqlite:///{(folder / DATABASE).resolve()}"
    if uri.startswith("file:") or ("://" not in uri and uri != "databricks"):
        raise MergelineError(
            f"the tracking URI '{uri}' is a folder of files, which MLflow no longer develops and refuses to write",
            where="environment variable MLFLOW_TRACKING_URI",
            fix="unset it to use mlflow.db here, or set it to sqlite:///path/to.db or to a server's address",
        )
    return uri


def check_no_file_store(folder: Path = Path()) -> None:
    """Raise a `MergelineError` if `mlruns` holds runs as files, written by an MLflow older than 3.7 or so."""
    found = next((folder / RUNS).glob("*/meta.yaml"), None)
    if found is None:
        return
    raise MergelineError(
        f"'{RUNS}' holds runs as files, of an older MLflow: they would not be seen beside those in {DATABASE}",
        where=str(found),
        fix=f"move it away: mv {RUNS} {RUNS}.old\n"
        f"to see its runs: mlflow migrate-filestore --source {RUNS}.old --target sqlite:///{RUNS}-old.db",
    )


def find_sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite tracking URI; None for any other."""
    scheme, _, path = uri.partition(":///")
    return Path(path.partition("?")[0]) if scheme.partition("+")[0] == "sqlite" else None


def hide_password(uri: str) -> str:
    """Return the tracking URI without user name and password, fit to be printed and kept."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.username else uri


@contextmanager
def locking(uri: str, folder: Path = Path()) -> Iterator[None]:
    """Hold the store alone among the processes of this machine; the lock ends with the process, however that ends."""
    database = find_sqlite_file(uri)
    path = database.with_name(database.name + ".lock") if database else folder / ".mergeline/track.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("MLflow: waiting for another process that is logging", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make_database(uri: str) -> None:
    """Make the SQLite file of `uri` with all its tables, whole or not at all; call it while `locking`.

    MLflow makes the tables on first use, in dozens of migrations: two processes that do so at once, or one that is
    killed meanwhile, leave a file that nobody can open.
    """
    database = find_sqlite_file(uri)
    if database is None or database.exists():
        return
    print(f"MLflow: making {database.name} (once, takes a few seconds)", flush=True)
    set_quiet()
    from mlflow import MlflowClient

    new = database.with_name(database.name + ".new")
    new.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{new}").search_experiments(max_results=1)
    new.replace(database)


@contextmanager
def connecting(uri: str) -> Iterator[Any]:
    """Yield an `mlflow.MlflowClient` whose store has answered; MLflow's own functions use that store meanwhile.

    Raises
    ------
    MergelineError
        If the store does not answer in about 25 s, or MLflow cannot use it.
    """
    before = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", *WHILE_LOGGING)}
    set_quiet()
    import mlflow
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        mlflow.set_tracking_uri(uri)
        os.environ.update(PROBE)
        client = mlflow.MlflowClient(uri)
        client.search_experiments(max_results=1)
        os.environ.update({name: before[name] or value for name, value in WHILE_LOGGING.items()})
        yield client
    except (MlflowException, RequestException, SQLAlchemyError) as error:
        raise explain_failure(uri, error) from error
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # forgets the URI, also in the environment
        for name, saved in before.items():
            os.environ.pop(name, None) if saved is None else os.environ.update({name: saved})


def explain_failure(uri: str, error: Exception) -> MergelineError:
    """Return what to tell the user about a store that refused or did not answer."""
    first_line = str(error).strip().splitlines()[0][:300]
    shown = hide_password(uri)
    if "disk is full" in first_line:
        fix = "free some space and run `make track`; what was begun does not count"
    elif database := find_sqlite_file(uri):
        fix = (
            f"if another version of MLflow made it: cp {database} {database}.bak && mlflow db upgrade {uri}\n"
            f"or start anew: move {database} and the mlruns/ beside it away, and run `make track`"
        )
    else:
        fix = (
            "see whether the server runs, its address is right, it allows this host, and the credentials are set "
            "(MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN)\n"
            "to log to mlflow.db here meanwhile: env -u MLFLOW_TRACKING_URI make track"
        )
    return MergelineError(f"MLflow cannot use its store: {first_line}", where=shown, fix=fix)


def set_quiet() -> None:
    """Switch off MLflow's telemetry, progress bars and chatter; to be called before MLflow is imported."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
