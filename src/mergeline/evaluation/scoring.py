"""Scores for batches of features, each row scored by the newest model that had not seen it.

Nothing here is yours to edit: features are defined in `src/usecase/features.py`, estimators in `src/usecase/model.py`.
Also a command, because a champion is scored by the code of its own commit:
`python -m mergeline.evaluation.scoring --models … --features … --batches … --out …`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.evaluation.models import Model, Models, choose_model, load_estimator, read_models
from mergeline.files import write_parquet
from mergeline.training.threads import fixed_threads

POSITIVE = 1


def score(models_dir: Path, features_dir: Path, batches: Sequence[str]) -> pl.DataFrame:
    """Return the score of every row of `batches`, labelled or not, in the order of the feature files.

    Parameters
    ----------
    models_dir : Path
        Directory with `model.json` and the estimators it lists.
    features_dir : Path
        Directory with one `{batch}.parquet` per batch.
    batches : sequence of str
        Batches to score.

    Returns
    -------
    polars.DataFrame
        `row_id` (text), `batch` (text) and `score` (float64, probability of the positive class, 0–1).

    Raises
    ------
    MergelineError
        If a batch is missing or empty, no model may score it, a model file was tampered with, a feature is missing, or
        a score is not a probability.
    """
    models = read_models(models_dir)
    parts = [_score_batch(models, features_dir, batch) for batch in batches]
    return pl.concat(parts).rechunk()


def read_features(features_dir: Path, batch: str) -> pl.DataFrame:
    """Return the feature rows of `batch`; there is at least one."""
    path = features_dir / f"{batch}.parquet"
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError as error:
        raise MergelineError(
            f"batch {batch} has no features",
            where=str(path),
            fix="name the batch in procure.batches of params.yaml and run `dvc repro featurise`",
        ) from error
    if frame.is_empty():
        raise MergelineError(
            f"batch {batch} has no rows", where=str(path), fix="procure the batch again, then run `dvc repro featurise`"
        )
    return frame


def predict(estimator: Any, frame: pl.DataFrame, models: Models) -> NDArray[np.float64]:
    """Return the probability of the positive class per row, shape (n_samples,), whatever the order of the classes.

    Raises
    ------
    MergelineError
        If a feature is missing, or the estimator does not know the positive class.
    """
    missing = [name for name in models.features if name not in frame.columns]
    if missing:
        raise MergelineError(
            f"the model reads features that are not there: {', '.join(missing)}",
            where=str(models.directory / "model.json"),
            fix="run `dvc repro`, so that features and model come from the same commit",
        )
    classes = list(estimator.classes_)
    if POSITIVE not in classes:
        raise MergelineError(
            f"the model never saw a positive row: its classes are {classes}",
            where=str(models.directory / "model.json"),
            fix="train on batches in which both outcomes occur",
        )
    with fixed_threads(models.threads):
        probabilities = estimator.predict_proba(frame.select(models.features))
    return np.asarray(probabilities, dtype=np.float64)[:, classes.index(POSITIVE)]


def score_rows(models: Models, frame: pl.DataFrame, batch: str) -> tuple[Model, NDArray[np.float64]]:
    """Return the model that may score the rows of `batch`, and its scores, shape (n_samples,), each in [0, 1].

    Raises
    ------
    MergelineError
        As `score`.
    """
    model = choose_model(models, batch, frame["decision_at"].min())  # type: ignore[arg-type]
    values = predict(load_estimator(models, model), frame, models)
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        first = int(wrong.argmax())
        raise MergelineError(
            f"{wrong.sum()} scores of batch {batch} are not probabilities (first: {values[first]})",
            where=f"{models.directory / model.file}, row {frame['row_id'][first]}",
            fix="mend the estimator in src/usecase/model.py, or the feature that it cannot take, and run `make`",
        )
    return model, values


def _score_batch(models: Models, features_dir: Path, batch: str) -> pl.DataFrame:
    frame = read_features(features_dir, batch)
    _, values = score_rows(models, frame, batch)
    return frame.select("row_id", pl.lit(batch).alias("batch"), pl.Series("score", values))


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.evaluation.scoring",
        description="Score batches of features, each row by the newest model that had not seen it.",
    )
    parser.add_argument("--models", type=Path, required=True, help="directory with model.json and the estimators")
    parser.add_argument("--features", type=Path, required=True, help="directory with one Parquet file per batch")
    parser.add_argument("--batches", nargs="+", required=True, help="batches to score, such as 2013-04 2013-05")
    parser.add_argument("--out", type=Path, required=True, help="Parquet file to write: row_id, batch, score")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the scores of the named batches are written."""
    arguments = make_parser().parse_args(argv)
    scores = score(arguments.models, arguments.features, arguments.batches)
    write_parquet(arguments.out, scores)
    print(f"scored {scores.height} rows of {len(arguments.batches)} batches: {arguments.out}")
    return 0


if __name__ == "__main__":
    run(main)
