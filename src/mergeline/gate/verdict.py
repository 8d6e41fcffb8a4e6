"""From figures to a verdict: `promote`, `hold` or `reject`, with every rule, its numbers and what would change it.

Nothing here is yours to edit: floors and margins are in `params.yaml`, group `gate`. Pure functions; a figure that is
missing or not finite breaks its rule, it never passes it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mergeline.params import Gate

Outcome = Literal["pass", "hold", "reject"]


@dataclass(frozen=True)
class Rule:
    """One rule and what came of it.

    Attributes
    ----------
    name : str
        The rule's name, that of its parameter where it has one.
    outcome : {"pass", "hold", "reject"}
        What this rule alone would have the verdict be; "pass" leaves it to the others.
    says : str
        The rule in words, with its numbers and what would change the outcome.
    """

    name: str
    outcome: Outcome
    says: str


def judge_floors(metrics: Mapping[str, Any], gate: Gate) -> list[Rule]:
    """Return the rules that need no champion: floors of quality and of calibration."""
    low, high = gate.calibration_ratio
    return [
        _judge_range("min_roc_auc", "ROC AUC", metrics.get("roc_auc"), gate.min_roc_auc, 1.0),
        _judge_range("min_brier_skill", "Brier skill", metrics.get("brier_skill"), gate.min_brier_skill, 1.0),
        _judge_range("calibration_ratio", "mean prediction ÷ base rate", metrics.get("calibration_ratio"), low, high),
    ]


def judge_difference(champion_auc: float, candidate_auc: float, n_rows: int, gate: Gate) -> Rule:
    """Return the rule that compares candidate and champion on the same rows."""
    gain = candidate_auc - champion_auc
    figures = f"ROC AUC {candidate_auc:.4f} against the champion's {champion_auc:.4f} on the same {n_rows:,} rows"
    name = "champion"
    if not math.isfinite(gain):
        return Rule(name, "reject", f"{figures}: not a number; a missing figure is a failure")
    if gain < -gate.max_auc_loss:
        return Rule(name, "reject", f"{figures}: lower by {-gain:.4f}, more than max_auc_loss {gate.max_auc_loss}")
    if gain < gate.min_auc_gain:
        return Rule(name, "hold", f"{figures}: {gain:+.4f} is less than min_auc_gain {gate.min_auc_gain}")
    return Rule(name, "pass", f"{figures}: higher by {gain:.4f}, at least min_auc_gain {gate.min_auc_gain}")


def decide(rules: Sequence[Rule], champion: str | None) -> dict[str, Any]:
    """Return the verdict: the worst outcome of any rule, `promote` if all pass.

    Parameters
    ----------
    rules : sequence of Rule
        At least one; no rule is no pass.
    champion : str or None
        Commit of the champion; None if there is none yet.
    """
    outcomes = {rule.outcome for rule in rules}
    worst = next((outcome for outcome in ("reject", "hold", "pass") if outcome in outcomes), "reject")
    verdict = "promote" if worst == "pass" else worst
    decisive = [rule.says for rule in rules if rule.outcome == worst]
    reasons = decisive or ["no rule was judged"]
    if champion is None:
        reasons = ["no champion yet: judged by the floors alone", *reasons]
    return {"verdict": verdict, "reasons": reasons, "champion": champion, "rules": [asdict(rule) for rule in rules]}


def render_verdict(verdict: Mapping[str, Any]) -> str:
    """Return the verdict as Markdown."""
    marks = {"pass": "✓", "hold": "…", "reject": "✗"}
    lines = [f"# Verdict: {verdict['verdict']}", ""]
    lines += [f"- {reason}" for reason in verdict["reasons"]]
    lines += ["", "| rule | | what it saw |", "| --- | --- | --- |"]
    lines += [f"| {rule['name']} | {marks[rule['outcome']]} | {rule['says']} |" for rule in verdict["rules"]]
    return "\n".join(lines) + "\n"


def _judge_range(name: str, words: str, value: Any, low: float, high: float) -> Rule:
    limits = f"at least {low}" if high == 1.0 else f"from {low} to {high}"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return Rule(name, "reject", f"{words} is missing or not a number; it must be {limits}")
    if low <= value <= high:
        return Rule(name, "pass", f"{words} {value:.4f} is {limits}")
    return Rule(name, "reject", f"{words} {value:.4f} is not {limits}")
