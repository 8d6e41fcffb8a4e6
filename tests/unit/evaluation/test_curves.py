"""The tables behind the plots: small, finite, right at known points, the same in any row order."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.evaluation.curves import (
    compute_calibration,
    compute_confusion,
    compute_days,
    compute_precision_recall,
    compute_roc,
    compute_score_distribution,
)

ROWS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])), min_size=2).filter(
    lambda rows: len({target for target, _ in rows}) == 2
)


def compute_all(target: np.ndarray, score: np.ndarray) -> dict[str, pl.DataFrame]:
    """Return every table of these rows."""
    rows = pl.DataFrame({"day": [date(2013, 4, 1)] * len(target), "target": target.astype(np.int8), "score": score})
    return {
        "roc": compute_roc(target, score),
        "precision_recall": compute_precision_recall(target, score),
        "calibration": compute_calibration(target, score, 5),
        "confusion": compute_confusion(target, score, 0.5),
        "scores": compute_score_distribution(target, score),
        "days": compute_days(rows),
    }


@settings(max_examples=40, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_tables_are_small_finite_and_blind_to_row_order(rows: list[tuple[int, float]], random) -> None:  # type: ignore[no-untyped-def]
    """Every table has at most 300 rows, no NaN and no null, and the same bytes for shuffled rows."""
    target, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    order = list(range(len(rows)))
    random.shuffle(order)
    tables, shuffled = compute_all(target, score), compute_all(target[order], score[order])
    for name, table in tables.items():
        assert 0 < table.height <= 300, name
        assert table.null_count().sum_horizontal().item() == 0
        numbers = table.select(pl.selectors.float()).to_numpy()
        assert np.isfinite(numbers).all(), name
        assert table.write_csv() == shuffled[name].write_csv()


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_curves_rise_or_stay_within_their_limits(rows: list[tuple[int, float]]) -> None:
    """The ROC curve never falls and ends at (1, 1); precision lies in [0, 1] and ends at the base rate or above."""
    target, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    roc = compute_roc(target, score)
    assert (roc["true_positive_rate"].diff().drop_nulls() >= 0).all()
    assert roc.row(-1) == (1.0, 1.0)
    precision = compute_precision_recall(target, score)["precision"]
    assert precision.is_between(0, 1).all()
    assert precision[-1] >= round(target.mean(), 5) - 1e-5


def test_perfect_and_useless_ranking() -> None:
    """A perfect ranking reaches every positive without a false one; a constant score is the diagonal."""
    target = np.array([0.0, 0.0, 1.0, 1.0])
    assert compute_roc(target, target)["true_positive_rate"].to_list() == [1.0] * 201
    assert compute_precision_recall(target, target)["precision"].to_list() == [1.0] * 200
    constant = compute_roc(target, np.full(4, 0.3))
    assert constant["true_positive_rate"].to_list() == constant["false_positive_rate"].to_list()


def test_precision_is_that_of_the_highest_threshold_which_reaches_the_recall() -> None:
    """Two positives, ranked first and third: precision 1 up to recall .5, then 2 of 3."""
    curve = compute_precision_recall(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1]))
    found = dict(curve.iter_rows())
    assert found[0.5] == 1.0
    assert found[0.505] == found[1.0] == pytest.approx(0.66667)


def test_confusion_counts_every_row_once() -> None:
    """The four cells add up, and a score at the threshold counts as positive."""
    cells = compute_confusion(np.array([0.0, 0.0, 1.0, 1.0, 1.0]), np.array([0.2, 0.5, 0.5, 0.9, 0.1]), 0.5)
    found = {(row["actual"], row["predicted"]): row["n_rows"] for row in cells.iter_rows(named=True)}
    assert found == {
        ("negative", "negative"): 1,
        ("negative", "positive"): 1,
        ("positive", "negative"): 1,
        ("positive", "positive"): 2,
    }
    assert cells["share"].sum() == pytest.approx(1)


def test_days_are_numbered_by_the_calendar() -> None:
    """A day without rows leaves a gap in the numbers; `dvc plots` draws over numbers, not over dates."""
    rows = pl.DataFrame(
        {"day": [date(2013, 4, 3), date(2013, 4, 1), date(2013, 4, 1)], "target": [1, 0, 1], "score": [0.5, 0.2, 0.4]}
    )
    days = compute_days(rows)
    assert days["day_number"].to_list() == [1, 3]
    assert days["observed_rate"].to_list() == [0.5, 1.0]
    assert days["mean_score"].to_list() == [pytest.approx(0.3), 0.5]
