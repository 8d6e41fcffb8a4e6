"""One run per state: logged whole, found again, logged anew where it failed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ruamel.yaml import YAML

from mergeline.errors import MergelineError
from mergeline.tracking import log_run
from mergeline.tracking import runs as run_writer
from mergeline.tracking.record import read_record
from mergeline.tracking.state import STAMP
from usecase.features import FEATURES

NAMES = [feature.name for feature in FEATURES]
Runs = Callable[..., list[Any]]


def test_a_run_holds_the_state_and_a_second_log_makes_no_second(workspace: Path, runs: Runs) -> None:
    """Files, parameters and model are in the run; logging again finds it by its stamp, and without the stamp too."""
    assert log_run.main([]) == 0
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.params["train.random_state"] == "13"
    assert run.data.metrics["roc_auc"] == 0.71
    files = {str(path.relative_to(workspace / "mlruns")) for path in (workspace / "mlruns").rglob("*.*")}
    assert {
        f"1/{run.info.run_id}/artifacts/lineage/{name}" for name in ("dvc.lock", "data.dvc", "params.yaml")
    } <= files
    assert f"1/{run.info.run_id}/artifacts/reports/figures/roc.svg" in files
    assert log_run.main([]) == 0
    (workspace / STAMP).unlink()
    assert log_run.main([]) == 0
    assert [one.info.run_id for one in runs()] == [run.info.run_id]


def test_another_verdict_is_another_run(workspace: Path, runs: Runs, write_report: Callable[..., None]) -> None:
    """The same outputs judged otherwise are a new state, in the same experiment."""
    assert log_run.main([]) == 0
    write_report(workspace, "verdict", {"verdict": "hold", "reasons": ["cannot tell"]})
    assert log_run.main([]) == 0
    assert [run.data.tags["mergeline.verdict"] for run in runs()] == ["hold", "promote"]


def test_a_run_logged_before_the_commit_gets_its_name(
    workspace: Path, runs: Runs, commit: Callable[[Path], str]
) -> None:
    """`make`, then `git commit`, then `make`: still one run, and it names the commit that holds its state."""
    (workspace / "notes.txt").write_text("not committed yet")
    assert log_run.main([]) == 0
    assert runs()[0].data.tags["mergeline.git_dirty"] == "true"
    committed = commit(workspace)
    assert log_run.main([]) == 0
    (run,) = runs()
    assert run.data.tags["mergeline.git_dirty"] == "false"
    assert run.data.tags["mlflow.source.git.commit"] == committed
    commit(workspace)
    assert log_run.main([]) == 0
    assert runs()[0].data.tags["mlflow.source.git.commit"] == committed


def test_a_log_that_fails_leaves_no_run_that_counts(
    workspace: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run broken off is marked as failed, leaves no stamp, and is made anew next time."""

    def fail(model: Any) -> str:
        raise OSError("planted")

    with monkeypatch.context() as planted:
        planted.setattr(run_writer, "log_model", fail)
        with pytest.raises(OSError, match="planted"):
            log_run.main([])
    assert [run.info.status for run in runs()] == ["FAILED"]
    assert not (workspace / STAMP).exists()
    assert log_run.main([]) == 0
    assert [run.info.status for run in runs()] == ["FINISHED", "FAILED"]


@pytest.mark.parametrize(
    ("plant", "what", "fix"),
    [
        (
            lambda folder: (folder / "artifacts/model/2013-06.joblib").open("ab").write(b"x"),
            "not the one that was trained",
            "dvc checkout",
        ),
        (
            lambda folder: (folder / "artifacts/model/model.json").write_text(
                (folder / "artifacts/model/model.json").read_text().replace('"humid"', '"humidity"')
            ),
            "other features than the contract",
            "`make`",
        ),
    ],
    ids=["tampered model", "features changed since"],
)
def test_a_model_that_does_not_fit_is_refused_before_a_run_is_begun(
    workspace: Path, runs: Runs, plant: Callable[[Path], Any], what: str, fix: str
) -> None:
    """A model of other bytes is never opened, one of other features never logged, and no run remains."""
    plant(workspace)
    with pytest.raises(MergelineError, match=what) as raised:
        log_run.main([])
    assert fix in raised.value.fix
    assert runs() == []


def test_a_clone_that_was_moved_is_told_so(workspace: Path) -> None:
    """MLflow keeps absolute paths: the new place must not go on writing into the old."""
    assert log_run.main([]) == 0
    moved = workspace.rename(workspace.parent / "moved")
    os.chdir(moved)
    (moved / "reports/verdict.json").write_text(json.dumps({"verdict": "hold"}))
    with pytest.raises(MergelineError, match="made in another folder") as raised:
        log_run.main([])
    assert "mv mlflow.db mlflow.db.old" in raised.value.fix
    assert not workspace.exists()


