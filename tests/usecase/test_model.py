"""Tests of `usecase.model`: every candidate takes what the features may hold, from polars and from pandas alike."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from mergeline.training.threads import fixed_threads
from usecase.model import CANDIDATES, Features, make_candidates

FEATURES: Features = (("origin", "categorical"), ("wind", "numeric"), ("carrier", "categorical"), ("gust", "numeric"))
N_ROWS = 400


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Return features with missing categories and numbers, one of them missing everywhere, and a target."""
    random = np.random.RandomState(0)
    wind = random.normal(size=N_ROWS)
    return pl.DataFrame(
        {
            "origin": random.choice(np.array(["EWR", "JFK", None], dtype=object), N_ROWS).tolist(),
            "wind": [value if value > -1 else None for value in wind],
            "carrier": random.choice(["AA", "UA"], N_ROWS),
            "gust": pl.Series([None] * N_ROWS, dtype=pl.Float64),
            "target": (wind + random.normal(size=N_ROWS) > 0).astype(int),
        }
    )


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Fit on one thread: on a busy machine more of them wait for each other for minutes."""
    with fixed_threads(1):
        yield


# numpy warns that a column without a value has no variance.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def fitted(rows: pl.DataFrame) -> dict[str, Any]:
    """Return every candidate, fitted on `rows`."""
    made = make_candidates({name: {} for name in CANDIDATES}, features=FEATURES, random_state=13)
    return {name: model.fit(rows.drop("target").to_pandas(), rows["target"].to_numpy()) for name, model in made.items()}


@pytest.mark.parametrize("name", CANDIDATES)
def test_scores_are_probabilities_in_float64(name: str, fitted: dict[str, Any], rows: pl.DataFrame) -> None:
    """Two columns that add up to one, none of them NaN, in full precision."""
    scores = fitted[name].predict_proba(rows.drop("target"))
    assert scores.dtype == np.float64
    assert scores.shape == (N_ROWS, 2)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert np.allclose(scores.sum(axis=1), 1)


@pytest.mark.parametrize("name", CANDIDATES)
def test_unseen_and_missing_values_are_scored_alike(name: str, fitted: dict[str, Any], rows: pl.DataFrame) -> None:
    """A category never seen counts as a missing one; a row of nothing but missing values gets a score."""
    features = rows.drop("target")
    unseen = features.with_columns(carrier=pl.lit("ZZ"), origin=pl.lit("Mars"))
    missing = features.with_columns(carrier=pl.lit(None, dtype=pl.String), origin=pl.lit(None, dtype=pl.String))
    scores = fitted[name].predict_proba(unseen)
    assert np.array_equal(scores, fitted[name].predict_proba(missing))
    assert np.isfinite(fitted[name].predict_proba(features.clear(1))).all()


@pytest.mark.parametrize("name", CANDIDATES)
def test_polars_and_pandas_give_the_same_scores(name: str, fitted: dict[str, Any], rows: pl.DataFrame) -> None:
    """Fitted on pandas, scored from either: a missing category is NaN in one and null in the other."""
    features = rows.drop("target")
    assert np.array_equal(fitted[name].predict_proba(features.to_pandas()), fitted[name].predict_proba(features))


@pytest.mark.parametrize("name", CANDIDATES)
def test_columns_are_taken_by_name(name: str, fitted: dict[str, Any], rows: pl.DataFrame) -> None:
    """Another order of the columns changes nothing."""
    features = rows.drop("target")
    turned = features.select(reversed(features.columns))
    assert np.array_equal(fitted[name].predict_proba(turned), fitted[name].predict_proba(features))


@pytest.mark.parametrize("name", [name for name in CANDIDATES if name != "prior"])
def test_more_wind_makes_late_likelier(name: str, fitted: dict[str, Any], rows: pl.DataFrame) -> None:
    """The one signal of these rows points the right way."""
    calm, storm = (
        fitted[name].predict_proba(rows.drop("target").with_columns(wind=pl.lit(speed)))[:, 1].mean()
        for speed in (-0.9, 2.0)
    )
    assert storm > calm + 0.3


@pytest.mark.parametrize("kind", ["categorical", "numeric"])
@pytest.mark.parametrize("name", CANDIDATES)
def test_features_of_one_kind_alone_will_do(name: str, kind: str, rows: pl.DataFrame) -> None:
    """A use case without categories, or without numbers, needs no other code."""
    features = [feature for feature in FEATURES if feature[1] == kind]
    model = CANDIDATES[name](features, 0)
    chosen = rows.select(name for name, _ in features).to_pandas()
    assert np.isfinite(model.fit(chosen, rows["target"].to_numpy()).predict_proba(chosen)).all()


def test_the_seed_and_parameters_reach_the_estimator() -> None:
    """Keys pass straight through, and a candidate's own value goes before ours."""
    given = {"hist_gradient_boosting": {"max_iter": 3, "early_stopping": True}, "logistic_regression": {"C": 2.0}}
    made = make_candidates(given, features=FEATURES, random_state=7)
    boosting, logistic = made["hist_gradient_boosting"][-1], made["logistic_regression"][-1]
    assert (boosting.max_iter, boosting.early_stopping, boosting.random_state) == (3, True, 7)
    assert (logistic.C, logistic.solver, logistic.random_state) == (2.0, "newton-cholesky", 7)
