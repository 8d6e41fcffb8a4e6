"""Tests of what the candidates learn from the real flights: trained on January and February, asked about March."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from mergeline.params import load_params
from mergeline.training.candidates import build_candidates
from mergeline.training.history import History, read_history
from mergeline.training.selection import fit, score
from mergeline.training.threads import fixed_threads

HELD_OUT = "2013-03"
LEARNERS = ("logistic_regression", "hist_gradient_boosting")

Ask = Callable[[pl.DataFrame], NDArray[np.float64]]


@pytest.fixture(scope="module")
def history(features_dir: Path) -> Iterator[History]:
    """Return the real features; while it is in use, fits and scores take one thread."""
    with fixed_threads(1):
        yield read_history(features_dir)


@pytest.fixture(scope="module")
def march(history: History) -> pl.DataFrame:
    """Return the labelled rows of the held-out batch."""
    return history.rows.filter((pl.col("batch") == HELD_OUT) & pl.col("target").is_not_null())


@pytest.fixture(scope="module")
def models(history: History, repository: Path) -> dict[str, Any]:
    """Return every candidate of params.yaml, fitted on what was known before the held-out batch."""
    known = history.split(history.select_known(HELD_OUT))
    candidates = build_candidates(load_params(repository / "params.yaml").train, history.features)
    return {name: fit(name, candidate, *known) for name, candidate in candidates.items()}


@pytest.fixture(params=LEARNERS)
def ask(request: pytest.FixtureRequest, models: dict[str, Any], history: History) -> Ask:
    """Return a function from rows to the scores of one learner."""
    return lambda rows: score(models[request.param], history.split(rows)[0])


def test_both_learners_beat_the_prior(models: dict[str, Any], history: History, march: pl.DataFrame, ask: Ask) -> None:
    """On a month they did not see, by a margin that no healthy month falls short of."""
    target = march["target"].to_numpy()
    prior = log_loss(target, score(models["prior"], history.split(march)[0]))
    assert log_loss(target, ask(march)) < prior - 0.04
    assert roc_auc_score(target, ask(march)) > 0.68


def test_a_score_depends_on_its_own_row_alone(march: pl.DataFrame, ask: Ask) -> None:
    """Neither the other rows, nor their order, nor the row's name, day or outcome change it."""
    rows = march.head(500)
    scores = ask(rows)
    assert np.allclose(ask(rows.reverse())[::-1], scores, rtol=0, atol=1e-12)
    assert np.allclose([ask(rows[row : row + 1])[0] for row in range(3)], scores[:3], rtol=0, atol=1e-12)
    assert np.array_equal(ask(rows.with_columns(pl.lit("?").alias("row_id"), 1 - pl.col("target"))), scores)


def test_an_airport_in_trouble_makes_late_likelier(march: pl.DataFrame, ask: Ask) -> None:
    """With half of the last departures late, the mean score is well above that with none."""
    names = [name for name in march.columns if "_delayed_" in name]
    assert names
    calm, trouble = (ask(march.with_columns(pl.lit(share).alias(name) for name in names)).mean() for share in (0, 0.5))
    assert trouble > calm + 0.1


def test_places_never_seen_and_feeds_that_fail_are_scored(history: History, march: pl.DataFrame, ask: Ask) -> None:
    """A new destination and carrier, the weather missing, or every number missing: a probability all the same."""
    rows = march.head(500)
    numbers = [name for name, kind in history.features if kind == "numeric"]
    gone = [pl.lit(None, dtype=pl.Float64).alias(name) for name in numbers]
    for changed in (rows.with_columns(dest=pl.lit("ZZZ"), carrier=pl.lit("??")), rows.with_columns(gone)):
        scores = ask(changed)
        assert ((scores > 0) & (scores < 1)).all()
