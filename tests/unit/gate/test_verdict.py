"""Tests of `mergeline.gate.verdict`: from figures to a verdict."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.gate.comparison import compare_scores
from mergeline.gate.floors import judge_floors
from mergeline.gate.rules import Rule
from mergeline.gate.verdict import decide, render_verdict
from parameters import GATE

GOOD = {"roc_auc": 0.72, "brier_skill": 0.15, "calibration_ratio": 1.0}


def outcomes(metrics: dict[str, object]) -> set[str]:
    """Return the outcomes of the floors for `metrics`."""
    return {rule.outcome for rule in judge_floors(metrics, GATE)}


def test_good_figures_pass_every_floor() -> None:
    """Figures inside the limits break no rule."""
    assert outcomes(GOOD) == {"pass"}


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "0.9", 0.01])
def test_a_missing_strange_or_low_figure_is_a_failure(name: str, value: object) -> None:
    """A rule whose figure is not there, not finite, not a number or too low rejects; it never passes."""
    assert "reject" in outcomes({**GOOD, name: value})


def test_a_metrics_file_without_any_figure_is_rejected() -> None:
    """An empty metrics file is three broken rules, not a pass."""
    assert outcomes({}) == {"reject"}


def make_pairs(candidate_noise: float, champion_noise: float = 1.0, part: str | None = None) -> pl.DataFrame:
    """Return 60 days of 250 rows; more noise makes a score worse, everywhere or on one part of the rows only."""
    rng = np.random.default_rng(7)
    n_days, n_rows = 60, 250
    day = np.repeat(np.arange(n_days), n_rows)
    logit = rng.normal(-1.2, 0.5, n_days)[day] + rng.normal(0, 1.2, day.size)
    target = rng.random(day.size) < 1 / (1 + np.exp(-logit))
    origin = rng.choice(["EWR", "JFK", "LGA"], day.size)
    noise = rng.normal(0, 1, day.size)
    spread = np.where((origin == part) | (part is None), candidate_noise, champion_noise)
    scores = {
        name: 1 / (1 + np.exp(-(logit + s * noise)))
        for name, s in (("champion_score", champion_noise), ("score", spread))
    }
    return pl.DataFrame(
        {
            "row_id": [str(i) for i in range(day.size)],
            "batch": "2013-06",
            "day": day,
            "target": target.astype(int),
            "origin": origin,
            **scores,
        }
    )


def compare(pairs: pl.DataFrame, gate=GATE, looks: int = 1) -> dict[str, str]:
    """Return rule name to outcome."""
    return {rule.name: rule.outcome for rule in compare_scores(pairs, looks, gate).rules}


def test_a_better_candidate_passes_every_rule() -> None:
    """Less noise than the champion on the same rows is better, and no rule objects."""
    assert set(compare(make_pairs(0.7)).values()) == {"pass"}


def test_a_worse_candidate_is_rejected_for_being_worse() -> None:
    """More noise than the champion is found worse by the comparison."""
    assert compare(make_pairs(1.4))["champion"] == "reject"


def test_equal_scores_hold_unless_the_reason_asks_for_no_more() -> None:
    """A refactor with identical outputs is not better: it holds as a quality change and passes as a refactor."""
    pairs = make_pairs(1.0)
    assert compare(pairs)["champion"] == "hold"
    assert compare(pairs, replace(GATE, reason="refactor"))["champion"] == "pass"


def test_a_candidate_that_is_worse_in_one_slice_only_is_rejected_for_it() -> None:
    """The slice rule is the one that objects, and it names the slice."""
    found = compare_scores(make_pairs(3.0, 1.0, part="JFK"), 1, GATE)
    outcomes = {rule.name: rule for rule in found.rules}
    assert outcomes["max_slice_loss"].outcome == "reject"
    assert "JFK" in outcomes["max_slice_loss"].says
    assert "EWR" not in outcomes["max_slice_loss"].says


def test_ruined_probabilities_with_the_same_order_are_rejected() -> None:
    """Doubling the odds leaves ROC AUC alone; the Brier rule sees it."""
    pairs = make_pairs(1.0).with_columns(score=3 * pl.col("score") / (1 + 2 * pl.col("score")))
    outcomes = compare(pairs)
    assert outcomes["champion"] != "reject"
    assert outcomes["max_brier_rise"] == "reject"


def test_a_jump_that_is_too_good_goes_to_a_person() -> None:
    """A score that knows the answer is held back with the suspicion named."""
    pairs = make_pairs(1.0).with_columns(score=0.8 * pl.col("target") + 0.1 * pl.col("score"))
    found = {rule.name: rule for rule in compare_scores(pairs, 1, GATE).rules}["max_auc_jump"]
    assert found.outcome == "hold"
    assert "look for leakage" in found.says


def test_a_late_look_at_the_same_rows_must_show_more() -> None:
    """A gain that passes at the first look holds after many, and the reason says which look it was."""
    pairs = make_pairs(0.8)
    logit = (pl.col("score") / (1 - pl.col("score"))).log() + 0.5 * pl.lit(
        np.random.default_rng(3).normal(size=pairs.height)
    )
    pairs = pairs.with_columns(score=1 / (1 + (-logit).exp()))
    first, late = (compare_scores(pairs, looks, GATE).rules[0] for looks in (1, 15))
    assert (first.outcome, late.outcome) == ("pass", "hold")
    assert "look 15" in late.says


def test_after_the_last_look_only_newer_data_can_tell() -> None:
    """However large the gain, rows that were looked at too often no longer promote a quality change."""
    rule = compare_scores(make_pairs(0.7), GATE.max_looks + 1, GATE).rules[0]
    assert rule.outcome == "hold"
    assert "only newer data can tell" in rule.says


@given(st.lists(st.sampled_from(["pass", "hold", "reject"]), max_size=6))
def test_the_worst_rule_is_the_verdict(found: list) -> None:
    """`promote` needs every rule to pass; no rule at all is a reject."""
    verdict = decide([Rule(f"r{i}", outcome, "…") for i, outcome in enumerate(found)], "c0ffee")["verdict"]
    expected = "reject" if not found or "reject" in found else "hold" if "hold" in found else "promote"
    assert verdict == expected


def test_no_champion_is_said_and_judged_by_the_floors() -> None:
    """Without a champion the floors alone can promote or reject, and the reason says so."""
    promoted = decide(judge_floors(GOOD, GATE), None)
    rejected = decide(judge_floors({**GOOD, "roc_auc": 0.6}, GATE), None)
    assert (promoted["verdict"], rejected["verdict"]) == ("promote", "reject")
    assert promoted["reasons"][0] == rejected["reasons"][0] == "no champion yet: judged by the floors alone"


def test_the_verdict_reads_as_a_page() -> None:
    """The page names the verdict first and then every rule with its numbers."""
    rules = [*judge_floors(GOOD, GATE), *compare_scores(make_pairs(1.4), 1, GATE).rules]
    page = render_verdict(decide(rules, "c0ffee"))
    assert page.startswith("# Verdict: reject\n")
    assert "worse by more than 0.003" in page
    assert page.count("| ✓ |") == 4 + 1


def test_a_late_look_must_also_show_more_to_be_not_worse() -> None:
    """A refresh that passes at the first look holds after many: "not worse" is a claim in favour too."""
    pairs = make_pairs(1.0)
    logit = (pl.col("score") / (1 - pl.col("score"))).log() + 0.15 * pl.lit(
        np.random.default_rng(3).normal(size=pairs.height)
    )
    pairs = pairs.with_columns(score=1 / (1 + (-logit).exp()))
    gate = replace(GATE, reason="refresh", max_auc_loss=0.0025)
    first, late = (compare_scores(pairs, looks, gate).rules[0] for looks in (1, 15))
    assert (first.outcome, late.outcome) == ("pass", "hold")
    assert "the data cannot tell" in late.says


def test_both_intervals_stand_in_the_figures() -> None:
    """The one at the level of params, and the wider one on which a claim rests at this look."""
    found = compare_scores(make_pairs(0.8), 5, GATE).metrics
    assert found is not None
    assert (found["looks"], found["looks_correction"], found["level"]) == (5, "alpha-spending", 0.95)
    assert found["strict_level"] > 0.99
    for figures in found["metrics"].values():
        assert figures["strict_low"] < figures["low"] < figures["high"] < figures["strict_high"]


def test_the_page_shows_the_worst_slice_as_exploratory() -> None:
    """Two columns deep, with its chance; a hint and no rule."""
    found = compare_scores(make_pairs(3.0, 1.0, part="JFK"), 1, GATE)
    verdict = decide(found.rules, "c0ffee") | {"worst_slice": found.worst_slice}
    page = render_verdict(verdict, "one row 1 ms")
    assert "## Exploratory: the worst slice found" in page
    assert "A hint where to look, and no rule" in page
    assert "origin = JFK" in page
    assert "Measured: one row 1 ms." in page
