"""Tests of `mergeline.training.folds`: the past on one side, what follows on the other."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.training.folds import make_folds

START = datetime(2013, 1, 1, tzinfo=UTC)


def make_rows(minutes: list[int], waits: list[int]) -> pl.DataFrame:
    """Return sorted rows decided at `minutes` whose label comes `waits` minutes later; outcomes alternate."""
    decided = sorted(minutes)
    return pl.DataFrame(
        {
            "decision_at": [START + timedelta(minutes=minute) for minute in decided],
            "label_at": [START + timedelta(minutes=minute + wait) for minute, wait in zip(decided, waits, strict=True)],
            "target": [row % 2 for row in range(len(decided))],
        }
    )


@st.composite
def draw_rows(draw: st.DrawFn) -> pl.DataFrame:
    """Draw 40 to 200 rows on few moments, so that many share one, with labels up to 20 hours late."""
    n_rows = draw(st.integers(40, 200))
    minutes = draw(st.lists(st.integers(0, 60).map(lambda step: 60 * step), min_size=n_rows, max_size=n_rows))
    waits = draw(st.lists(st.integers(1, 1200), min_size=n_rows, max_size=n_rows))
    return make_rows(minutes, waits)


@settings(max_examples=40, deadline=None)
@given(rows=draw_rows(), n_splits=st.integers(1, 4), gap_hours=st.integers(0, 6))
def test_a_fold_knows_only_what_was_known_when_it_begins(rows: pl.DataFrame, n_splits: int, gap_hours: int) -> None:
    """No moment is on both sides, the gap is empty, and every label trained on was known when validation began."""
    gap = timedelta(hours=gap_hours)
    try:
        folds = make_folds(rows, n_splits, gap)
    except MergelineError:
        assume(False)
    assert len(folds) == n_splits
    for fold in folds:
        train, validate = rows[fold.train], rows[fold.validate]
        assert fold.begins == validate["decision_at"].min()
        assert not set(train["decision_at"]) & set(validate["decision_at"])
        assert train["decision_at"].max() < fold.begins - gap
        assert train["label_at"].max() <= fold.begins


@settings(max_examples=40, deadline=None)
@given(rows=draw_rows(), n_splits=st.integers(1, 4))
def test_validation_parts_follow_each_other_without_hole_or_overlap(rows: pl.DataFrame, n_splits: int) -> None:
    """Together they are all rows from the first cut on, each once, and training parts grow."""
    try:
        folds = make_folds(rows, n_splits, timedelta(0))
    except MergelineError:
        assume(False)
    covered = np.concatenate([fold.validate for fold in folds]).tolist()
    assert covered == list(range(rows.height - len(covered), rows.height))
    assert [len(fold.train) for fold in folds] == sorted(len(fold.train) for fold in folds)


def test_a_late_label_is_not_trained_on() -> None:
    """A row decided long before, whose outcome is still open when validation begins, is left out of that fold only."""
    rows = make_rows([60 * hour for hour in range(90)], [30] * 90)
    late = rows.with_row_index().with_columns(
        pl.when(pl.col("index") == 5).then(rows["decision_at"][40]).otherwise("label_at").alias("label_at")
    )
    first, second = make_folds(late, 2, timedelta(hours=1))
    assert 5 not in first.train
    assert 4 in first.train
    assert 5 in second.train


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (make_rows([], []), "0 labelled rows cannot be cut into 4 periods"),
        (make_rows([0] * 50, [1] * 50), "50 labelled rows cannot be cut into 4 periods"),
        (make_rows([60 * hour for hour in range(90)], [10**6] * 90), "0 rows hold no two outcomes"),
        (make_rows(list(range(90)), [1] * 90).with_columns(target=0), "rows hold no two outcomes"),
    ],
)
def test_a_history_that_is_too_short_says_what_to_change(rows: pl.DataFrame, text: str) -> None:
    """Too few rows or moments, no known label, or a single outcome: an error that names the parameters."""
    with pytest.raises(MergelineError, match=text) as caught:
        make_folds(rows, 3, timedelta(0))
    for name in ("procure.batches", "train.n_splits", "train.gap_hours", "train.held_out_batches"):
        assert name in caught.value.fix
