"""From act's records to the results of a run.

Nothing here is yours to edit.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mergeline.rehearsal.act import TIMED_OUT, Record, parse
from mergeline.rehearsal.results import NOT_FINISHED, NOT_HERE, NOT_RUN, Job, Run, Step
from mergeline.rehearsal.workflows import JobPlan, Workflow

Key = tuple[str, str]


def read_run(
    number: int,
    workflow: Workflow,
    event: str,
    status: int,
    records: Sequence[Record],
    messages: str,
    absent: list[Job],
) -> Run:
    """Return the results of a run of `workflow`, from act's exit status, its records and its messages.

    `absent` are the matrix jobs that were left out because this machine has no such Python.
    """
    by_job = group(records)
    jobs = [read_job(key, found) for key, found in by_job.items() if any("jobResult" in item for _, item in found)]
    problems = []
    for plan in workflow.jobs:
        left_out = [job for job in absent if job.id == plan.id]
        if any(job.id == plan.id for job in jobs) or len(left_out) == len(plan.matrix.get("python-version", [])) > 0:
            jobs += left_out
            continue
        reason = explain(plan, by_job)
        jobs.append(Job(plan.id, plan.name, reason))
        if reason != "skipped":
            problems.append(f"job '{plan.name}' {reason} (runs on {' '.join(plan.runs_on)})")
    if status == TIMED_OUT:
        problems.append("the run took too long and was ended")
    failed = [job for job in jobs if job.result == "failure"]
    if status > 0 and not failed:
        problems.append(f"act could not run it: {(messages.strip().splitlines() or ['no message'])[-1]}")
    run = Run(number, workflow.name, event, conclude(jobs, problems, status), span(records), tuple(jobs))
    run.problems = problems
    for _, record in records:
        annotate(run, record)
    return run


def conclude(jobs: Sequence[Job], problems: Sequence[str], status: int) -> str:
    """Return how a run ended: act exits 0 also where no job ran, which is no pass."""
    if status == TIMED_OUT:
        return "timed_out"
    if problems or status or any(job.result == "failure" for job in jobs):
        return "failure"
    return "success" if any(job.result == "success" for job in jobs) else "skipped"


def group(records: Sequence[Record]) -> dict[Key, list[Record]]:
    """Return the records of each job, told apart by its id and its matrix values."""
    found: dict[Key, list[Record]] = {}
    for moment, record in records:
        if "jobID" in record:
            key = record["jobID"], json.dumps(record.get("matrix") or {}, sort_keys=True)
            found.setdefault(key, []).append((moment, record))
    return found


def read_job(key: Key, records: Sequence[Record]) -> Job:
    """Return a job's result, seconds and steps."""
    name = next(record["job"] for _, record in records).partition("/")[2].strip()
    if key[1] != "{}":
        name = re.sub(r"-\d+$", "", name)  # act numbers the jobs of a matrix where there are several
    result = next(record["jobResult"] for _, record in records if "jobResult" in record)
    steps = tuple(
        Step(record["step"].splitlines()[0], record["stepResult"], record.get("executionTime", 0) / 1e9)
        for _, record in records
        if "stepResult" in record and record.get("stage") == "Main" and len(record.get("stepID", [])) == 1
    )
    return Job(key[0], name, result, span(records), steps)


def explain(plan: JobPlan, by_job: dict[Key, list[Record]]) -> str:
    """Return why there is no result of a job: no runner, it was cut short, or its `if` or a needed job."""
    said = [str(record.get("msg", "")) for key, found in by_job.items() if key[0] == plan.id for _, record in found]
    if any("unsupported platform" in text for text in said):
        return NOT_RUN
    return NOT_FINISHED if said else "skipped"


def annotate(run: Run, record: dict[str, Any]) -> None:
    """Add what a record says to people to the run."""
    if record.get("command") in ("notice", "warning"):
        run.notices.append(str(record["arg"]))
    elif record.get("command") == "error":
        run.errors.append(str(record["arg"]))
    elif record.get("command") == "summary":
        run.summary += str(record["content"])


def span(records: Sequence[Record]) -> float:
    """Return the seconds from the first record to the last."""
    return records[-1][0] - records[0][0] if records else 0.0


def split_matrix(workflow: Workflow, versions: Sequence[str]) -> tuple[list[str], list[Job]]:
    """Return act's choice of matrix values that this machine has a Python for, and the jobs that are left out."""
    chosen: list[str] = []
    absent: list[Job] = []
    for plan in workflow.jobs:
        for value in map(str, plan.matrix.get("python-version", [])):
            if value in versions:
                chosen.append(f"python-version:{value}")
            else:
                absent.append(Job(plan.id, plan.name.replace("${{ matrix.python-version }}", value), NOT_HERE))
    if absent and not chosen:
        chosen.append("python-version:none")
    return list(dict.fromkeys(chosen)), absent


def to_text(log: Path) -> str:
    """Return a run's log as people read it: job, then what it said."""
    lines = []
    for line in log.read_text(encoding="utf-8").splitlines():
        record = parse(line)
        lines.append(f"[{record.get('job', 'act').strip()}] {str(record.get('msg', '')).rstrip()}")
    return "\n".join(lines) + "\n"
