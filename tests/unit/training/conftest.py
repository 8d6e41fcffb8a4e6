"""A small history with a signal, made anew for each test: months of ten-minute decisions, several rows a decision."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mergeline.params import Train
from mergeline.training.threads import fixed_threads

ROWS = 600
CANDIDATES = {
    "prior": {},
    "logistic_regression": {"C": 1.0},
    "hist_gradient_boosting": {"max_iter": 20, "max_leaf_nodes": 7, "min_samples_leaf": 20},
}


def make_batch(month: int, seed: int = 0) -> pl.DataFrame:
    """Return the feature rows of one month of 2013: late when it is windy, more so at EWR."""
    random = np.random.RandomState(1000 * seed + month)
    begin = datetime(2013, month, 1, 8, tzinfo=UTC)
    decided = [begin + timedelta(minutes=10 * int(step)) for step in np.sort(random.randint(0, 6 * 24 * 27, ROWS))]
    waits = random.randint(200, 500, ROWS)
    labelled = [moment + timedelta(minutes=int(wait)) for moment, wait in zip(decided, waits, strict=True)]
    wind = random.gamma(3, 4, ROWS)
    origin = random.choice(["EWR", "JFK", "LGA"], ROWS)
    chance = 1 / (1 + np.exp(-(wind - 16) / 4 - (origin == "EWR")))
    flown = pl.Series(random.uniform(size=ROWS) > 0.03)
    measured = pl.Series(random.uniform(size=ROWS) > 0.1)
    frame = pl.DataFrame(
        {
            "row_id": [f"{month:02}-{row:04}" for row in range(ROWS)],
            "decision_at": decided,
            "label_at": labelled,
            "day": [moment.date() for moment in decided],
            "target": (random.uniform(size=ROWS) < chance).astype(np.int8),
            "origin": origin,
            "wind": wind,
            "hour": random.randint(5, 23, ROWS).astype(float),
        },
        schema_overrides={name: pl.Datetime("us", "UTC") for name in ("decision_at", "label_at")},
    )
    return frame.with_columns(
        pl.when(flown).then("target").alias("target"),
        pl.when(flown).then("label_at").alias("label_at"),
        pl.when(measured).then("wind").alias("wind"),
    )


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Fit on one thread: on a busy machine more of them wait for each other for minutes."""
    with fixed_threads(1):
        yield


@pytest.fixture
def write_features(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes months 1 to `months` and returns their directory; `change` maps (month, frame)."""

    def write(months: int = 4, change: Callable[[int, pl.DataFrame], pl.DataFrame] = lambda _, frame: frame) -> Path:
        directory = tmp_path / "features"
        directory.mkdir(exist_ok=True)
        for month in range(1, months + 1):
            change(month, make_batch(month)).write_parquet(directory / f"2013-{month:02}.parquet")
        return directory

    return write


@pytest.fixture
def make_params() -> Callable[..., Train]:
    """Return a function that makes the group `train`, with changes by keyword."""

    def make(**changes: Any) -> Train:
        values = {
            "held_out_batches": 2,
            "n_splits": 2,
            "gap_hours": 24,
            "calibrate": "auto",
            "random_state": 13,
            "threads": 1,
            "candidates": CANDIDATES,
        }
        return Train(**values | changes)

    return make
