"""Slices: each one compared or named with the reason why not, and none called worse by luck."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from mergeline.errors import MergelineError
from mergeline.gate.simulation import FEATURES, Period, simulate_period
from mergeline.gate.slices import Slice, SliceRule, compare_slices, find_worst_slice

RULE = SliceRule(margin=0.02, min_rows=100, min_clusters=20)


def make_period(seed: int = 0, n_days: int = 40) -> tuple[Period, dict[str, Any]]:
    """Return an invented period and three categorical columns without meaning."""
    rng = np.random.default_rng(seed)
    period = simulate_period(rng, replace(FEATURES, n_days=n_days, rows_per_day=60))
    n_rows = period.day.size
    columns = {
        "carrier": rng.choice(list("ABCDEF"), n_rows).astype(object),
        "origin": rng.choice(["EWR", "JFK", "LGA"], n_rows).astype(object),
    }
    return period, columns


def compare(period: Period, columns: Any, rule: SliceRule = RULE, **changed: Any) -> dict[Any, Slice]:
    """Return the slices by their values."""
    found = compare_slices(period.target, period.champion, period.candidate, period.day, columns, rule, **changed)
    return {slice_.values if len(slice_.values) > 1 else slice_.values[0]: slice_ for slice_ in found}


def spoil(period: Period, rows: Any) -> Period:
    """Return the period with the candidate's scores shuffled within `rows`."""
    candidate = period.candidate.copy()
    candidate[rows] = np.random.default_rng(0).permutation(candidate[rows])
    return replace(period, candidate=candidate)


@pytest.mark.parametrize(("metric", "plain"), [("roc_auc", roc_auc_score), ("log_loss", log_loss)])
def test_a_slice_is_measured_on_its_rows_alone(metric: str, plain: Any) -> None:
    """The difference is scikit-learn's on those rows."""
    period, columns = make_period()
    found = compare(period, columns, replace(RULE, metric=metric))["C"]
    rows = columns["carrier"] == "C"
    scores = (period.candidate[rows], period.champion[rows])
    expected = plain(period.target[rows], scores[0]) - plain(period.target[rows], scores[1])
    assert found.difference == pytest.approx(expected, abs=1e-9)
    assert found.n_rows == rows.sum()
    assert found.low is not None
    assert found.high is not None
    assert found.low < expected < found.high


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier"])
def test_worse_on_one_slice_only_is_found_there_and_nowhere_else(metric: str) -> None:
    """Scores shuffled within one carrier turn that carrier red, in every metric."""
    period, columns = make_period()
    found = compare(spoil(period, columns["carrier"] == "B"), columns, replace(RULE, metric=metric))
    assert [value for value, slice_ in found.items() if slice_.worse] == ["B"]
    assert found["B"].p_value is not None
    assert found["B"].p_value < 0.01


def test_better_on_one_slice_is_not_worse() -> None:
    """The direction is that of the metric: an improved slice is no finding."""
    period, columns = make_period()
    spoiled = spoil(period, columns["carrier"] == "B")
    turned = replace(spoiled, champion=spoiled.candidate, candidate=spoiled.champion)
    for metric in ("roc_auc", "brier"):
        found = compare(turned, columns, replace(RULE, metric=metric, margin=0.0))
        assert not found["B"].worse
        assert found["B"].p_value == 1


def test_a_slice_may_be_worse_within_the_margin() -> None:
    """The same loss is red or not by the margin alone."""
    period, columns = make_period()
    spoiled = spoil(period, columns["carrier"] == "B")
    assert compare(spoiled, columns)["B"].worse
    assert not compare(spoiled, columns, replace(RULE, margin=0.5))["B"].worse


