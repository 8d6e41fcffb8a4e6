"""Says in plain words what the gate decided, or that nothing was judged and what stopped it.

Nothing here is yours to edit: rules and limits are in `params.yaml`, group `gate`. A verdict counts only if it is of
the model that the tree holds; one that an earlier run left behind is not shown.
"""

from collections.abc import Mapping
from typing import Any

from mergeline.report.inputs import Inputs
from mergeline.report.markdown import code, prose, table

MARKS = {"pass": "✓", "hold": "…", "reject": "✗"}
ORDER = {"reject": 0, "hold": 1, "pass": 2}
HEADINGS = {"promote": "✅ Promote", "hold": "⏸️ Hold", "reject": "⛔ Reject"}
MEANINGS = {
    "promote": "The new model kept every rule. Once this is merged, it can take the place of the model in use.",
    "hold": "No rule is broken, but it is not settled that the new model should replace the one in use, which stays.",
    "reject": "The new model breaks at least one rule and must not be used. The model in use stays.",
}
FIRST_MEANINGS = {
    "promote": "The new model kept every rule. Once this is merged, it can be used.",
    "hold": "No rule is broken, but it is not settled that the new model should be used.",
    "reject": "The new model breaks at least one rule and must not be used.",
}
FIRST = " There is no model in use yet: it was held to the fixed limits alone."
WORDS = {
    ("min_roc_auc", "pass"): "it tells the cases apart well enough",
    ("min_roc_auc", "reject"): "it does not tell the cases apart well enough",
    ("min_brier_skill", "pass"): "its probabilities say more than the usual rate does",
    ("min_brier_skill", "reject"): "its probabilities say too little beyond the usual rate",
    ("calibration_ratio", "pass"): "its probabilities are at the right level",
    ("calibration_ratio", "reject"): "its probabilities are too high or too low overall",
    ("max_roc_auc", "hold"): "it is suspiciously good, and a person should look for leaked answers first",
    ("max_auc_jump", "hold"): "it gains suspiciously much, and a person should look for leaked answers first",
    ("champion", "pass"): "it does at least as well as asked against the model in use",
    ("champion", "hold"): "it is not shown to be better than the model in use",
    ("champion", "reject"): "it is worse than the model in use",
    ("champion_unscorable", "hold"): "the model in use could not be run on the same rows",
    ("champion_unscorable", "reject"): "the model in use could not be run on the same rows",
    ("max_brier_rise", "reject"): "its probabilities are worse than those of the model in use",
    ("max_slice_loss", "reject"): "it is worse than the model in use for a part of the cases",
    ("predictions", "reject"): "its predictions are not whole, so nothing could be judged",
    ("scores", "reject"): "the predictions on file are not those of its model",
    ("metrics_file", "reject"): "the figures on file are not those of its predictions",
    ("held_out_unseen", "reject"): "it was tested on cases that it was trained on",
    ("checks", "reject"): "it does not behave as a model must",
    ("checks", "hold"): "there were too few cases to ask how it behaves",
    ("max_row_ms", "reject"): "it answers too slowly",
    ("max_batch_ms", "reject"): "it answers too slowly",
    ("max_model_mb", "reject"): "its file is too large",
    ("champion_age", "hold"): "the model in use is old, and a person should decide",
    ("champion_saw_rows", "hold"): "the model in use was trained on these very cases, so no comparison is fair",
    ("champion_saw_rows", "reject"): "the model in use was trained on these very cases, so no comparison is fair",
    ("champion_history", "hold"): "this very model was in use before and was replaced",
}
SAID_OF_A_PASS = ("champion", "min_roc_auc", "min_brier_skill", "calibration_ratio")
MAX_RULES, MAX_FINDINGS, MAX_STAGES = 20, 10, 20


