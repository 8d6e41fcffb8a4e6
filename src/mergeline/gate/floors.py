"""The rules that need no champion: floors of quality and calibration, and what is too good to be true.

Nothing here is yours to edit: the limits are in `params.yaml`, group `gate`. A figure that is missing or not finite
breaks its rule, it never passes it.
"""

from collections.abc import Mapping
from typing import Any

from mergeline.gate.rules import Rule, is_number
from mergeline.params import Gate

WRONG_WAY = 0.45
SUSPICION = "look for leakage first: a feature that knows the outcome, or rows of the held-out period in training"


def judge_floors(metrics: Mapping[str, Any], gate: Gate) -> list[Rule]:
    """Return the rules on the candidate's own figures, by name of `reports/metrics.json`."""
    low, high = gate.calibration_ratio
    ratio = metrics.get("calibration_ratio")
    return [
        _judge_auc(metrics.get("roc_auc"), gate.min_roc_auc),
        _judge_range("min_brier_skill", "Brier skill", metrics.get("brier_skill"), gate.min_brier_skill, 1.0),
        _judge_range("calibration_ratio", "mean prediction ÷ base rate", ratio, low, high),
        judge_too_good("max_roc_auc", "ROC AUC", metrics.get("roc_auc"), gate.max_roc_auc),
    ]


def judge_too_good(name: str, words: str, value: Any, high: float) -> Rule:
    """Return the rule that a person looks at what is above `high`: it holds, and names the suspicion."""
    if not is_number(value):
        return Rule(name, "reject", f"{words} is missing or not a number", "compute it: src/usecase/metrics.py")
    if value > high:
        says = f"{words} {value:.4f} is above {high}, too good to be true: {SUSPICION}"
        return Rule(name, "hold", says, f"the gain explained and no leak found: raise gate.{name} in the change")
    return Rule(name, "pass", f"{words} {value:.4f} is not above {high}")


def _judge_auc(value: Any, low: float) -> Rule:
    rule = _judge_range("min_roc_auc", "ROC AUC", value, low, 1.0)
    if not is_number(value) or value >= WRONG_WAY:
        return rule
    says = f"{rule.says}; below 0.5 it ranks the wrong way round: positive and negative class may have changed places"
    return Rule(rule.name, "reject", says, "take the score of the positive class: `classes_` says which column it is")


def _judge_range(name: str, words: str, value: Any, low: float, high: float) -> Rule:
    limits = f"at least {low}" if high == 1.0 else f"from {low} to {high}"
    if not is_number(value):
        says = f"{words} is missing or not a number; it must be {limits}"
        return Rule(name, "reject", says, "compute it: src/usecase/metrics.py")
    if low <= value <= high:
        return Rule(name, "pass", f"{words} {value:.4f} is {limits}")
    needed = low - value if value < low else high - value
    return Rule(name, "reject", f"{words} {value:.4f} is not {limits}", f"{needed:+.4f} would reach the limit")
