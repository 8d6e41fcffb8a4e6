"""A small invented world for the gate: days that differ, four batches, models that are really fitted and stored."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from mergeline.evaluation.metrics import compute_report
from mergeline.evaluation.models import read_models
from mergeline.files import compute_digest, write_json, write_parquet
from mergeline.gate.candidate import Candidate, read_candidate
from mergeline.params import Params, Procure, load_params
from mergeline.stages.evaluate import build_predictions
from parameters import GATE

BATCHES = ("2013-01", "2013-02", "2013-03", "2013-04")
HELD_OUT = BATCHES[2:]
DAYS, ROWS = 28, 120
NUMERIC = ("sched_hour", "signal", "storm", "noise")


def make_params(root: Path, **gate: Any) -> Params:
    """Return this repository's parameters for the invented batches; floors as a world this simple can reach them."""
    params = load_params(root / "params.yaml")
    settings: dict[str, Any] = {"min_brier_skill": 0.05, "min_slice_rows": 500, "n_resamples": 500, **gate}
    return replace(params, procure=Procure(BATCHES), gate=replace(GATE, **settings))


def make_rows(seed: int = 1) -> dict[str, pl.DataFrame]:
    """Return batch to features and labels: the outcome follows `signal` and `storm`, and the day."""
    rng = np.random.default_rng(seed)
    return {batch: _make_batch(rng, number, batch) for number, batch in enumerate(BATCHES)}


def _make_batch(rng: np.random.Generator, number: int, batch: str) -> pl.DataFrame:
    n_rows = DAYS * ROWS
    day = np.repeat(np.arange(DAYS), ROWS)
    first = datetime(2013, 1, 1, 6, tzinfo=UTC) + timedelta(days=28 * number)
    moments = [
        first + timedelta(days=int(d), minutes=7 * int(i)) for d, i in zip(day, np.arange(n_rows) % ROWS, strict=True)
    ]
    signal, storm = rng.normal(0, 1, n_rows), rng.normal(0, 1, n_rows)
    logit = -1.1 + rng.normal(0, 0.3, DAYS)[day] + 1.1 * signal + 0.5 * storm
    return pl.DataFrame(
        {
            "row_id": [f"{batch}/{i}" for i in range(n_rows)],
            "decision_at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")),
            "label_at": pl.Series([m + timedelta(hours=5) for m in moments], dtype=pl.Datetime("us", "UTC")),
            "day": [m.date() for m in moments],
            "target": pl.Series(rng.random(n_rows) < 1 / (1 + np.exp(-logit))).cast(pl.Int8),
            "carrier": rng.choice(["AA", "B6", "UA"], n_rows),
            "origin": rng.choice(["EWR", "JFK", "LGA"], n_rows),
            "sched_hour": rng.integers(5, 23, n_rows).astype(float),
            "signal": signal,
            "storm": storm,
            "noise": rng.normal(0, 1, n_rows),
        }
    )


class Bent(ClassifierMixin, BaseEstimator):
    """A classifier whose scores of the positive class are bent by `bend(scores, frame)`."""

    def __init__(self, inner: Any = None, bend: Callable[[Any, Any], Any] | None = None) -> None:
        self.inner, self.bend = inner, bend

    def fit(self, X: Any, y: ArrayLike) -> "Bent":
        """Fit the inner classifier."""
        self.inner.fit(X, y)
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the bent scores, shape (n_samples, 2)."""
        score = self.inner.predict_proba(X)[:, 1]
        score = score if self.bend is None else self.bend(score, X)
        return np.column_stack([1 - score, score])


def turn_at_jfk(score: Any, frame: Any) -> Any:
    """Return scores that rank nothing at JFK."""
    here = (frame["origin"] == "JFK").to_numpy()
    rng = np.random.default_rng(0)
    return np.where(here, rng.permutation(score), score)


def double_the_odds(score: Any, frame: Any) -> Any:
    """Return scores with odds two and a half times as high: what a balanced fit does."""
    return 2.5 * score / (1 + 1.5 * score)


def be_slow(score: Any, frame: Any) -> Any:
    """Return the scores after a long thought."""
    time.sleep(0.1)
    return score


def be_constant(score: Any, frame: Any) -> Any:
    """Return the same score for every row."""
    return np.full(score.size, 0.25)


def fear_no_storm(score: Any, frame: Any) -> Any:
    """Return scores that sink where a storm is strong, which few rows see."""
    return np.where((frame["storm"] > 2.5).to_numpy(), score / 4, score)


def make_model(*columns: str, bend: Callable[[Any, Any], Any] | None = None) -> Bent:
    """Return a logistic regression on these columns."""
    columns = columns or NUMERIC
    inner = make_pipeline(ColumnTransformer([("keep", "passthrough", list(columns))]), LogisticRegression())
    return Bent(inner, bend)


@dataclass(frozen=True)
class Plan:
    """How a project's models are made, each field a place where a fault can be planted."""

    columns: tuple[str, ...] = NUMERIC
    bend: Callable[[Any, Any], Any] | None = None
    shuffle_labels: bool = False
    train_on_held_out: bool = False
    resample: int | None = None
    ballast: int = 0


def build(folder: Path, rows: Mapping[str, pl.DataFrame], plan: Plan = Plan()) -> Path:
    """Write features, models, predictions and metrics to `folder` as the pipeline would, and return it."""
    for batch, frame in rows.items():
        write_parquet(folder / f"artifacts/features/{batch}.parquet", frame)
    entries = [_fit(folder / "artifacts/model", rows, batch, plan) for batch in HELD_OUT]
    manifest = {
        "format": 1,
        "candidate": "invented",
        "calibration": None,
        "features": [{"name": name, "kind": "numeric"} for name in next(iter(rows.values())).columns[5:]],
        "random_state": 0,
        "threads": 1,
        "ships": entries[-1]["file"],
        "models": entries,
    }
    write_json(folder / "artifacts/model/model.json", manifest)
    predictions = build_predictions(read_models(folder / "artifacts/model"), folder / "artifacts/features")
    write_parquet(folder / "artifacts/predictions.parquet", predictions)
    write_json(folder / "reports/metrics.json", compute_report(predictions, 15))
    return folder


def _fit(folder: Path, rows: Mapping[str, pl.DataFrame], held_out: str, plan: Plan) -> dict[str, Any]:
    known = [
        frame for batch, frame in rows.items() if batch < held_out or (plan.train_on_held_out and batch == held_out)
    ]
    train = pl.concat(known)
    if plan.resample is not None:
        train = train[np.random.default_rng(plan.resample).integers(0, train.height, train.height)]
    target = train["target"].to_numpy()
    if plan.shuffle_labels:
        target = np.random.default_rng(4).permutation(target)
    model = make_model(*plan.columns, bend=plan.bend).fit(train, target)
    model.ballast_ = np.random.default_rng(0).random(plan.ballast)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{held_out}.joblib"
    joblib.dump(model, path)
    return {
        "held_out": held_out,
        "file": path.name,
        "sha256": compute_digest(path),
        "trained_from": _show(train["decision_at"].min()),
        "trained_to": _show(train["decision_at"].max()),
        "labels_known_by": _show(rows[held_out]["decision_at"].min()),
        "n_rows": train.height,
        "base_rate": round(float(np.mean(target)), 9),
    }


def _show(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def load(folder: Path, params: Params) -> Candidate:
    """Return the candidate in `folder`."""
    return read_candidate(params, folder)
