"""What came out of a workflow run: jobs, steps, seconds, and the minutes GitHub would bill.

Nothing here is yours to edit.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

NOT_HERE = "not available here"
NOT_RUN = "did not run: there is no runner for it here"
NOT_FINISHED = "did not finish"


@dataclass(frozen=True)
class Step:
    """One step: its name, "success", "failure" or "skipped", and its wall time in seconds."""

    name: str
    result: str
    seconds: float


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    id, name : str
        Key in the workflow file, and the name shown, with the matrix values.
    result : str
        "success", "failure", "skipped" (its `if` or a job it needs), "not available here" (no such Python on this
        machine), or a sentence that begins with "did not".
    seconds : float
        Wall time.
    """

    id: str
    name: str
    result: str
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()

    @property
    def minutes(self) -> int:
        """Minutes billed: each job that ran is rounded up to a whole minute."""
        return max(1, math.ceil(self.seconds / 60)) if self.result in ("success", "failure") else 0


@dataclass
class Run:
    """One workflow run.

    Attributes
    ----------
    id, workflow, event : int, str, str
        Run id, name of the workflow, name of the event.
    conclusion : str
        "success", "failure", "skipped" or "timed_out".
    seconds : float
        Wall time from the start of the first job to the end of the last.
    notices, errors : list of str
        Annotations.
    summary : str
        What the jobs wrote to the step summary.
    problems : list of str
        What GitHub would not have done or act did without a word; a run with problems is not a pass.
    source : dict
        The run as the API and a workflow_run event show it.
    """

    id: int
    workflow: str
    event: str
    conclusion: str
    seconds: float
    jobs: tuple[Job, ...]
    notices: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    summary: str = ""
    problems: list[str] = field(default_factory=list)
    source: dict[str, object] = field(default_factory=dict)

    def job(self, id: str) -> Job:
        """Return the first job with key `id`."""
        return next(job for job in self.jobs if job.id == id)

    def results(self) -> dict[str, str]:
        """Return the result per job name."""
        return {job.name: job.result for job in self.jobs}

    @property
    def minutes(self) -> int:
        """Minutes billed for the run."""
        return sum(job.minutes for job in self.jobs)


def count_minutes(runs: Iterable[Run]) -> int:
    """Return the minutes billed for `runs`."""
    return sum(run.minutes for run in runs)
