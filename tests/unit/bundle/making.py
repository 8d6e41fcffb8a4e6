"""A small history, estimators of every kind on it, and a bundle of each; also the command that made `data/previous`."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from mergeline.bundle.canonical import CONTRACT, GOLDEN, LINEAGE, MODEL, REFERENCE, render, render_for_people
from mergeline.bundle.contract import build_contract
from mergeline.bundle.convert import convert
from mergeline.bundle.features import FeatureSpec, read_features
from mergeline.bundle.golden import build_golden, choose_rows
from mergeline.bundle.portable import Model, build_model
from mergeline.bundle.reference import build_reference
from mergeline.bundle.write import write_bundle
from mergeline.training.calibration import SigmoidCalibrated
from mergeline.vocabulary import Feature

TEXTS = {"origin": ("EWR", "JFK", "LGA"), "carrier": tuple(f"C{number}" for number in range(12))}
NUMBERS = ("hour", "wind", "gust", "delayed", "constant")
NAMES = (*TEXTS, *NUMBERS)
FEATURES = tuple(
    Feature(name, "categorical" if name in TEXTS else "numeric", None, "unit", f"what {name} is") for name in NAMES
)


def make_history(n_rows: int = 3000, batch: int = 1) -> pl.DataFrame:
    """Return the feature rows of one month, in the format of `artifacts/features`."""
    random = np.random.default_rng(batch)
    first = datetime(2013, batch, 1, 8, tzinfo=UTC)
    decided = [first + timedelta(minutes=5 * number) for number in range(n_rows)]
    hour = random.integers(0, 24, n_rows).astype(float)
    delayed = random.random(n_rows).round(3)
    late = hour / 30 + delayed + random.normal(0, 0.3, n_rows) > 0.9
    frame = {
        "row_id": [f"{batch}/{number}" for number in range(n_rows)],
        "decision_at": decided,
        "label_at": [moment + timedelta(hours=3) for moment in decided],
        "day": [moment.date() for moment in decided],
        "target": late.astype(np.int8),
        **{name: random.choice(values, n_rows) for name, values in TEXTS.items()},
        "hour": hour,
        "wind": random.gamma(2.0, 5.0, n_rows),
        "gust": np.where(random.random(n_rows) < 0.7, np.nan, random.normal(25, 5, n_rows)),
        "delayed": delayed,
        "constant": np.ones(n_rows),
    }
    instants = {"decision_at": pl.Datetime("us", "UTC"), "label_at": pl.Datetime("us", "UTC")}
    rows = pl.DataFrame(frame, schema_overrides={**instants, "target": pl.Int8})
    lost = pl.Series("lost", random.random(n_rows) < 0.05)
    return rows.with_columns(
        pl.col("gust").fill_nan(None),
        *(pl.when(~lost).then(pl.col(name)).alias(name) for name in ("carrier", "wind")),
    )


def make_specs(rows: pl.DataFrame) -> tuple[FeatureSpec, ...]:
    """Return the contract of a model trained on `rows`."""
    return read_features(build_contract(FEATURES, rows))


def make_columns(text: Any, number: Any) -> ColumnTransformer:
    """Return a transformer that applies one to the texts and the other to the numbers."""
    return ColumnTransformer([("text", text, list(TEXTS)), ("number", number, list(NUMBERS))], sparse_threshold=0)


def make_encoder() -> OrdinalEncoder:
    """Return an encoder in which a missing and an unseen category are NaN."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)


def make_trees(**parameters: Any) -> BaseEstimator:
    """Return boosted trees behind an encoder."""
    defaults = {"max_iter": 20, "max_leaf_nodes": 15, "min_samples_leaf": 20, "early_stopping": False}
    classifier = HistGradientBoostingClassifier(**defaults | {"random_state": 1} | parameters)
    return Pipeline([("prepare", make_columns(make_encoder(), VarianceThreshold())), ("classify", classifier)])


def make_linear(text: Any = None) -> BaseEstimator:
    """Return a logistic regression on one-hot texts and imputed, flagged, scaled numbers."""
    number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    text = text or make_pipeline(make_encoder(), OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    classifier = LogisticRegression(solver="newton-cholesky")
    return Pipeline([("prepare", make_columns(text, number)), ("classify", classifier)])


def make_estimators() -> dict[str, BaseEstimator]:
    """Return one unfitted estimator of every kind that has a portable form."""
    return {
        "prior": DummyClassifier(strategy="prior"),
        "linear": make_linear(),
        "linear on texts": make_linear(OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        "linear, calibrated": SigmoidCalibrated(make_linear(), 0.9, 0.1),
        "trees": make_trees(),
        "trees of 31 leaves": make_trees(max_leaf_nodes=31),
        "trees of 63 leaves": make_trees(max_leaf_nodes=63, min_samples_leaf=5),
        "trees of 150 leaves": make_trees(max_leaf_nodes=150, min_samples_leaf=2),
        "trees, calibrated": SigmoidCalibrated(make_trees(), 1.2, -0.3),
        "trees on sets of categories": make_trees(categorical_features=[0, 1]),
        "large trees on sets of categories": make_trees(
            categorical_features=[0, 1], max_leaf_nodes=100, min_samples_leaf=2
        ),
        "one stump": make_trees(max_iter=1, max_leaf_nodes=2),
        "trees without a split": make_trees(max_iter=2, min_samples_leaf=10_000),
    }


def make_forest() -> BaseEstimator:
    """Return an estimator that has no portable form."""
    number = SimpleImputer(strategy="median")
    classifier = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1)
    return Pipeline(
        [("prepare", make_columns(make_linear().steps[0][1].transformers[0][1], number)), ("classify", classifier)]
    )


def fit(estimator: BaseEstimator, rows: pl.DataFrame) -> BaseEstimator:
    """Return the estimator, fitted as the train stage fits it."""
    return estimator.fit(rows.select(NAMES).to_pandas(), rows["target"].to_numpy())


def score(estimator: Any, rows: pl.DataFrame) -> Any:
    """Return the estimator's own scores, shape (n_rows,)."""
    return estimator.predict_proba(rows.select(NAMES).to_pandas())[:, 1]


def make_model(estimator: Any, specs: Sequence[FeatureSpec]) -> Model:
    """Return the portable model, its numbers written and read once."""
    import json

    return build_model(json.loads(render(convert(estimator, specs))), specs)


def make_bundle(directory: Path, estimator: BaseEstimator | None = None) -> Path:
    """Write a small bundle to `directory` and return it."""
    rows = make_history().with_columns(batch=pl.lit("2013-01"))
    fitted = fit(estimator or make_trees(), rows)
    contract = build_contract(FEATURES, rows)
    specs = read_features(contract)
    scores = rows.select("row_id", "batch", score=pl.Series(score(fitted, rows)))
    files = {
        MODEL: render({**convert(fitted, specs), "candidate": "small"}),
        CONTRACT: render_for_people(contract),
        GOLDEN: render(build_golden(choose_rows(rows, specs, 40), lambda asked: score(fitted, asked))),
        REFERENCE: render(build_reference(rows, specs, rows, scores)),
        LINEAGE: render_for_people({"format": 1, "training": {"scikit_learn": _find_release()}}),
    }
    write_bundle(directory, files, {"candidate": "small", "form": convert(fitted, specs)["form"]})
    return directory


def _find_release() -> str:
    import sklearn

    return sklearn.__version__


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a small bundle by the installed scikit-learn.")
    parser.add_argument("directory", type=Path)
    print(make_bundle(parser.parse_args().directory))