def test_a_deleted_experiment_is_named(workspace: Path) -> None:
    """MLflow keeps the name of a deleted experiment; the message says how to have it back."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{workspace / 'mlflow.db'}")
    client.delete_experiment(client.create_experiment("flights"))
    with pytest.raises(MergelineError, match="was deleted") as raised:
        log_run.main([])
    assert "mlflow experiments restore" in raised.value.fix


def test_where_nothing_is_to_be_logged_nothing_heavy_is_imported(workspace: Path) -> None:
    """The second `make` pays for neither MLflow nor scikit-learn, also where the tree has uncommitted changes."""
    (workspace / "notes.txt").write_text("not committed")
    assert log_run.main([]) == 0
    code = (
        "import sys\nfrom mergeline.tracking import log_run\nassert log_run.main([]) == 0\n"
        "print(sorted({'mlflow', 'sklearn', 'polars', 'pandas', 'ruamel', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "nothing to do" in done.stdout


@pytest.mark.parametrize("candidate", ["prior", "logistic_regression", "hist_gradient_boosting", "calibrated"])
def test_every_candidate_comes_back_from_mlflow_as_it_was_logged(
    workspace: Path,
    runs: Runs,
    estimators: dict[str, Any],
    rows: pl.DataFrame,
    write_model: Callable[..., None],
    candidate: str,
) -> None:
    """Loaded again, it gives the probabilities that were judged, missing values included, and misses no column."""
    import mlflow
    from mlflow.exceptions import MlflowException

    write_model(workspace, estimators[candidate], candidate)
    assert log_run.main([]) == 0
    (run,) = runs()
    (model,) = run.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"{workspace}/mlruns/1/models/{model.model_id}/artifacts")
    frame = rows.select(NAMES).to_pandas()
    expected = estimators[candidate].predict_proba(rows.select(NAMES))
    np.testing.assert_array_equal(loaded.predict(frame), expected)
    np.testing.assert_array_equal(loaded.predict(frame[NAMES[::-1]]), expected)
    unseen = frame.head(3).assign(origin="nowhere", humid=np.nan)
    assert loaded.predict(unseen).shape == (3, 2)
    with pytest.raises(MlflowException, match="enforce schema"):
        loaded.predict(frame.drop(columns=NAMES[-1]))
    with pytest.raises(MlflowException, match="enforce schema"):
        loaded.predict(frame.astype({NAMES[0]: "category"}))


def test_a_run_whose_process_was_killed_does_not_count(workspace: Path, runs: Runs) -> None:
    """What a kill leaves says RUNNING for ever; the next log marks it as failed and makes a run."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{workspace / 'mlflow.db'}")
    record = read_record()
    client.create_run(client.create_experiment(record.experiment), tags=record.tags)
    assert log_run.main([]) == 0
    assert sorted(run.info.status for run in runs()) == ["FAILED", "FINISHED"]


def test_a_run_that_somebody_deleted_is_logged_again(workspace: Path, runs: Runs) -> None:
    """Neither the stamp nor the search counts a run in MLflow's bin."""
    from mlflow import MlflowClient

    assert log_run.main([]) == 0
    MlflowClient(f"sqlite:///{workspace / 'mlflow.db'}").delete_run(runs()[0].info.run_id)
    assert log_run.main([]) == 0
    assert len(runs()) == 1


def test_two_logs_at_once_in_a_fresh_clone_make_one_store_and_one_run(workspace: Path, runs: Runs) -> None:
    """Neither meets a half-made store, not even after one that was killed while making it; nobody complains."""
    (workspace / "mlflow.db").unlink()
    (workspace / "mlflow.db.new").write_text("left by a kill")
    command = [sys.executable, "-m", "mergeline.tracking.log_run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as other:
        assert log_run.main([]) == 0
        _, errors = other.communicate(timeout=200)
    assert (other.returncode, errors) == (0, "")
    assert [run.info.status for run in runs()] == ["FINISHED"]
    assert not (workspace / "mlflow.db.new").exists()


def test_the_code_of_our_own_classes_goes_along(
    workspace: Path, estimators: dict[str, Any], rows: pl.DataFrame, write_model: Callable[..., None]
) -> None:
    """A calibrated model can be opened where this repository is not: its class is in the logged folder."""
    write_model(workspace, estimators["calibrated"], "calibrated")
    assert log_run.main([]) == 0
    folder = next((workspace / "mlruns/1/models").iterdir()) / "artifacts"
    flavors = YAML(typ="safe", pure=True).load((folder / "MLmodel").read_text())["flavors"]
    code = (
        f"import sys\nsys.path[:] = [{str(folder / flavors['python_function']['code'])!r}, "
        "*(entry for entry in sys.path if not entry.endswith('src'))]\nimport skops.io\n"
        f"model = skops.io.load('model.skops', trusted={flavors['sklearn']['skops_trusted_types']})\n"
        "print(sys.modules[type(model).__module__].__file__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(folder / "code/mergeline/training/calibration.py"), done.stderr
