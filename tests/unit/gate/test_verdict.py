"""Tests of `mergeline.gate.verdict`: from figures to a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.gate.verdict import Rule, decide, judge_difference, judge_floors, render_verdict
from mergeline.params import Gate

GATE = Gate(0.66, 0.08, (0.7, 1.45), 0.003, 0.001, "hold")
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


@pytest.mark.parametrize(
    ("candidate", "outcome"),
    [(0.716, "reject"), (0.718, "hold"), (0.7205, "hold"), (0.722, "pass"), (float("nan"), "reject")],
)
def test_the_difference_to_the_champion_decides(candidate: float, outcome: str) -> None:
    """Worse beyond the margin rejects, between the margins holds, better beyond the margin passes."""
    assert judge_difference(0.72, candidate, 1000, GATE).outcome == outcome


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
    page = render_verdict(decide([*judge_floors(GOOD, GATE), judge_difference(0.72, 0.70, 5000, GATE)], "c0ffee"))
    assert page.startswith("# Verdict: reject\n")
    assert "lower by 0.0200, more than max_auc_loss 0.003" in page
    assert page.count("✓") == 3
