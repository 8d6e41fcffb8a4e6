"""Where runs are kept: found, made once, refused with a reason."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.tracking import store
from mergeline.tracking.store import connecting, find_sqlite_file, find_tracking_uri, hide_password, locking


def test_runs_go_to_a_file_at_the_top_of_the_repository(tmp_path: Path) -> None:
    """Without a setting the store is one SQLite file, named by an absolute path."""
    assert find_tracking_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000", "databricks", "sqlite:////elsewhere/a.db", "postgresql://h/d"]
)
def test_a_tracking_uri_that_is_set_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    """`MLFLOW_TRACKING_URI` goes before the file here."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert find_tracking_uri(tmp_path) == uri


@pytest.mark.parametrize("uri", ["file:///tmp/mlruns", "./mlruns", "mlruns"])
def test_a_folder_of_files_is_refused_as_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    """The message says what to set instead, before MLflow says it in its own way."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(MergelineError, match="folder of files") as raised:
        find_tracking_uri(tmp_path)
    assert "sqlite:///" in raised.value.fix


def test_runs_of_an_old_mlflow_are_not_hidden_without_a_word(tmp_path: Path) -> None:
    """A folder of files from before stops the log step and names the command that carries its runs over."""
    (tmp_path / "mlruns/0").mkdir(parents=True)
    (tmp_path / "mlruns/0/meta.yaml").write_text("name: Default\n")
    with pytest.raises(MergelineError, match="older MLflow") as raised:
        find_tracking_uri(tmp_path)
    assert "mv mlruns mlruns.old" in raised.value.fix
    assert "mlflow migrate-filestore --source mlruns.old" in raised.value.fix
    (tmp_path / "mlruns").rename(tmp_path / "mlruns.old")
    assert find_tracking_uri(tmp_path)


def test_the_file_of_a_sqlite_uri_is_found_and_no_other() -> None:
    """Relative and absolute paths, drivers and options are understood."""
    assert find_sqlite_file("sqlite:///mlflow.db") == Path("mlflow.db")
    assert find_sqlite_file("sqlite+pysqlite:////a b/c.db?timeout=9") == Path("/a b/c.db")
    assert find_sqlite_file("postgresql://u:p@host/mlflow") is None
    assert find_sqlite_file("http://127.0.0.1:5000") is None


def test_a_password_is_neither_printed_nor_kept() -> None:
    """What is shown and stamped leads to the server and to nobody's account."""
    assert hide_password("https://me:secret@mlflow.example:5000/x") == "https://mlflow.example:5000/x"
    assert hide_password("postgresql://u:p@db/mlflow") == "postgresql://db/mlflow"
    assert hide_password("sqlite:////a b/c.db") == "sqlite:////a b/c.db"


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    """The next process, here the next block, gets it."""
    for _ in range(2):
        with locking(f"sqlite:///{tmp_path}/mlflow.db", tmp_path):
            pass
    with locking("http://127.0.0.1:1", tmp_path):
        assert (tmp_path / ".mergeline/track.lock").exists()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Return the address of a server that takes the connection and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_does_not_answer_is_given_up(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log step ends with a message that says how to go on without the server."""
    monkeypatch.setattr(store, "PROBE", dict.fromkeys(store.PROBE, "1"))
    with pytest.raises(MergelineError, match="cannot use its store") as raised, connecting(silent_server):
        pytest.fail("it answered")
    assert "env -u MLFLOW_TRACKING_URI make track" in raised.value.fix
    assert raised.value.where == silent_server


def test_a_server_that_is_not_there_is_given_up(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is the same to the user, and leaves the environment as it was."""
    monkeypatch.setattr(store, "PROBE", dict.fromkeys(store.PROBE, "0") | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"})
    before = dict(os.environ)
    with pytest.raises(MergelineError, match="cannot use its store"), connecting("http://127.0.0.1:9"):
        pytest.fail("it answered")
    after = {name: value for name, value in os.environ.items() if name not in store.QUIET}
    assert after == {name: value for name, value in before.items() if name not in store.QUIET}


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The message shows the file, and how to keep or replace it."""
    path = tmp_path / "mlflow.db"
    path.write_text("not a database, but a text that is long enough to have a header: " + "x" * 100)
    with pytest.raises(MergelineError, match="cannot use its store") as raised, connecting(f"sqlite:///{path}"):
        pytest.fail("it was read")
    assert "mlflow db upgrade" in raised.value.fix
    assert path.read_text().startswith("not a database")


def test_no_telemetry_even_if_the_shell_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands switch it off before MLflow is imported; what is merely quiet may be set otherwise."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    monkeypatch.setenv("MLFLOW_LOGGING_LEVEL", "DEBUG")
    store.set_quiet()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["MLFLOW_LOGGING_LEVEL"] == "DEBUG"


def test_a_disk_that_is_full_is_called_so() -> None:
    """SQLite's words for it lead to the advice that helps."""
    error = store.explain_failure(
        "sqlite:////a.db", RuntimeError("(sqlite3.OperationalError) database or disk is full")
    )
    assert "free some space" in error.fix


def test_a_database_of_another_mlflow_is_told_how_to_come_along(tmp_path: Path, empty_database: Path) -> None:
    """The message has the command that brings it up to date, after a copy."""
    path = shutil.copy(empty_database, tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(MergelineError, match="out-of-date") as raised, connecting(f"sqlite:///{path}"):
        pytest.fail("it was used")
    assert f"cp {path} {path}.bak && mlflow db upgrade sqlite:///{path}" in raised.value.fix