def test_small_slices_are_named_and_do_not_pass() -> None:
    """Too few rows, too few days, or one outcome alone: no figures, a reason, and not counted as compared."""
    period, columns = make_period()
    carrier = columns["carrier"]
    carrier[:30] = "tiny"
    carrier[period.day < 4] = "brief"
    carrier[:30] = "tiny"
    carrier[(period.target == 0) & (carrier == "F")] = "E"
    found = compare(period, {"carrier": carrier})
    reasons = {value: slice_.reason for value, slice_ in found.items() if slice_.reason}
    assert reasons == {
        "tiny": "too few rows",
        "brief": "too few clusters",
        "F": "an outcome in too few clusters",
    }
    assert found["tiny"].difference is found["tiny"].high is found["tiny"].p_value is None
    assert not found["tiny"].worse


def test_nothing_large_enough_is_an_answer() -> None:
    """Every slice comes back with its reason."""
    period, columns = make_period()
    found = compare(period, columns, replace(RULE, min_rows=10**6))
    assert {slice_.reason for slice_ in found.values()} == {"too few rows"}
    worst = find_worst_slice(
        period.target, period.champion, period.candidate, period.day, columns, replace(RULE, min_rows=10**6)
    )
    assert worst.slice is None
    assert worst.n_compared == 0


def test_rows_without_a_value_are_a_slice() -> None:
    """Missing is where models fail first; None, and nulls of a polars column, come last under no name."""
    period, columns = make_period()
    columns["carrier"][columns["carrier"] == "A"] = None
    spoiled = spoil(period, columns["carrier"] == None)  # noqa: E711
    found = compare_slices(
        period.target, period.champion, spoiled.candidate, period.day, {"carrier": pl.Series(columns["carrier"])}, RULE
    )
    assert [slice_.values[0] for slice_ in found] == ["B", "C", "D", "E", "F", None]
    assert [slice_.worse for slice_ in found] == [False] * 5 + [True]


def test_intervals_hold_together_and_are_wider_for_it() -> None:
    """A slice among many has a wider interval than alone."""
    period, columns = make_period()
    alone = compare(period, {"origin": columns["origin"]})["EWR"]
    among = compare(period, columns)["EWR"]
    assert alone.difference == among.difference
    assert among.low is not None
    assert alone.low is not None
    assert among.low < alone.low


def test_rows_of_weight_zero_belong_to_no_slice() -> None:
    """Weights reach the slices."""
    period, columns = make_period()
    weight = (columns["carrier"] != "A").astype(float)
    assert set(compare(period, {"carrier": columns["carrier"]}, weight=weight)) == set("BCDEF")


def test_a_column_of_another_length_is_refused() -> None:
    """The column is named."""
    period, columns = make_period()
    with pytest.raises(MergelineError, match="slice column 'origin'") as caught:
        compare(period, {"origin": columns["origin"][1:]})
    assert "one value per row" in caught.value.fix


def test_the_worst_slice_of_two_columns_is_found() -> None:
    """A fault at one carrier at one airport is named as that, and marked as exploratory."""
    period, columns = make_period(n_days=60)
    rows = (columns["carrier"] == "B") & (columns["origin"] == "JFK")
    spoiled = spoil(period, rows)
    worst = find_worst_slice(
        spoiled.target, spoiled.champion, spoiled.candidate, spoiled.day, columns, replace(RULE, margin=0.05)
    )
    assert worst.exploratory
    assert worst.slice is not None
    assert (worst.slice.columns, worst.slice.values) == (("carrier", "origin"), ("B", "JFK"))
    assert worst.slice.worse
    assert worst.n_compared == 6 + 3 + 18


def test_no_slice_is_called_worse_by_luck_more_often_than_promised() -> None:
    """Over 60 periods without a difference, 9 overlapping slices and no margin: at most 5 % see any slice worse."""
    rule = replace(RULE, margin=0.0, n_resamples=200)
    false_alarms = [
        any(slice_.worse for slice_ in compare(*make_period(seed), replace(rule, random_state=seed)).values())
        for seed in range(60)
    ]
    assert np.mean(false_alarms) <= 0.05


def test_comparing_needs_numpy_alone() -> None:
    """Neither scikit-learn nor a frame library is imported for a verdict's statistics."""
    modules = "mergeline.gate.slices, mergeline.gate.simulation"
    check = f"import sys, {modules}; print({{'sklearn', 'polars', 'scipy'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
