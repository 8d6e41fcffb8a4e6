"""The result of a rehearsal as a table: runs, jobs, seconds, and the minutes that GitHub would bill.

Nothing here is yours to edit.
"""

from collections.abc import Sequence
from typing import Any

from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.results import NOT_HERE, Run, count_minutes


def build_table(runs: Sequence[Run]) -> str:
    """Return one line per run and one per job below it."""
    lines = [f"{'run':<40} {'result':<20} {'seconds':>8} {'minutes':>8}"]
    for run in runs:
        title = f"{run.id} {run.workflow} ({run.event})"
        lines.append(f"{title:<40} {run.conclusion:<20} {run.seconds:8.1f} {run.minutes:8d}")
        lines += [
            f"    {job.name:<36} {job.result:<20} {job.seconds:8.1f} {job.minutes:8d}"
            for job in run.jobs
            if job.result != NOT_HERE
        ]
    total = sum(run.seconds for run in runs)
    lines.append(f"{len(runs):<4} runs {'':<51} {total:8.1f} {count_minutes(runs):8d}")
    return "\n".join(lines)


def build_conclusion(runs: Sequence[Run], ledger: Ledger) -> str:
    """Return the last lines: what was kept, what was broken, and what was not tried."""
    broken = ledger.broken()
    lines = [f"{len(ledger.promises) - len(broken)} of {len(ledger.promises)} promises kept"]
    lines += [f"  BROKEN  {promise.scene}: {promise.text} (seen: {promise.seen})" for promise in broken]
    absent = sorted({job.name for run in runs for job in run.jobs if job.result == NOT_HERE})
    if absent:
        lines.append(f"not tried, {NOT_HERE}: {', '.join(absent)}")
    lines.append(
        "minutes: each job is rounded up, as GitHub bills it; the install (about a minute a job) is not in them"
    )
    return "\n".join(lines)


def build_record(runs: Sequence[Run], ledger: Ledger) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "promises": [vars(promise) for promise in ledger.promises],
        "runs": [
            {
                "id": run.id,
                "workflow": run.workflow,
                "event": run.event,
                "conclusion": run.conclusion,
                "seconds": round(run.seconds, 3),
                "minutes": run.minutes,
                "problems": run.problems,
                "errors": run.errors,
                "notices": run.notices,
                "jobs": [
                    {
                        "id": job.id,
                        "name": job.name,
                        "result": job.result,
                        "seconds": round(job.seconds, 3),
                        "minutes": job.minutes,
                        "steps": [[step.name, step.result, round(step.seconds, 3)] for step in job.steps],
                    }
                    for job in run.jobs
                ],
            }
            for run in runs
        ],
    }
