"""The metrics are scikit-learn's where it has them, and the calibration error is what a person would compute."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from usecase.metrics import (
    GREATER_IS_BETTER,
    HEADLINE,
    SLICES,
    compute_calibration_bins,
    compute_ece,
    compute_metrics,
)

ROWS = st.lists(st.tuples(st.integers(0, 1), st.floats(0.001, 0.999)), min_size=2, max_size=60).filter(
    lambda rows: len({target for target, _ in rows}) == 2
)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.floats(0.01, 0.99))
def test_metrics_equal_scikit_learn(rows: list[tuple[int, float]], reference: float) -> None:
    """Each metric that scikit-learn has is its value; skill and ratio follow from their definitions."""
    target, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = compute_metrics(target, score, reference)
    expected = {
        "roc_auc": roc_auc_score(target, score),
        "average_precision": average_precision_score(target, score),
        "log_loss": log_loss(target, score),
        "brier": brier_score_loss(target, score),
        "brier_skill": 1 - brier_score_loss(target, score) / brier_score_loss(target, np.full(len(rows), reference)),
        "calibration_ratio": score.mean() / target.mean(),
        "base_rate": target.mean(),
        "n_rows": len(rows),
        "n_positive": target.sum(),
    }
    assert set(found) == {*expected, "ece"}
    assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(2, 20), st.randoms(use_true_random=False))
def test_order_of_rows_has_no_influence(rows: list[tuple[int, float]], n_bins: int, random) -> None:  # type: ignore[no-untyped-def]
    """Shuffled rows, ties among them, have the same metrics."""
    target, score = zip(*rows, strict=True)
    shuffled = list(rows)
    random.shuffle(shuffled)
    other_target, other_score = zip(*shuffled, strict=True)
    found = compute_metrics(target, score, 0.3, n_bins=n_bins)
    other = compute_metrics(other_target, other_score, 0.3, n_bins=n_bins)
    assert_allclose(list(found.values()), list(other.values()), rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(ROWS, st.integers(2, 20))
def test_bins_hold_every_row_once_and_never_part_equal_scores(rows: list[tuple[int, float]], n_bins: int) -> None:
    """Bins add up to all rows and positives, in rising order of score, and are as many as asked for at most."""
    target, score = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    bins = compute_calibration_bins(target, score, n_bins)
    assert len(bins) <= min(n_bins, len(set(score)))
    assert bins[:, 2].sum() == len(rows)
    assert_allclose((bins[:, 1] * bins[:, 2]).sum(), target.sum())
    assert (np.diff(bins[:, 0]) > 0).all()


def test_bins_hold_equal_counts_where_scores_differ() -> None:
    """A hundred different scores, most of them low, in four bins: 25 each."""
    bins = compute_calibration_bins(np.arange(100) % 2, (np.arange(100) / 100) ** 4, 4)
    assert bins[:, 2].tolist() == [25, 25, 25, 25]


@pytest.mark.parametrize(
    ("target", "score", "n_bins", "expected"),
    [
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 10, 0.0),
        ([0, 1, 1, 1], [0.25, 0.25, 0.25, 0.25], 10, 0.5),
        ([0, 0, 1, 1], [0.1, 0.1, 0.8, 0.8], 2, 0.15),
        ([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9, 0.9], 2, 0.08),
    ],
    ids=["right on average", "constant and too low", "two bins", "weighted by rows"],
)
def test_calibration_error_of_known_cases(target: list[int], score: list[float], n_bins: int, expected: float) -> None:
    """The error is the gap of each bin, weighted by its rows; a constant score makes a single bin."""
    assert compute_ece(target, score, n_bins) == pytest.approx(expected)


@pytest.mark.parametrize(("target", "words"), [([], "no rows"), ([0, 0, 0], "all 3 rows have target 0")])
def test_undefined_metrics_are_refused_with_the_reason(target: list[int], words: str) -> None:
    """No rows, or rows of one class, raise instead of yielding NaN."""
    with pytest.raises(ValueError, match=words):
        compute_metrics(target, [0.5] * len(target), 0.5)


def test_reference_may_differ_from_row_to_row() -> None:
    """Rows scored by different models are compared with the base rates of their own training data."""
    target, score, reference = [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], [0.5, 0.5, 0.25, 0.25]
    denominator = np.mean((np.array(reference) - target) ** 2)
    assert compute_metrics(target, score, reference)["brier_skill"] == pytest.approx(1 - 0.025 / denominator)


def test_names_given_to_the_machinery_are_metrics() -> None:
    """Directions and headlines name metrics that exist."""
    names = set(compute_metrics([0, 1], [0.4, 0.6], 0.5))
    assert set(GREATER_IS_BETTER) <= names
    assert set(HEADLINE) <= names


def test_every_hour_has_one_band_and_bands_are_in_order() -> None:
    """The 24 hours fall into five bands whose names sort as the day goes; a missing hour stays missing."""
    frame = pl.DataFrame({"sched_hour": [*map(float, range(24)), None], "carrier": "UA", "origin": "JFK"})
    bands = frame.select(**SLICES)["hour_band"].to_list()
    assert bands[:24] == sorted(bands[:24])
    assert len(set(bands[:24])) == 5
    assert bands[24] is None
