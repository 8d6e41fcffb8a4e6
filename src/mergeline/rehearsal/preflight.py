"""What would differ between the rehearsal and GitHub, said before anything runs.

Nothing here is yours to edit. act leaves some things out without a word and is green; each of those is an error here.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from mergeline.rehearsal.workflows import JobPlan, Workflow, load_workflows

STANDINS = Path(__file__).with_name("standins")
RUNNERS = re.compile(r"ubuntu-(latest|\d\d\.04)")
UNSIMULATED = {
    "services": "act starts no service containers and is green all the same",
    "container": "there is no docker here",
    "continue-on-error": "act does not honour it on a job; put it on the step",
}


@dataclass(frozen=True)
class Finding:
    """Something that the rehearsal cannot show: where, what, and whether it may go on (`is_error`)."""

    where: str
    text: str
    is_error: bool = True


def inspect(tree: Path) -> list[Finding]:
    """Return the findings on the workflows of the repository in folder `tree`."""
    findings = [
        finding
        for workflow in load_workflows(tree)
        for job in workflow.jobs
        for finding in _inspect_job(f"{workflow.path.name}, job {job.id}", job)
    ]
    return list(dict.fromkeys(findings))


def find_standins(workflow: Workflow) -> dict[str, Path]:
    """Return "owner/name@ref" to the folder of its stand-in, for every foreign action that `workflow` uses."""
    found = {}
    for used in sorted({used for job in workflow.jobs for used in job.uses}):
        name, _, ref = used.partition("@")
        if not name.startswith("./"):
            owner, repository = name.split("/")[:2]
            found[f"{owner}/{repository}@{ref}"] = STANDINS / f"{owner}__{repository}"
    return found


def list_labels(workflow: Workflow) -> set[str]:
    """Return the runner labels of `workflow` that this machine can stand in for."""
    return {label for job in workflow.jobs for label in job.runs_on if RUNNERS.fullmatch(label)}


def _inspect_job(where: str, job: JobPlan) -> list[Finding]:
    findings = [Finding(where, f"`{key}`: {why}") for key, why in UNSIMULATED.items() if job.body.get(key)]
    for label in job.runs_on:
        if not RUNNERS.fullmatch(label) and "${{" not in label:
            findings.append(Finding(where, f"no runner '{label}' here: the job would be skipped without a word"))
    if "environment" in job.body:
        findings.append(Finding(where, "`environment`: approvals, its secrets and variables are not rehearsed", False))
    if "id-token" in job.permissions:
        findings.append(Finding(where, "`id-token`: no identity provider here", False))
    for used in job.uses:
        findings += _inspect_action(where, used)
    return findings


def _inspect_action(where: str, used: str) -> list[Finding]:
    if used.startswith("./"):
        return []
    name, _, ref = used.partition("@")
    findings = []
    if not re.fullmatch(r"[0-9a-f]{40}", ref):
        findings.append(Finding(where, f"{used} is not pinned to a commit"))
    parts = name.split("/")
    folder = STANDINS / "__".join(parts[:2]) / "/".join(parts[2:])
    if not (folder / "action.yml").is_file():
        known = ", ".join(sorted(path.parent.relative_to(STANDINS).as_posix() for path in STANDINS.rglob("action.yml")))
        findings.append(Finding(where, f"no stand-in for {name}; there are: {known.replace('__', '/')}"))
    return findings
