"""Tests of `mergeline.release.registry` on MLflow itself: one version per promotion, the alias on what serves."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mergeline.errors import MergelineError
from mergeline.release import registry
from mergeline.release.registry import ensure_registered, move_alias
from mergeline.tracking.store import connecting, find_tracking_uri, locking, make_database

NAME = "flight-late"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of two finished runs, each with a logged model that holds no file; `log_state` names the first."""
    monkeypatch.chdir(tmp_path)
    uri = find_tracking_uri()
    make_database(uri)
    found = []
    with connecting(uri) as client:
        import mlflow

        experiment = client.create_experiment("flights")
        for _ in range(2):
            with mlflow.start_run(experiment_id=experiment) as run:
                model = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
                client.finalize_logged_model(model.model_id, "READY")
                client.log_outputs(run.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 0)])
            found.append(run.info.run_id)
    monkeypatch.setattr(registry, "log_state", lambda uri, folder: (found[0], False, True))
    monkeypatch.setattr(registry, "load_params", lambda path: SimpleNamespace(track=SimpleNamespace(model_name=NAME)))
    return found


def ask(what: str, *arguments: Any) -> Any:
    """Return what MLflow's client answers."""
    uri = find_tracking_uri()
    with locking(uri), connecting(uri) as client:
        return getattr(client, what)(*arguments)


def test_a_promotion_is_one_model_version_and_the_alias_moves(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice is once; the next promotion leaves the earlier version without the alias; a rollback moves it back."""
    for _ in range(2):
        assert ensure_registered("v0.0.1", "a" * 64, "b" * 40) == "1"
        assert move_alias("v0.0.1") == "1"
    version = ask("get_model_version_by_alias", NAME, "champion")
    assert (str(version.version), version.run_id) == ("1", runs[0])
    assert version.tags == {"mergeline.version": "v0.0.1", "mergeline.bundle": "a" * 64, "mergeline.commit": "b" * 40}
    monkeypatch.setattr(registry, "log_state", lambda uri, folder: (runs[1], False, True))
    ensure_registered("v0.0.2", "c" * 64, "d" * 40)
    assert move_alias("v0.0.2") == "2"
    assert len(ask("search_model_versions", f"name = '{NAME}'")) == 2
    assert move_alias("v0.0.1") == "1"
    assert ask("get_model_version_by_alias", NAME, "champion").run_id == runs[0]
    assert move_alias("v0.0.9") is None


def test_a_run_without_a_model_is_no_version(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that points nowhere would not load; nothing is registered."""
    empty = ask("create_run", "1").info.run_id
    monkeypatch.setattr(registry, "log_state", lambda uri, folder: (empty, False, True))
    with pytest.raises(MergelineError, match="holds no model") as error:
        ensure_registered("v0.0.1", "a" * 64, "b" * 40)
    assert "make track" in error.value.fix
    assert ask("search_model_versions", f"name = '{NAME}'") == []


def test_without_a_store_there_is_no_alias_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback on a fresh clone does not make an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "load_params", lambda path: SimpleNamespace(track=SimpleNamespace(model_name=NAME)))
    assert move_alias("v0.0.1") is None
    assert list(tmp_path.iterdir()) == []
