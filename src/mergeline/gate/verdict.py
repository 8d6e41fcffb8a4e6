"""From rules to a verdict: `promote`, `hold` or `reject`, and the page that explains it.

Nothing here is yours to edit: floors, budgets and margins are in `params.yaml`, group `gate`. Pure functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mergeline.gate.rules import Rule

MARKS = {"pass": "✓", "hold": "…", "reject": "✗"}
MEANS = {
    "promote": "Every rule is kept. The model may take the place of the champion once this is merged.",
    "hold": "No rule is broken, and it is not settled that the model should be used. A person decides, or newer data.",
    "reject": "At least one rule is broken. The model must not be used; the champion stays.",
}
HOW_TO_READ = "How to read this, rule by rule: docs/gate.md."


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
    reasons = [rule.says for rule in rules if rule.outcome == worst] or ["no rule was judged"]
    if verdict == "promote":
        kept = "the one rule is kept" if len(rules) == 1 else f"each of {len(rules)} rules is kept"
        reasons = [kept, *(rule.says for rule in rules if rule.name == "champion")]
    if champion is None:
        reasons = ["no champion yet: judged by the floors alone", *reasons]
    return {"verdict": verdict, "reasons": reasons, "champion": champion, "rules": [asdict(rule) for rule in rules]}


def render_verdict(verdict: Mapping[str, Any], measured: str | None = None) -> str:
    """Return the verdict as Markdown.

    Parameters
    ----------
    verdict : mapping
        Content of verdict.json.
    measured : str or None
        What was measured on this machine and is no part of verdict.json.
    """
    said, champion, rules = verdict["verdict"], verdict["champion"], verdict["rules"]
    opponent = f"Judged against the champion of commit {champion[:12]}." if champion else "There is no champion yet."
    lines = [f"# Verdict: {said}", "", f"{MEANS[said]} {opponent} {HOW_TO_READ}"]
    decisive = [rule for rule in rules if rule["outcome"] in ("hold", "reject")]
    for rule in decisive:
        lines += ["", f"- {MARKS[rule['outcome']]} **{rule['name']}**: {rule['says']}"]
        lines += [f"  What would change it: {rule['change']}."] if rule.get("change") else []
    if not decisive:
        lines += ["", *(f"- {reason}" for reason in verdict["reasons"])]
    lines += ["", "| rule | | what it saw |", "| --- | --- | --- |"]
    lines += [f"| {rule['name']} | {MARKS[rule['outcome']]} | {_in_cell(rule['says'])} |" for rule in rules]
    for section in (_render_behaviour(verdict.get("checks") or []), _render_worst(verdict.get("worst_slice"))):
        lines += ["", *section] if section else []
    lines += ["", f"Measured: {measured}."] if measured else []
    return "\n".join(lines) + "\n"


def describe_worst(worst: Mapping[str, Any] | None) -> str | None:
    """Return the worst slice of the exploration in words; None if there was none."""
    part = (worst or {}).get("slice")
    if not worst or not part:
        return None
    names = " × ".join(part["columns"])
    values = " × ".join("(no value)" if value is None else str(value) for value in part["values"])
    side = "lower" if part["high"] < 0 else "not clearly lower" if part["difference"] < 0 else "not lower"
    return (
        f"of {worst['n_compared']} slices of one and of two columns the worst is {names} = {values}: ROC AUC "
        f"{part['difference']:+.4f} [{part['low']:+.4f}, {part['high']:+.4f}] on {part['n_rows']:,} rows, {side} than "
        f"the champion's. If no slice differed at all, one as bad as this would turn up with a chance of "
        f"{part['p_value']:.0%}; {worst['n_too_small']} slices are too small to compare"
    )


def _render_worst(worst: Mapping[str, Any] | None) -> list[str]:
    words = describe_worst(worst)
    if not words:
        return []
    return ["## Exploratory: the worst slice found", "", f"A hint where to look, and no rule: {words}."]


def _render_behaviour(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    if not checks:
        return []
    header = ["| check | rows | candidate obeys | champion obeys |", "| --- | --: | --: | --: |"]
    lines = ["## Behaviour checks", "", *header]
    for check in checks:
        shares = " | ".join(_show(check.get(name)) for name in ("candidate", "champion"))
        lines.append(f"| {_in_cell(check['check'])} | {check['n_rows']:,} | {shares} |")
    return lines


def _show(found: Mapping[str, Any] | None) -> str:
    if not found:
        return "–"
    if found["share"] is None:
        return f"not judged: {found['reason']}"
    return f"{found['share']:.1%} {'✓' if found['kept'] else '✗'}"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")
