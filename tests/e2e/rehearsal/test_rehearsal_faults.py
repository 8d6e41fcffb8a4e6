"""Faults in the workflow files: each is planted, and the rehearsal is seen to go red for the stated reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mergeline.rehearsal.changes import Change, append, replace
from mergeline.rehearsal.checks import REQUIRED, expect_checks, expect_posted, expect_verdict
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.results import Run
from mergeline.rehearsal.simulation import Pull, Simulation

CI, REPORT = ".github/workflows/ci.yml", ".github/workflows/report.yml"
Simulate = Callable[..., Simulation]


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old` by `new` in the file at `path`."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def broken_promises(check: Callable[..., None], *arguments: Any, **options: Any) -> dict[str, str]:
    """Return what is broken, and what was seen instead."""
    ledger = Ledger(say=lambda _: None)
    check(ledger, *arguments, **options)
    return {promise.text: promise.seen for promise in ledger.broken()}


def test_a_reporting_job_without_actions_read_goes_red(
    toy: Path, simulate: Simulate, leave_report: Callable[..., Run], add_pull: Callable[..., Pull]
) -> None:
    """Without `actions: read` the artifact cannot be listed: 403, and the message says which permission to give."""
    edit(toy / REPORT, "      actions: read # the artifact of the run that was checked\n", "")
    simulation = simulate()
    runs = simulation.deliver([leave_report(simulation, add_pull(simulation), {"report.md": "text"})])
    seen = broken_promises(expect_posted, runs)["the report workflow ends well"]
    assert "403 Resource not accessible by integration (needs actions: read)" in seen
    assert "give the job the permission" in seen


def test_a_reporting_job_without_pull_requests_write_goes_red(
    toy: Path, simulate: Simulate, leave_report: Callable[..., Run], add_pull: Callable[..., Pull]
) -> None:
    """With `pull-requests: read` neither CML nor the REST API may comment."""
    edit(toy / REPORT, "pull-requests: write # the comment", "pull-requests: read")
    simulation = simulate()
    pull = add_pull(simulation)
    runs = simulation.deliver([leave_report(simulation, pull, {"report.md": "text"})])
    seen = broken_promises(expect_posted, runs)["the report workflow ends well"]
    assert "403 Resource not accessible by integration (needs issues|pull-requests: write)" in seen
    assert simulation.hub.comments == []


def test_a_check_without_contents_read_and_a_job_without_a_runner_go_red(toy: Path, simulate: Simulate) -> None:
    """One job may not read the repository, another asks for a runner that nobody maps: neither passes unnoticed.

    act alone would end the first green, since all jobs share a token, and skip the second with exit status 0.
    """
    text = (toy / CI).read_text()
    head, check, tail = text.partition("    name: Lint, types, workflows\n")
    (toy / CI).write_text(head + check + tail.replace("      contents: read # checkout\n", "      statuses: read\n", 1))
    edit(toy / CI, "    name: Model\n", "    name: Model\n    # planted\n")
    head, model, tail = (toy / CI).read_text().partition("    # planted\n")
    planted = "    runs-on: ${{ fromJSON('\"gpu\"') }}\n"
    (toy / CI).write_text(head + model + tail.replace("    runs-on: ubuntu-24.04\n", planted, 1))
    runs = simulate().push()
    assert runs[0].results()["Lint, types, workflows"] == "failure"
    assert any("403 Resource not accessible by integration (needs contents: read)" in text for text in runs[0].errors)
    broken = broken_promises(expect_checks, runs, "success")
    assert "job 'Model' did not run" in broken["nothing is left out without a word"]
    assert "'All required checks' says success" in broken


def test_a_job_that_is_skipped_silently_makes_the_required_check_red(toy: Path, simulate: Simulate) -> None:
    """A pull request that switches the model job off does not get a green required check."""
    edit(
        toy / CI,
        "    name: Model\n    needs: scope\n    if: needs.scope.outputs.code == 'true'\n",
        "    name: Model\n    if: false\n",
    )
    _, runs = simulate().open_pull(Change("topic", "Skip the model", append("note.txt", "x\n")), deliver=False)
    assert runs[0].results()["All required checks"] == "failure"
    broken = broken_promises(expect_checks, runs, "success")
    assert "'Model': 'skipped'" in broken["every job runs"]


def test_a_closing_job_that_accepts_anything_is_seen(toy: Path, simulate: Simulate) -> None:
    """If the closing job passed whatever happened, the skipped job would still break a promise of the rehearsal."""
    edit(
        toy / CI,
        "    name: Model\n    needs: scope\n    if: needs.scope.outputs.code == 'true'\n",
        "    name: Model\n    if: false\n",
    )
    edit(toy / CI, '[ "$RESULTS" = "$EXPECTED" ]', "true")
    _, runs = simulate().open_pull(Change("topic", "Skip the model", append("note.txt", "x\n")), deliver=False)
    assert runs[0].conclusion == "success"
    assert "'Model': 'skipped'" in broken_promises(expect_checks, runs, "success")["every job runs"]


def test_a_commit_without_its_results_goes_red(toy: Path, simulate: Simulate) -> None:
    """A parameter that was changed without running the pipeline fails, says what to run, and is judged all the same."""
    edit(toy / CI, '["3.11", "3.12", "3.13"]', '["3.0"]')
    forgetful = Change("topic", "Forget to run", replace("params.yaml", "max_iter: 100", "max_iter: 200"))
    _, runs = simulate().open_pull(forgetful)
    steps = {step.name: step.result for step in runs[0].job("model").steps}
    assert steps["Is dvc.lock what the code produces?"] == "failure"
    assert steps["Judge"] == steps["Report"] == "success"
    assert "'Model': 'failure'" in broken_promises(expect_checks, runs, "success")[f"'{REQUIRED}' says success"]


def test_a_shallow_checkout_that_loses_the_champion_is_seen(toy: Path, simulate: Simulate) -> None:
    """Without the whole history the gate finds no champion and judges by the floors alone: a promise breaks."""
    text = (toy / CI).read_text()
    (toy / CI).write_text(text.replace("          fetch-depth: 0 # the champion's record", "          # the record"))
    simulation = simulate()
    assert simulation.promote("make promote")
    _, runs = simulation.open_pull(Change("topic", "Note", append("note.txt", "x\n")), deliver=False)
    broken = broken_promises(expect_verdict, simulation, runs, ("promote",))
    assert broken == {"it was given against the champion": "no champion"}
