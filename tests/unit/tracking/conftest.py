"""A clone after `dvc repro` and the gate, in small, and an empty MLflow database to copy: making one takes seconds."""

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
import pytest
from ruamel.yaml import YAML
from sklearn.base import clone

from mergeline.tracking.store import make_database
from mergeline.training.calibration import SigmoidCalibrated
from parameters import set_values
from usecase.features import FEATURES
from usecase.model import make_candidates

ROOT = Path(__file__).resolve().parents[3]
KINDS = [(feature.name, feature.kind) for feature in FEATURES]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an MLflow database that holds no run."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    make_database(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def rows() -> pl.DataFrame:
    """Return 400 made-up feature rows with the columns of the contract, missing values and a target."""
    random = np.random.RandomState(5)
    columns: dict[str, Any] = {}
    for name, kind in KINDS:
        if kind == "categorical":
            values = random.choice(["AA", "B6", "UA", "WN"], 400).astype(object)
        else:
            values = random.normal(size=400).round(3).astype(object)
        values[random.random(400) < 0.1] = None
        columns[name] = pl.Series(values.tolist(), dtype=pl.String if kind == "categorical" else pl.Float64)
    target = pl.Series("target", (random.random(400) < 0.3).astype(np.int8))
    return pl.DataFrame(columns).with_columns(target)


@pytest.fixture(scope="session")
def estimators(rows: pl.DataFrame) -> dict[str, Any]:
    """Return every candidate of params.yaml, fitted, and one whose probabilities are calibrated."""
    candidates = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())["train"]["candidates"]
    candidates["hist_gradient_boosting"] |= {"max_iter": 10, "min_samples_leaf": 20}
    unfitted = make_candidates(candidates, features=KINDS, random_state=13)
    unfitted["calibrated"] = SigmoidCalibrated(clone(unfitted["hist_gradient_boosting"]), 0.9, -0.1)
    X = rows.select(name for name, _ in KINDS).to_pandas()
    return {name: estimator.fit(X, rows["target"].to_numpy()) for name, estimator in unfitted.items()}


@pytest.fixture
def workspace(git_repository: Path, empty_database: Path, rows: pl.DataFrame, estimators: dict[str, Any]) -> Path:
    """Return a committed clone after `dvc repro` and the gate, which is the current folder; its store holds no run."""
    folder = git_repository
    text = (ROOT / "params.yaml").read_text()
    (folder / "params.yaml").write_text(
        set_values(text, experiment="flights", model_name="flight-late", C=1.0, random_state=13)
    )
    shutil.copy(ROOT / ".gitignore", folder)
    shutil.copy(empty_database, folder)
    (folder / "data.dvc").write_text("outs:\n- md5: 0123456789abcdef0123456789abcdef.dir\n  path: data\n")
    (folder / "artifacts/features").mkdir(parents=True)
    rows.write_parquet(folder / "artifacts/features/2013-06.parquet")
    (folder / ".gitignore").open("a").write("/artifacts/\n")
    write_model(folder, estimators["logistic_regression"], "logistic_regression")
    write_report(folder, "metrics", {"roc_auc": 0.71, "by_batch": {"2013-06": {"roc_auc": 0.7}}, "n": 400})
    write_report(folder, "slices", {"carrier": {"AA": {"roc_auc": 0.6}}})
    write_report(folder, "training", {"candidates": {"logistic_regression": {"log_loss": 0.5, "folds": [0.4, 0.6]}}})
    write_report(folder, "verdict", {"verdict": "promote", "reasons": ["all rules pass"]})
    (folder / "reports/figures").mkdir()
    (folder / "reports/figures/roc.svg").write_text("<svg/>")
    write_lock(folder)
    commit(folder)
    return folder


def write_model(folder: Path, estimator: Any, candidate: str) -> None:
    """Write `estimator` as the model that ships."""
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    (folder / "artifacts/model").mkdir(parents=True, exist_ok=True)
    (folder / "artifacts/model/2013-06.joblib").write_bytes(buffer.getvalue())
    entry = {
        "held_out": "2013-06",
        "file": "2013-06.joblib",
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "labels_known_by": "2013-06-01T04:00:00+00:00",
        "base_rate": 0.3,
        "n_rows": 400,
    }
    content = {
        "format": 1,
        "candidate": candidate,
        "calibration": None,
        "features": [{"name": name, "kind": kind} for name, kind in KINDS],
        "random_state": 13,
        "threads": 1,
        "ships": "2013-06.joblib",
        "models": [entry],
    }
    (folder / "artifacts/model/model.json").write_text(json.dumps(content))


def write_report(folder: Path, name: str, content: Any) -> None:
    """Write `reports/{name}.json`."""
    (folder / "reports").mkdir(exist_ok=True)
    (folder / f"reports/{name}.json").write_text(json.dumps(content))


def write_lock(folder: Path) -> None:
    """Write the `dvc.lock` that fits what is in `folder`."""
    params = YAML(typ="safe", pure=True).load((folder / "params.yaml").read_text())

    def out(path: str) -> dict[str, str]:
        there = folder / path
        files = [there] if there.is_file() else sorted(there.rglob("*.*"))
        content = b"".join(file.read_bytes() for file in files)
        return {"path": path, "md5": hashlib.md5(content).hexdigest() + (".dir" if there.is_dir() else "")}

    stages = {
        "train": {
            "cmd": "python -m mergeline.stages.train",
            "params": {"params.yaml": {"train": params["train"]}},
            "outs": [out("artifacts/model"), out("reports/training.json")],
        },
        "evaluate": {
            "cmd": "python -m mergeline.stages.evaluate",
            "params": {"params.yaml": {"evaluate.threshold": params["evaluate"]["threshold"]}},
            "outs": [out("reports/metrics.json"), out("reports/slices.json"), out("reports/figures")],
        },
    }
    with (folder / "dvc.lock").open("w") as handle:
        YAML().dump({"schema": "2.0", "stages": stages}, handle)


def commit(folder: Path) -> str:
    """Commit everything in `folder` and return the commit."""
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "state"], cwd=folder, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(name="commit")
def fixture_commit() -> Callable[[Path], str]:
    """Return the function that commits everything in a folder."""
    return commit


@pytest.fixture(name="write_lock")
def fixture_write_lock() -> Callable[[Path], None]:
    """Return the function that writes the `dvc.lock` which fits a folder."""
    return write_lock


@pytest.fixture(name="write_report")
def fixture_write_report() -> Callable[[Path, str, Any], None]:
    """Return the function that writes one of the reports."""
    return write_report


@pytest.fixture(name="write_model")
def fixture_write_model() -> Callable[[Path, Any, str], None]:
    """Return the function that writes the model that ships."""
    return write_model


@pytest.fixture
def runs(workspace: Path) -> Callable[..., list[Any]]:
    """Return a function that lists the runs in the workspace's own store, newest first."""
    from mlflow import MlflowClient

    def list_runs(query: str = "") -> list[Any]:
        client = MlflowClient(f"sqlite:///{workspace / 'mlflow.db'}")
        return client.search_runs([one.experiment_id for one in client.search_experiments()], query)

    return list_runs
