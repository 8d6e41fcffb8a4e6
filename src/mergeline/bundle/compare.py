"""Proof that a portable model is the estimator: both score every judged row and rows made to be awkward.

Nothing here is yours to edit. Without it a converter's mistake would be served in silence.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.bundle.convert_columns import UNSEEN_TEXT
from mergeline.bundle.features import FeatureSpec
from mergeline.bundle.golden import Score, choose_rows, make_gaps
from mergeline.bundle.portable import Model
from mergeline.bundle.read import TOLERANCE
from mergeline.errors import MergelineError


def compare_with_estimator(
    model: Model, judged: pl.DataFrame, features: Sequence[FeatureSpec], score: Score, predictions: Path
) -> float:
    """Return the largest difference to the estimator, once all judged rows and the made ones are compared.

    Raises
    ------
    MergelineError
        If a score differs by more than 1e-6, or `predictions` holds other scores of the same rows.
    """
    names = [feature.name for feature in features]
    rows = judged.select("row_id", *names)
    expected = score(rows)
    known = read_scores(predictions).select("row_id", judged_score="score")
    scored = pl.DataFrame({"row_id": rows["row_id"], "score": expected}).join(known, on="row_id")
    off = (scored["score"] - scored["judged_score"]).abs().max()
    if scored.is_empty() or not isinstance(off, float) or off > 1e-9:
        raise MergelineError(
            f"the predictions are not those of the model that ships ({scored.height} rows in common, off by {off!s})",
            where=str(predictions),
            fix="run `dvc repro`, so that model and predictions come from the same commit",
        )
    sample = rows.gather_every(max(rows.height // 40, 1))
    gaps = pl.concat([make_gaps(sample, features), choose_rows(judged, features, 100)])
    differences = (
        compare_scores(rows, expected, model, "held-out rows"),
        compare_scores(gaps, score(gaps), model, "made rows"),
    )
    return max(differences)


def read_scores(predictions: Path) -> pl.DataFrame:
    """Return `row_id`, `batch` and `score` of the held-out rows."""
    try:
        return pl.read_parquet(predictions, columns=["row_id", "batch", "score"])
    except FileNotFoundError as error:
        raise MergelineError(
            "the predictions are missing", where=str(predictions), fix="run `dvc repro evaluate`, which writes them"
        ) from error


def compare_scores(rows: pl.DataFrame, expected: NDArray[np.float64], model: Model, what: str) -> float:
    """Return the largest difference between `expected` and the scores of `model`, by row and all at once.

    Parameters
    ----------
    rows : polars.DataFrame
        `row_id` and the features.
    expected : array, shape (n_rows,)
        The estimator's scores.
    model : Model
        What will be sealed.
    what : str
        Which rows these are, for the message.

    Raises
    ------
    MergelineError
        If a score differs by more than 1e-6 or is no number.
    """
    inputs = rows.drop("row_id").to_dicts()
    found = model.predict(inputs)
    # A stored estimator takes milliseconds a row, and is the estimator itself.
    n_alone = 10 if model.notice else 500
    some = np.unique(np.linspace(0, len(inputs) - 1, n_alone).astype(int))
    found_alone = np.array([model.predict_one(inputs[place]) for place in some.tolist()])
    differences = np.abs(found - expected)
    differences[some] = np.maximum(differences[some], np.abs(found_alone - expected[some]))
    wrong = ~(differences <= TOLERANCE)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise MergelineError(
            f"the portable model scores {int(wrong.sum())} of {len(wrong)} {what} otherwise than the estimator "
            f"(first: {found[first]}, not {expected[first]}; inputs {show(inputs[first])})",
            where=f"row '{rows['row_id'][first]}'",
            fix="report it with src/usecase/model.py; to serve by the estimator meanwhile,"
            "\nset `form: estimator` in group `package` of params.yaml",
        )
    return float(differences.max(initial=0.0))


def show(inputs: dict[str, object]) -> str:
    """Return the inputs in at most 200 characters, the stand-in for unseen texts made readable."""
    text = ", ".join(f"{name}={value}" for name, value in inputs.items()).replace(UNSEEN_TEXT, "(unseen)")
    return text[:200]
