"""Tests of `mergeline.training.history`: reading the feature files, and what was known by when."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.training.history import read_history

Write = Callable[..., Path]


def test_features_are_the_columns_after_the_target_with_their_kinds(write_features: Write) -> None:
    """Text is categorical, float64 is numeric, in the order of the file."""
    history = read_history(write_features(2))
    assert history.features == (("origin", "categorical"), ("wind", "numeric"), ("hour", "numeric"))
    assert history.batches == ["2013-01", "2013-02"]


def test_rows_come_in_order_however_the_files_hold_them(write_features: Write) -> None:
    """Shuffled files give the same history: rows are ordered by decision and name."""
    directory = write_features(2)
    expected = read_history(directory).rows
    shuffled = write_features(2, lambda _, frame: frame.sample(fraction=1, shuffle=True, seed=3))
    assert read_history(shuffled).rows.equals(expected)


def test_a_label_that_comes_after_the_batch_began_is_not_known(write_features: Write) -> None:
    """Of earlier batches only the rows count that were labelled by the first decision of the batch."""
    directory = write_features(3)
    history = read_history(directory)
    begins = history.find_first_decision("2013-03")

    def plant(month: int, frame: pl.DataFrame) -> pl.DataFrame:
        planted = pl.lit(begins + timedelta(minutes=1)).cast(pl.Datetime("us", "UTC"))
        late = pl.col("row_id").is_in(["01-0007", "02-0100"])
        return frame.with_columns(pl.when(late).then(planted).otherwise("label_at").alias("label_at"))

    before = set(history.select_known("2013-03")["row_id"])
    after = set(read_history(write_features(3, plant)).select_known("2013-03")["row_id"])
    assert before - after == {"01-0007", "02-0100"}
    assert {row[:2] for row in before} == {"01", "02"}


def drop_hour(month: int, frame: pl.DataFrame) -> pl.DataFrame:
    """Drop a feature from the second file."""
    return frame.drop("hour") if month == 2 else frame


@pytest.mark.parametrize(
    ("change", "text", "fix"),
    [
        (drop_hour, "the columns differ from those of the first batch: hour", "dvc repro featurise"),
        (
            lambda _, frame: frame.select("wind", pl.exclude("wind")),
            "the columns are not row_id",
            "dvc repro featurise",
        ),
        (lambda _, frame: frame.select(frame.columns[:5]), "the columns are not row_id", "dvc repro featurise"),
        (lambda _, frame: frame.cast({"hour": pl.Int64}), r"neither text nor float64: hour \(Int64\)", "features.py"),
        (lambda _, frame: frame.clear(), "the batch has no rows", "dvc repro featurise"),
        (lambda _, frame: frame.with_columns(pl.col("target") * 2), "the target is not 0 or 1", "dvc repro featurise"),
        (lambda _, frame: frame.with_columns(hour=1.0 / pl.lit(0.0)), "infinite in some rows: hour", "yield null"),
    ],
)
def test_files_of_another_shape_are_refused(write_features: Write, change: object, text: str, fix: str) -> None:
    """The error names the file, what is wrong with it, and how to mend it."""
    with pytest.raises(MergelineError, match=text) as caught:
        read_history(write_features(2, change))
    assert ".parquet" in caught.value.where
    assert fix in caught.value.fix


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    """Without features the error says which stage writes them."""
    with pytest.raises(MergelineError, match="no features to train on") as caught:
        read_history(tmp_path)
    assert "dvc repro featurise" in caught.value.fix
