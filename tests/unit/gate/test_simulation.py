"""Invented periods are as different as promised, and the same for the same seed."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from mergeline.gate.paired import PairedInterval, compute_paired_intervals
from mergeline.gate.simulation import FEATURES, REFIT, compute_truth, find_blur, replay, simulate_period


def test_days_differ_as_in_the_example() -> None:
    """The daily rate of positives has a standard deviation near 0.15."""
    period = simulate_period(np.random.default_rng(0), replace(REFIT, n_days=400))
    rates = np.bincount(period.day, weights=period.target) / np.bincount(period.day)
    assert rates.std() == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize(("setting", "error"), [(REFIT, 0.001), (FEATURES, 0.003)])
def test_refits_differ_by_as_much_as_measured(setting: object, error: float) -> None:
    """Standard errors of the AUC difference by day, on 90 days: 0.001 for a refit, 0.003 for a group of features."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4):
        period = simulate_period(rng, setting)  # type: ignore[arg-type]
        rows = (period.target, period.champion, period.candidate, period.day)
        found.append(compute_paired_intervals(*rows)["roc_auc"].standard_error)
    assert np.mean(found) == pytest.approx(error, rel=0.25)


def test_without_blur_there_is_no_true_difference_and_with_it_there_is() -> None:
    """The candidate blurred is worse in every metric, the champion blurred is the mirror image."""
    assert set(compute_truth(FEATURES, 0.0, 1).values()) == {0.0}
    worse, better = compute_truth(FEATURES, 0.4, 1), compute_truth(FEATURES, -0.4, 1)
    assert worse["roc_auc"] < -0.005
    assert worse["brier"] > 0.001
    assert {metric: -value for metric, value in worse.items()} == pytest.approx(dict(better))


def test_a_wanted_difference_is_met() -> None:
    """The blur found for a loss of 0.01 makes a loss of 0.01, also on another population."""
    blur = find_blur(FEATURES, -0.01, 1)
    assert compute_truth(FEATURES, blur, 2)["roc_auc"] == pytest.approx(-0.01, abs=0.0005)


def test_replays_depend_on_the_seed_alone() -> None:
    """The verdict is whatever the rule says; equal seeds give equal counts."""
    small = replace(REFIT, n_days=30, rows_per_day=30)

    def rule(intervals: Mapping[str, PairedInterval]) -> str:
        return "promote" if intervals["roc_auc"].difference > 0 else "hold"

    first = replay({"rule": rule, "never": lambda _: "hold"}, small, 0.0, 20, 5)
    assert first == replay({"rule": rule, "never": lambda _: "hold"}, small, 0.0, 20, 5)
    assert sum(first["rule"].values()) == 20
    assert set(first["rule"]) == {"promote", "hold"}
    assert first["never"] == {"hold": 20}
