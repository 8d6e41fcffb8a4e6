"""From act's lines to results: nothing that did not run is taken for a pass."""

from pathlib import Path
from typing import Any

from mergeline.rehearsal.act import TIMED_OUT, parse
from mergeline.rehearsal.reading import read_run, split_matrix
from mergeline.rehearsal.results import NOT_HERE, Job, Run, count_minutes
from mergeline.rehearsal.workflows import JobPlan, Workflow


def plan(id: str, matrix: dict[str, list[Any]] | None = None) -> JobPlan:
    """Return a job of a workflow file."""
    name = id.title() + (" ${{ matrix.python-version }}" if matrix else "")
    return JobPlan(id, name, {}, ("ubuntu-24.04",), (), matrix or {}, {})


def say(job: str, moment: float, **fields: Any) -> tuple[float, dict[str, Any]]:
    """Return a record of act."""
    return moment, {"job": f"wf/{job.title()} ", "jobID": job, "matrix": {}, "msg": "", **fields}


def read(records: list, status: int, *plans: JobPlan, absent: list[Job] | None = None, messages: str = "") -> Run:
    """Return the results of a run with `plans`."""
    workflow = Workflow(Path("wf.yml"), "wf", {}, plans)
    return read_run(1001, workflow, "push", status, records, messages, absent or [])


def test_jobs_steps_seconds_and_minutes_are_read() -> None:
    """A job's time is from its first line to its last; minutes are rounded up per job."""
    step = {"step": "Test", "stepID": ["0"], "stage": "Main", "stepResult": "success", "executionTime": 2_500_000_000}
    records = [say("a", 1.0), say("a", 3.5, **step), say("a", 62.0, jobResult="success"), say("b", 62.0)]
    run = read([*records, say("b", 63.0, jobResult="success")], 0, plan("a"), plan("b"))
    assert run.conclusion == "success"
    assert run.job("a").seconds == 61.0
    assert [(step.name, step.seconds) for step in run.job("a").steps] == [("Test", 2.5)]
    assert [job.minutes for job in run.jobs] == [2, 1]
    assert count_minutes([run, run]) == 6


def test_a_job_without_a_runner_is_a_problem_although_act_exits_0() -> None:
    """act skips such a job without a word; the run is a failure here."""
    skipped = say("a", 0.1, msg="🚧  Skipping unsupported platform -- Try running with `-P gpu=...`")
    run = read([skipped], 0, plan("a"))
    assert run.conclusion == "failure"
    assert run.problems == ["job 'A' did not run: there is no runner for it here (runs on ubuntu-24.04)"]


def test_a_run_of_which_no_job_ran_is_skipped_and_not_a_success() -> None:
    """Exit status 0 with nothing done is no pass."""
    assert read([], 0, plan("a")).conclusion == "skipped"


def test_a_job_that_was_cut_short_is_a_problem() -> None:
    """A job that began and has no result did not finish."""
    run = read([say("a", 0.0)], TIMED_OUT, plan("a"))
    assert run.conclusion == "timed_out"
    assert "did not finish" in run.jobs[0].result


def test_what_act_refuses_to_run_is_a_problem_with_its_message() -> None:
    """A workflow file that act cannot read does not look like a skipped one."""
    run = read([], 1, plan("a"), messages="first\nError: workflow is not valid")
    assert run.conclusion == "failure"
    assert "Error: workflow is not valid" in run.problems[0]


def test_jobs_of_a_matrix_have_the_names_that_github_shows() -> None:
    """act numbers them; the number is no part of the name."""
    record = {"job": "wf/Test 3.11-1", "jobID": "test", "matrix": {"python-version": "3.11"}, "jobResult": "success"}
    run = read([(0.0, record)], 0, plan("test", {"python-version": ["3.11"]}))
    assert [job.name for job in run.jobs] == ["Test 3.11"]


def test_a_python_that_is_not_here_is_said_and_never_passed() -> None:
    """The matrix is cut to what this machine has; the rest is listed by name."""
    workflow = Workflow(Path("wf.yml"), "wf", {}, (plan("test", {"python-version": ["3.11", "3.12"]}),))
    chosen, absent = split_matrix(workflow, ["3.11"])
    assert chosen == ["python-version:3.11"]
    assert [(job.name, job.result, job.minutes) for job in absent] == [("Test 3.12", NOT_HERE, 0)]
    chosen, absent = split_matrix(workflow, ["3.14"])
    assert chosen == ["python-version:none"]
    assert len(absent) == 2


def test_a_matrix_job_that_its_condition_skips_is_skipped_and_not_missing() -> None:
    """If no part of the matrix ran, the reason is the condition and not the machine."""
    job = plan("test", {"python-version": ["3.11", "3.12"]})
    workflow = Workflow(Path("wf.yml"), "wf", {}, (job,))
    _, absent = split_matrix(workflow, ["3.11"])
    run = read([], 0, job, absent=absent)
    assert [job.result for job in run.jobs] == ["skipped"]


def test_annotations_and_the_summary_are_kept() -> None:
    """Errors, notices and the step summary come with the run."""
    records = [
        say("a", 0.0, command="error", arg="bad"),
        say("a", 0.1, command="notice", arg="well"),
        say("a", 0.2, command="summary", content="# Title\n"),
        say("a", 0.3, jobResult="failure"),
    ]
    run = read(records, 1, plan("a"))
    assert (run.errors, run.notices, run.summary) == (["bad"], ["well"], "# Title\n")


def test_a_line_that_is_no_record_is_a_message() -> None:
    """Text between the JSON lines does not stop the reading."""
    assert parse("panic: oh no") == {"msg": "panic: oh no"}
    assert parse("[1]") == {"msg": "[1]"}
