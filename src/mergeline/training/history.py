"""The history to learn from: the feature files of all batches, in order of time, and what was known by when.

Nothing here is yours to edit: features are defined in `src/usecase/features.py` and written by the featurise stage.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mergeline.errors import MergelineError

LEADING = ("row_id", "decision_at", "label_at", "day", "target")
KINDS: dict[Any, Any] = {pl.String: "categorical", pl.Float64: "numeric"}


@dataclass(frozen=True)
class History:
    """Feature rows of all batches.

    Attributes
    ----------
    rows : polars.DataFrame
        `batch`, then the columns of the feature files; sorted by `decision_at` and `row_id`.
    features : tuple of (str, {"categorical", "numeric"})
        Name and kind of the features, in the order of the files.
    """

    rows: pl.DataFrame
    features: tuple[tuple[str, Any], ...]

    @property
    def batches(self) -> list[str]:
        """Names of the batches, oldest first."""
        return sorted(self.rows["batch"].unique())

    def find_first_decision(self, batch: str) -> datetime:
        """Return the moment at which the first decision about `batch` is taken."""
        moment = self.rows.filter(pl.col("batch") == batch)["decision_at"].min()
        assert isinstance(moment, datetime)
        return moment

    def select_known(self, batch: str) -> pl.DataFrame:
        """Return the rows of earlier batches that were decided, and whose label was known, when `batch` began."""
        begins = self.find_first_decision(batch)
        earlier = (pl.col("batch") < batch) & (pl.col("decision_at") < begins)
        return self.rows.filter(earlier & (pl.col("label_at") <= begins) & pl.col("target").is_not_null())

    def split(self, rows: pl.DataFrame) -> tuple[Any, NDArray[np.int64]]:
        """Return the features of `rows`, a pandas frame of shape (n_samples, n_features), and their targets, 0 or 1.

        Notes
        -----
        In pandas, because scikit-learn 1.9 takes polars' null for a category of its own and not for a missing one.
        """
        features = rows.select(name for name, _ in self.features).to_pandas()
        return features, rows["target"].cast(pl.Int64).to_numpy()


def read_history(directory: Path) -> History:
    """Return the rows of every `{batch}.parquet` in `directory`.

    Raises
    ------
    MergelineError
        If there is no file, one is empty or of another shape than the first, or a column is neither text nor float64.
    """
    paths = sorted(directory.glob("*.parquet"))
    if not paths:
        raise MergelineError(
            "there are no features to train on",
            where=str(directory),
            fix="run `dvc repro featurise`, which writes them",
        )
    frames = [pl.read_parquet(path) for path in paths]
    for path, frame in zip(paths, frames, strict=True):
        _check(path, frame, frames[0])
    named = [
        frame.select(pl.lit(path.stem).alias("batch"), pl.all()) for path, frame in zip(paths, frames, strict=True)
    ]
    rows = pl.concat(named).sort("decision_at", "row_id").rechunk()
    features = tuple((name, KINDS[rows.schema[name]]) for name in frames[0].columns[len(LEADING) :])
    return History(rows, features)


def render_moment(moment: Any) -> str:
    """Return a moment in UTC as `2013-04-01T07:00:00Z`, with microseconds only where there are any."""
    assert isinstance(moment, datetime)
    return moment.isoformat().replace("+00:00", "Z")


def _check(path: Path, frame: pl.DataFrame, first: pl.DataFrame) -> None:
    def refuse(what: str, fix: str = "run `dvc repro featurise`, which writes all of them") -> None:
        raise MergelineError(what, where=str(path), fix=fix)

    leading, features = frame.columns[: len(LEADING)], frame.columns[len(LEADING) :]
    if tuple(leading) != LEADING or not features:
        refuse(f"the columns are not {', '.join(LEADING)} and then the features, but {', '.join(frame.columns)}")
    wrong = [f"{name} ({frame.schema[name]})" for name in features if frame.schema[name] not in KINDS]
    if wrong:
        refuse(
            f"features are neither text nor float64: {', '.join(wrong)}",
            "correct the feature's `kind` or expression in src/usecase/features.py, then run `dvc repro`",
        )
    if list(frame.schema.items()) != list(first.schema.items()):
        differing = sorted({name for name, _ in set(frame.schema.items()) ^ set(first.schema.items())})
        refuse(f"the columns differ from those of the first batch: {', '.join(differing) or 'their order'}")
    if frame.is_empty():
        refuse("the batch has no rows")
    if not frame["target"].drop_nulls().is_in([0, 1]).all():
        refuse(f"the target is not 0 or 1 everywhere, but {frame['target'].unique().sort().to_list()}")
    infinite = [name for name in features if frame.schema[name] == pl.Float64 and frame[name].is_infinite().any()]
    if infinite:
        refuse(
            f"features are infinite in some rows: {', '.join(infinite)}",
            "make the expression in src/usecase/features.py yield null where it has no value (a division by zero?)",
        )