def find_obstacle(inputs: Inputs) -> str | None:
    """Return why there is no verdict on what the tree holds, as Markdown; None if there is one."""
    validation = inputs.validation or {}
    if validation.get("passed") is False:
        return "The data break their contract, so no model was trained on them."
    if not inputs.stages:
        return "There is no pipeline that could be followed: `dvc.yaml` or `dvc.lock` is missing or cannot be read."
    stopped = next((stage for stage in inputs.stages if stage["stale"]), None)
    if stopped:
        return f"The pipeline did not get past stage {code(stopped['name'])}: its outputs are not what the tree makes."
    if inputs.verdict is None:
        return "The pipeline ran through, but the gate left no verdict: it was not run, or it failed."
    if inputs.verdict.get("verdict") not in HEADINGS:
        return "The file of the verdict names none of promote, hold and reject."
    judged = inputs.verdict.get("model_digest")
    if inputs.model_digest and judged != inputs.model_digest:
        return "The verdict in the tree is of another model than the one that it holds."
    return None


def build_verdict(inputs: Inputs) -> str:
    """Return the first section: three lines that need no statistics, then every rule with its numbers."""
    obstacle = find_obstacle(inputs)
    if obstacle or inputs.verdict is None:
        return _build_absence(inputs, obstacle or "")
    verdict = inputs.verdict
    said, rules = verdict["verdict"], sorted(verdict.get("rules") or [], key=lambda rule: ORDER.get(rule["outcome"], 0))
    meaning = MEANINGS[said] if verdict.get("champion") else FIRST_MEANINGS[said] + FIRST
    lines = [f"## {HEADINGS[said]}", "", meaning, "", f"**Why:** {explain(said, rules)}.", ""]
    rows = [[code(rule["name"]), MARKS.get(rule["outcome"], "?"), _say(rule)] for rule in rules[:MAX_RULES]]
    return "\n".join([*lines, table(["rule", "", "what it saw"], rows), *_count_rest(len(rules), MAX_RULES)])


def explain(verdict: str, rules: list[Mapping[str, Any]]) -> str:
    """Return the rules that decided, in words for a reader without statistics."""
    wanted = "pass" if verdict == "promote" else verdict
    decisive = [rule for rule in rules if rule["outcome"] == wanted]
    if verdict == "promote":
        decisive = [rule for rule in decisive if rule["name"] in SAID_OF_A_PASS]
    known = [WORDS.get((str(rule["name"]), wanted)) or f"of rule {code(rule['name'])}" for rule in decisive]
    words = list(dict.fromkeys(known[:MAX_RULES]))
    return "; ".join(words) if words else "no single rule decided, see the table"


def _say(rule: Mapping[str, Any]) -> str:
    change = rule.get("change")
    return prose(rule["says"]) + (f". **What would change it:** {prose(change)}" if change else "")


def _build_absence(inputs: Inputs, obstacle: str) -> str:
    lines = ["## ⚠️ No verdict", "", "Nothing was judged: this change says nothing yet about a model.", ""]
    lines += [f"**Why:** {obstacle}"]
    findings = list((inputs.validation or {}).get("findings") or [])
    if (inputs.validation or {}).get("passed") is False:
        rows = [
            [
                code(item["file"]),
                code(item.get("line") or ""),
                prose(" ".join(filter(None, (item.get("column"), item["rule"])))),
                code(item.get("value") or ""),
                prose(item.get("fix") or ""),
            ]
            for item in findings[:MAX_FINDINGS]
        ]
        header = ["file", "line", "what must be", "what is there", "how to mend it"]
        return "\n".join([*lines, "", table(header, rows), *_count_rest(len(findings), MAX_FINDINGS)])
    stale = [stage for stage in inputs.stages if stage["stale"]][:MAX_STAGES]
    if not stale:
        return "\n".join([*lines, "", "Run `make gate`: it judges what the tree holds, or says why it cannot."])
    rows = [[code(stage["name"]), list_names(stage["stale"])] for stage in stale]
    shown = table(["stage", "differs from what dvc.lock records"], rows)
    return "\n".join([*lines, "", shown, "", "Run `make` and read the first error; the log of the run shows the same."])


def list_names(names: list[str], limit: int = 6) -> str:
    """Return names as code spans, at most `limit` of them."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(code, names[:limit])) + more


def _count_rest(n_rows: int, limit: int) -> list[str]:
    return ["", f"… and {n_rows - limit} more."] if n_rows > limit else []
