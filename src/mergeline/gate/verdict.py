"""From figures to a verdict: `promote`, `hold` or `reject`, with every rule, its numbers and what would change it.

Nothing here is yours to edit: floors and margins are in `params.yaml`, group `gate`. Pure functions; a figure that is
missing or not finite breaks its rule, it never passes it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mergeline.gate.multiplicity import adjust_level
from mergeline.gate.paired import Answer, PairedInterval, at_level, judge
from mergeline.gate.slices import Slice
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
    """Return the rules that need no champion: floors of quality and of calibration, and what is too good."""
    low, high = gate.calibration_ratio
    return [
        _judge_range("min_roc_auc", "ROC AUC", metrics.get("roc_auc"), gate.min_roc_auc, 1.0),
        _judge_range("min_brier_skill", "Brier skill", metrics.get("brier_skill"), gate.min_brier_skill, 1.0),
        _judge_range("calibration_ratio", "mean prediction ÷ base rate", metrics.get("calibration_ratio"), low, high),
        _judge_too_good("max_roc_auc", "ROC AUC", metrics.get("roc_auc"), gate.max_roc_auc),
    ]


def judge_intervals(intervals: Mapping[str, PairedInterval], looks: int, gate: Gate) -> list[Rule]:
    """Return the rules on the differences to the champion, measured on the same rows.

    Parameters
    ----------
    intervals : mapping of str to PairedInterval
        For "roc_auc" and "brier".
    looks : int
        How many proposals were judged on these held-out data, this one included. Only claims in favour of the
        candidate are corrected for it: a loss is not sought by trying.
    """
    auc, brier = intervals["roc_auc"], intervals["brier"]
    level = adjust_level(gate.level, min(looks, gate.max_looks), gate.looks_correction)
    strict = at_level(auc, level)
    answer = judge(auc, gain=gate.min_auc_gain, loss=gate.max_auc_loss)
    if answer == "better" and judge(strict, gain=gate.min_auc_gain) != "better":
        answer = "not worse"
    sharper = judge(at_level(brier, level)) == "better" and answer == "not worse"
    better = (answer == "better" or sharper) and looks <= gate.max_looks
    enough = better or (answer == "not worse" and gate.reason != "quality")
    outcome: Outcome = "reject" if answer == "worse" else "pass" if enough else "hold"
    worn = "" if looks <= gate.max_looks else f", more than max_looks {gate.max_looks}: only newer data can tell"
    says = f"{describe(strict)}: {_explain(answer, sharper, gate)}; look {looks} at these held-out data{worn}"
    calibration = judge(brier, loss=gate.max_brier_rise)
    words = f"{describe(brier)}; worse means higher by more than {gate.max_brier_rise}, whole interval"
    return [
        Rule("champion", outcome, says),
        Rule("max_brier_rise", "reject" if calibration == "worse" else "pass", words),
        _judge_too_good("max_auc_jump", "ROC AUC gained over the champion", auc.difference, gate.max_auc_jump),
    ]


def judge_slices(slices: Sequence[Slice], gate: Gate) -> Rule:
    """Return the rule that no slice with enough rows may be worse beyond its margin."""
    worse = [f"{' × '.join(map(str, part.values))} ({part.difference:+.4f})" for part in slices if part.worse]
    compared = sum(part.reason is None for part in slices)
    limit = f"by more than {gate.max_slice_loss}, all intervals at once"
    if worse:
        return Rule("max_slice_loss", "reject", f"lower ROC AUC {limit}: {', '.join(worse)}")
    says = f"none of {compared} slices is lower {limit}; {len(slices) - compared} have too few rows or days to tell"
    return Rule("max_slice_loss", "pass", says)


def describe(interval: PairedInterval) -> str:
    """Return the comparison in words, with its interval."""
    name = {"roc_auc": "ROC AUC", "brier": "Brier score", "log_loss": "log loss"}[interval.metric]
    return (
        f"{name} {interval.candidate:.4f} against the champion's {interval.champion:.4f} on the same "
        f"{interval.n_rows:,} rows of {interval.n_clusters} days: {interval.difference:+.4f} "
        f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    )


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


def _explain(answer: Answer, sharper: bool, gate: Gate) -> str:
    if answer == "better":
        return f"better by more than {gate.min_auc_gain}"
    if answer == "worse":
        return f"worse by more than {gate.max_auc_loss}"
    if sharper:
        return f"not worse by more than {gate.max_auc_loss}, and the Brier score is better"
    if answer == "not worse":
        return f"not worse by more than {gate.max_auc_loss}, and not better: reason '{gate.reason}'" + (
            ", which asks for better" if gate.reason == "quality" else ", which asks for no more"
        )
    return "the data cannot tell; more held-out days would narrow the interval"


def _judge_too_good(name: str, words: str, value: Any, high: float) -> Rule:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return Rule(name, "reject", f"{words} is missing or not a number")
    if value > high:
        return Rule(name, "hold", f"{words} {value:.4f} is above {high}, too good to be true: look for leakage first")
    return Rule(name, "pass", f"{words} {value:.4f} is not above {high}")


def _judge_range(name: str, words: str, value: Any, low: float, high: float) -> Rule:
    limits = f"at least {low}" if high == 1.0 else f"from {low} to {high}"
    if not isinstance(value, int | float) or not math.isfinite(value):
        return Rule(name, "reject", f"{words} is missing or not a number; it must be {limits}")
    if low <= value <= high:
        return Rule(name, "pass", f"{words} {value:.4f} is {limits}")
    return Rule(name, "reject", f"{words} {value:.4f} is not {limits}")
