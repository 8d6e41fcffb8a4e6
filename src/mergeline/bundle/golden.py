"""Golden rows: inputs with the score that the trained estimator gave them, so that a service can prove what it serves.

Nothing here is yours to edit; how many there are: `package.golden_rows` in `params.yaml`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.bundle.convert_columns import UNSEEN_TEXT
from mergeline.bundle.features import FeatureSpec

DECIMALS = 12
"""Digits of a golden score: the last four of a float64 may differ between processors, and the bytes must not."""

UNSEEN = "(unseen)"
HUGE = 1e6

Score = Callable[[pl.DataFrame], NDArray[np.float64]]


def choose_rows(rows: pl.DataFrame, features: Sequence[FeatureSpec], wanted: int) -> pl.DataFrame:
    """Return `row_id` and the features of about `wanted` rows: real ones evenly spaced, and made ones.

    For each feature that is ever missing there is a real row without it, as far as `wanted` allows. The made rows have
    a category that was never seen, or nothing at all, or numbers far outside the range.

    Parameters
    ----------
    rows : polars.DataFrame
        Rows of the batch that the model was judged on, in order.
    features : sequence of FeatureSpec
        The contract.
    wanted : int
        Number of rows, if there are as many.
    """
    names = [feature.name for feature in features]
    numbered = rows.select("row_id", *names).with_row_index("place")
    made = make_rows(numbered.drop("place").head(1), features)
    n_real = max(wanted - made.height, 1)
    lacking = [numbered.filter(pl.col(name).is_null()).head(1)["place"].to_list() for name in names]
    chosen = list(dict.fromkeys(place for places in lacking for place in places))[: n_real // 2]
    spread = np.linspace(0, rows.height - 1, n_real - len(chosen)).round().astype(int).tolist()
    real = numbered.filter(pl.col("place").is_in(sorted({*chosen, *spread}))).drop("place")
    return pl.concat([real, made])


def make_rows(row: pl.DataFrame, features: Sequence[FeatureSpec]) -> pl.DataFrame:
    """Return made rows: `row` with one category unseen, with numbers out of range, with nothing, with all unseen."""
    texts = [feature.name for feature in features if feature.kind == "categorical"]
    numbers = [feature.name for feature in features if feature.kind == "numeric"]
    unseen = pl.lit(UNSEEN)
    made = {f"made: {name} unseen": {name: unseen} for name in texts}
    made["made: every category unseen"] = dict.fromkeys(texts, unseen)
    made["made: numbers far above"] = dict.fromkeys(numbers, pl.lit(HUGE))
    made["made: numbers far below"] = dict.fromkeys(numbers, pl.lit(-HUGE))
    nothing = {name: pl.lit(None, dtype=row.schema[name]) for name in (*texts, *numbers)}
    made["made: nothing known"] = nothing
    made["made: nothing known, every category unseen"] = {**nothing, **dict.fromkeys(texts, unseen)}
    return pl.concat([row.with_columns(row_id=pl.lit(title), **changes) for title, changes in made.items()])


def make_gaps(rows: pl.DataFrame, features: Sequence[FeatureSpec]) -> pl.DataFrame:
    """Return `rows` once per feature with that feature missing, and per text feature once with an unseen category."""
    texts = [feature.name for feature in features if feature.kind == "categorical"]
    parts = [
        rows.with_columns(pl.lit(None, dtype=rows.schema[feature.name]).alias(feature.name)) for feature in features
    ]
    parts += [rows.with_columns(pl.lit(UNSEEN_TEXT).alias(name)) for name in texts]
    return pl.concat(parts)


def build_golden(rows: pl.DataFrame, score: Score) -> list[dict[str, Any]]:
    """Return the content of `golden.json`: `row_id`, `inputs` and the `score` that the estimator itself gives."""
    inputs = rows.drop("row_id").to_dicts()
    scores = score(rows).tolist()
    return [
        {"row_id": name, "inputs": values, "score": round(found, DECIMALS)}
        for name, values, found in zip(rows["row_id"].to_list(), inputs, scores, strict=True)
    ]
