"""The sections on what was reproduced and from what, and on how to get the same text on another machine.

Nothing here is yours to edit: stages are declared in `dvc.yaml`.
"""

from mergeline.report.inputs import Inputs, get_data_hash
from mergeline.report.judgement import find_obstacle, list_names
from mergeline.report.markdown import code, prose, table

MAX_STAGES, MAX_FAULTS = 30, 10


def build_origin(inputs: Inputs) -> str:
    """Return what the report was made from: commits, hashes, and the state of each stage."""
    rows = [
        ["commit", _describe_head(inputs)],
        ["base", _describe_base(inputs)],
        ["data", code(get_data_hash(inputs.data) or "")],
        ["`dvc.lock`, SHA-256", code(inputs.lock_digest or "")],
        ["model, SHA-256", code(inputs.model_digest or "")],
    ]
    if not find_obstacle(inputs):
        rows.append(["champion's commit", code((inputs.verdict or {}).get("champion") or "")])
    selection = (inputs.training or {}).get("selection") or {}
    if selection and not any(stage["stale"] for stage in inputs.stages):
        rows.append(["chosen candidate", f"{code(selection['winner'])}: {prose(selection['reason'])}"])
    parts = ["### What was reproduced, and from what", "", table(["", ""], rows)]
    if inputs.stages:
        stages = [
            [
                code(stage["name"]),
                f"✗ {list_names(stage['stale'])}" if stage["stale"] else "✓ as `dvc.lock` records",
                _describe_changes(stage["changed"]),
            ]
            for stage in inputs.stages[:MAX_STAGES]
        ]
        parts += ["", table(["stage", "outputs are what the tree makes", "inputs that differ from the base"], stages)]
    if inputs.faults:
        parts += ["", *(f"- could not be read: {prose(fault)}" for fault in inputs.faults[:MAX_FAULTS])]
    return "\n".join(parts)


def build_locally() -> str:
    """Return how to get the same text on another machine."""
    return (
        "### The same text on your machine\n\n"
        "In a clone with this commit checked out; no network is needed once the environment and the data are there:\n\n"
        "```sh\nmake          # reproduce and judge\nmake report   # writes reports/report.md\n```"
    )


def _describe_head(inputs: Inputs) -> str:
    head = inputs.head
    if not head["commit"]:
        return "none: not a git repository"
    parents = head["parents"]
    merged = f", which merges {code(parents[1][:12])} into {code(parents[0][:12])}" if len(parents) == 2 else ""
    return code(head["commit"]) + merged + (", with uncommitted edits" if head["dirty"] else "")


def _describe_base(inputs: Inputs) -> str:
    base = inputs.base
    if base["commit"]:
        return f"{code(base['commit'])}: {prose(base['says'])}"
    return f"**no baseline:** {prose(base['says'])}; {code(base['fix'])}"


def _describe_changes(changed: list[str] | None) -> str:
    if changed is None:
        return "unknown: no `dvc.lock` at the base"
    return list_names(changed) if changed else "none"
