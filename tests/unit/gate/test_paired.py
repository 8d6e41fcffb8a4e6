"""The interval of a difference tells the truth about days that fail together, and answers only what it shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from mergeline.errors import MergelineError
from mergeline.gate.paired import PairedInterval, at_level, compute_paired_intervals, judge
from mergeline.gate.resampling import compute_bootstrap, draw_weights
from mergeline.gate.simulation import FEATURES, Setting, measure_coverage, simulate_period
from mergeline.gate.tables import MeanTable

CLUSTERED = Setting(60, 60, day_noise=0.4, slope_noise=0.3, row_noise=0.05)


@pytest.fixture(scope="module")
def rows() -> tuple[Any, ...]:
    """Return outcome, champion, candidate and day of an invented period of 40 days."""
    period = simulate_period(np.random.default_rng(2), replace(FEATURES, n_days=40, rows_per_day=50))
    return period.target, period.champion, period.candidate, period.day


def make_interval(metric: str = "roc_auc", low: float = 0.0, high: float = 0.0) -> PairedInterval:
    """Return an interval from `low` to `high`."""
    return PairedInterval(metric, 0.7, 0.7, (low + high) / 2, low, high, 0.001, 0.95, 100, 30, np.zeros(2000))


def test_metrics_and_difference_are_those_of_scikit_learn(rows: tuple[Any, ...]) -> None:
    """Candidate, champion and difference, with row weights, to 1e-9."""
    target, champion, candidate, day = rows
    weight = np.random.default_rng(0).uniform(0.5, 2, day.size)
    found = compute_paired_intervals(target, champion, candidate, day, weight=weight)
    plain = {"roc_auc": roc_auc_score, "log_loss": log_loss, "brier": brier_score_loss}
    for metric, function in plain.items():
        expected = [function(target, score, sample_weight=weight) for score in (candidate, champion)]
        assert found[metric].candidate == pytest.approx(expected[0], abs=1e-9)
        assert found[metric].champion == pytest.approx(expected[1], abs=1e-9)
        assert found[metric].difference == pytest.approx(expected[0] - expected[1], abs=1e-9)
        assert found[metric].low < found[metric].difference < found[metric].high
        assert (found[metric].n_rows, found[metric].n_clusters) == (day.size, 40)


def test_the_order_of_rows_has_no_influence(rows: tuple[Any, ...]) -> None:
    """Shuffled rows give the same interval."""
    order = np.random.default_rng(0).permutation(rows[0].size)
    straight, shuffled = compute_paired_intervals(*rows), compute_paired_intervals(*(values[order] for values in rows))
    for metric, interval in straight.items():
        assert shuffled[metric].low == pytest.approx(interval.low, abs=1e-12)
        assert shuffled[metric].high == pytest.approx(interval.high, abs=1e-12)


def test_exchanged_models_turn_the_interval_round(rows: tuple[Any, ...]) -> None:
    """Neither side is favoured."""
    target, champion, candidate, day = rows
    there = compute_paired_intervals(target, champion, candidate, day)
    back = compute_paired_intervals(target, candidate, champion, day)
    for metric, interval in there.items():
        assert back[metric].low == pytest.approx(-interval.high, abs=1e-12)


def test_identical_scores_leave_no_doubt(rows: tuple[Any, ...]) -> None:
    """A refactor with equal outputs is not worse, and not better."""
    target, champion, _, day = rows
    for interval in compute_paired_intervals(target, champion, champion.copy(), day).values():
        assert (interval.low, interval.difference, interval.high) == (0, 0, 0)
        assert judge(interval) == "not worse"


def test_a_monotone_change_moves_the_losses_and_not_the_ranking(rows: tuple[Any, ...]) -> None:
    """Scores twice as high in the odds keep their AUC and lose in Brier score: what a balanced fit does."""
    target, champion, _, day = rows
    odds = 3 * champion / (1 - champion)
    found = compute_paired_intervals(target, champion, odds / (1 + odds), day)
    assert found["roc_auc"].difference == pytest.approx(0, abs=1e-12)
    assert judge(found["roc_auc"], loss=0.003) == "not worse"
    assert judge(found["brier"], loss=0.002) == "worse"
    assert judge(found["log_loss"], loss=0.002) == "worse"


def test_equal_seeds_give_equal_intervals(rows: tuple[Any, ...]) -> None:
    """And another seed another one, slightly."""
    first, again = compute_paired_intervals(*rows), compute_paired_intervals(*rows)
    other = compute_paired_intervals(*rows, random_state=1)
    assert first == again
    assert first["roc_auc"].low != other["roc_auc"].low
    assert first["roc_auc"].low == pytest.approx(other["roc_auc"].low, abs=0.2 * first["roc_auc"].standard_error)


def test_another_level_is_another_width(rows: tuple[Any, ...]) -> None:
    """Taken from the same resamples, and refused where they do not reach."""
    interval = compute_paired_intervals(*rows)["roc_auc"]
    wide, narrow = at_level(interval, 0.99), at_level(interval, 0.8)
    assert wide.low < interval.low < narrow.low < interval.difference
    assert at_level(wide, 0.95) == interval
    with pytest.raises(MergelineError) as caught:
        at_level(interval, 0.9999)
    assert "draw at least 100000 resamples" in caught.value.fix


def test_a_row_that_occurs_twice_is_refused(rows: tuple[Any, ...]) -> None:
    """Doubled rows make every interval too narrow."""
    doubled = tuple(np.concatenate([values, values]) for values in rows)
    with pytest.raises(MergelineError) as caught:
        compute_paired_intervals(*doubled, row_id=np.tile(np.arange(rows[0].size), 2))
    assert "a row counts once" in caught.value.fix


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.0011, 0.02, "better"),
        (0.0009, 0.02, "not worse"),
        (-0.0029, 0.0005, "not worse"),
        (-0.0031, 0.02, "cannot tell"),
        (-0.02, -0.0029, "cannot tell"),
        (-0.02, -0.0031, "worse"),
        (0.0, 0.0, "not worse"),
    ],
)
def test_the_answer_is_what_the_interval_shows(low: float, high: float, answer: str) -> None:
    """With a gain of 0.001 asked and a loss of 0.003 allowed; for losses, lower is better."""
    assert judge(make_interval("roc_auc", low, high), gain=0.001, loss=0.003) == answer
    assert judge(make_interval("brier", -high, -low), gain=0.001, loss=0.003) == answer


def test_resampling_days_covers_the_truth_and_resampling_rows_does_not() -> None:
    """On 500 invented periods 93–97 % of the 95 % intervals by day hold the true difference; far fewer by row."""
    small = replace(CLUSTERED, rows_per_day=30)
    by_day = measure_coverage(small, 0.0, 500, 3, by=("cluster",), n_resamples=300)["cluster"]
    by_row = measure_coverage(small, 0.0, 30, 3, by=("row",), n_resamples=200)["row"]
    assert all(0.93 <= share <= 0.97 for share in by_day.values()), by_day
    assert all(share <= 0.85 for share in by_row.values()), by_row


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("blur", [0.0, 0.6])
@pytest.mark.parametrize(("n_days", "highest"), [(30, 0.98), (90, 0.97)])
def test_coverage_holds_on_2000_periods(n_days: int, highest: float, blur: float) -> None:
    """Without and with a real difference: 93–97 % on three months of days, up to 98 % on one, which errs to caution."""
    setting = replace(CLUSTERED, n_days=n_days)
    by_day = measure_coverage(setting, blur, 2000, 5, by=("cluster",), n_resamples=1000)["cluster"]
    by_row = measure_coverage(setting, blur, 200, 5, by=("row",), n_resamples=1000)["row"]
    assert all(0.93 <= share <= highest for share in by_day.values()), by_day
    assert all(share <= 0.88 for share in by_row.values()), by_row


@pytest.mark.slow
def test_few_days_make_the_difference_do_not_fool_the_interval() -> None:
    """Where a loss sits on 15 % of the days, 90 days of a skewed difference are covered nearly as promised."""
    rng = np.random.default_rng(0)
    held = []
    for seed in range(1000):
        bad = rng.random(90) < 0.15
        values = rng.normal(0, 0.1, 90) + bad * rng.exponential(1, 90)
        found = compute_bootstrap(MeanTable(values, np.ones(90)), draw_weights(90, 500, seed))
        reach = np.quantile(found.distances, 0.95) * found.standard_error
        held.append(abs(found.estimate - 0.15) <= reach)
    assert np.mean(held) >= 0.9
