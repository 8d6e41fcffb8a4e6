"""A small world for the evaluation: four batches of features, and a directory of models made on the earlier ones."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from usecase.features import FEATURES

BATCHES = ("2013-01", "2013-02", "2013-03", "2013-04")
ROWS_PER_BATCH = 240
READ = ("sched_hour", "distance")


def make_features(batch: str, seed: int) -> pl.DataFrame:
    """Return a batch in the format of the featurise stage; the target depends on `sched_hour`, one row has no label."""
    random = np.random.RandomState(seed)
    n = ROWS_PER_BATCH
    first = datetime.fromisoformat(f"{batch}-01T05:00:00+00:00")
    decided = [first + timedelta(hours=2 * row) for row in range(n)]
    hour = random.randint(5, 23, n).astype(float)
    target = [int(value) for value in random.uniform(size=n) < (hour - 4) / 25]
    columns: dict[str, Any] = {}
    for feature in FEATURES:
        numbers = random.normal(size=n)
        columns[feature.name] = random.choice(["AA", "BB", "CC"], n) if feature.kind == "categorical" else numbers
    columns["sched_hour"] = hour
    return pl.DataFrame(
        {
            "row_id": [f"{batch}/{row}" for row in range(n)],
            "decision_at": decided,
            "label_at": [None, *(moment + timedelta(hours=3) for moment in decided[1:])],
            "day": [moment.date() for moment in decided],
            "target": [None, *target[1:]],
            **columns,
        },
        schema_overrides={"target": pl.Int8, "decision_at": pl.Datetime("us", "UTC")},
    )


def write_directory(
    directory: Path, estimators: Mapping[str, tuple[Any, datetime]], features: Sequence[str] = READ, **changes: Any
) -> Path:
    """Write a directory of models: held-out batch to estimator and the moment by which its labels were known."""
    directory.mkdir(parents=True, exist_ok=True)
    entries = []
    for held_out, (estimator, known_by) in estimators.items():
        path = directory / f"{held_out}.joblib"
        joblib.dump(estimator, path)
        entries.append(
            {
                "held_out": held_out,
                "file": path.name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "labels_known_by": known_by.isoformat().replace("+00:00", "Z"),
                "base_rate": 0.25,
            }
        )
    content = {
        "format": 1,
        "candidate": "test",
        "calibration": None,
        "features": [{"name": name, "kind": "numeric"} for name in features],
        "threads": 1,
        "random_state": 13,
        "ships": entries[-1]["file"] if entries else "",
        "models": entries,
        **changes,
    }
    (directory / "model.json").write_text(json.dumps(content))
    return directory


def first_moment(batch: str) -> datetime:
    """Return the first decision of a batch of this world."""
    return datetime.combine(date.fromisoformat(f"{batch}-01"), datetime.min.time(), UTC) + timedelta(hours=5)


@pytest.fixture(scope="session")
def small_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the features of four batches."""
    directory = tmp_path_factory.mktemp("world") / "features"
    directory.mkdir()
    for number, batch in enumerate(BATCHES):
        make_features(batch, number).write_parquet(directory / f"{batch}.parquet")
    return directory


@pytest.fixture(scope="session")
def small_models(tmp_path_factory: pytest.TempPathFactory, small_features: Path) -> Path:
    """Return a directory with two fitted models, which held out the last two batches."""
    estimators = {}
    for held_out in BATCHES[2:]:
        parts = [pl.read_parquet(small_features / f"{batch}.parquet") for batch in BATCHES if batch < held_out]
        rows = pl.concat(parts).drop_nulls("target")
        columns = make_column_transformer(("passthrough", list(READ)))
        estimator = make_pipeline(columns, LogisticRegression()).fit(rows.select(READ), rows["target"].to_numpy())
        estimators[held_out] = (estimator, first_moment(held_out))
    return write_directory(tmp_path_factory.mktemp("models") / "model", estimators)


@pytest.fixture(scope="session")
def write_models() -> Callable[..., Path]:
    """Return the function that writes a directory of models."""
    return write_directory
