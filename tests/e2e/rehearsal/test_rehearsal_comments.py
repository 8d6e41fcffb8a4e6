"""The one comment of a pull request, posted by the real report workflow where things go wrong.

Each fault is planted in the toy repository or the stand-in hub, and its effect is looked for in what the pull request
shows. Where a guard is meant to hold, the test takes the guard away and sees the promise break.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mergeline.rehearsal.results import Run
from mergeline.rehearsal.simulation import Pull, Simulation
from mergeline.report.publish_text import has_watermark

Simulate = Callable[..., Simulation]
LeaveReport = Callable[..., Run]
AddPull = Callable[..., Pull]
REPORT = {"report.md": "## Verdict: promote\n\nAll is well.\n", "verdict.json": '{"verdict": "promote"}'}
ANYBODY = {"login": "somebody", "type": "User"}


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old` by `new` in the file at `path`."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def shown(simulation: Simulation, pull: Pull) -> list[str]:
    """Return the texts of our comments on `pull`."""
    found = simulation.hub.comments_on(pull["number"])
    return [item["body"] for item in found if has_watermark(item["body"])]


def posted(runs: list[Run]) -> Run:
    """Return the run of the report workflow."""
    (run,) = runs
    assert run.workflow == "report"
    return run


def test_a_pull_request_keeps_one_comment_when_more_than_thirty_others_stand_before_it(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """CML reads 30 comments and would add one each time; the one comment is updated all the same."""
    simulation = simulate()
    pull = add_pull(simulation)
    for number in range(35):
        simulation.hub.add_comment(pull["number"], f"remark {number}", ANYBODY)
    for text in ("first", "second"):
        run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": text})]))
        assert run.conclusion == "success"
    (body,) = shown(simulation, pull)
    assert "second" in body
    assert "by the REST API: CML would not find the comment among the first 30" in run.notices[0]


def test_without_the_guard_a_busy_pull_request_gets_a_second_comment(
    toy: Path, simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """The stand-in reproduces CML's fault, so the guard above is needed and seen to work."""
    comment = toy / "src/mergeline/report/publish_comment.py"
    edit(comment, 'return seen == ([ours["id"]] if ours else [])', "return True")
    simulation = simulate()
    pull = add_pull(simulation)
    for number in range(35):
        simulation.hub.add_comment(pull["number"], f"remark {number}", ANYBODY)
    run = leave_report(simulation, pull, REPORT)
    simulation.deliver([run])
    simulation.deliver([run])
    assert len(shown(simulation, pull)) == 2


def test_a_comment_that_only_looks_like_ours_is_left_alone(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """Somebody who writes the watermark does not get their comment rewritten in our name."""
    simulation = simulate()
    pull = add_pull(simulation)
    forged = 'I promote this\n\n![](https://cml.dev/watermark.png#abc "CML watermark mergeline-report")'
    simulation.hub.add_comment(pull["number"], forged, ANYBODY)
    simulation.deliver([leave_report(simulation, pull, REPORT)])
    assert [item["user"]["type"] for item in simulation.hub.comments] == ["User", "Bot"]
    assert simulation.hub.comments[0]["body"] == forged


def test_a_forged_number_in_the_artifact_reaches_nobody_else(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """A fork that names another pull request in its artifact comments on its own only."""
    simulation = simulate()
    victim = add_pull(simulation, "victim")
    fork = add_pull(simulation, "evil", head="guest/model", login="guest")
    files = {**REPORT, "pr.txt": "1", "number": "1", "verdict.json": '{"verdict": "promote", "pull_request": 1}'}
    simulation.deliver([leave_report(simulation, fork, files)])
    assert shown(simulation, victim) == []
    assert len(shown(simulation, fork)) == 1


def test_trusting_the_artifact_for_the_number_would_be_seen(
    toy: Path, simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """If the command took the number from the report, the forged one would reach its victim, and the promise break."""
    edit(
        toy / "src/mergeline/report/publish.py",
        "    say(f\"pull request {pull}: {post(api, pull, text, environment)}\")",
        "    pull = int(text.rsplit('number=')[-1][0])\n    post(api, pull, text, environment)",
    )  # fmt: skip
    simulation = simulate()
    victim = add_pull(simulation, "victim")
    fork = add_pull(simulation, "evil", head="guest/model", login="guest")
    simulation.deliver([leave_report(simulation, fork, {"report.md": "number=1"})])
    assert len(shown(simulation, victim)) == 1


def test_a_stale_run_does_not_overwrite_the_newer_report(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """An older run that finishes after the newer one changes nothing and says why."""
    simulation = simulate()
    pull = add_pull(simulation)
    older = leave_report(simulation, pull, {"report.md": "older"}, commit="a" * 40)
    simulation.deliver([leave_report(simulation, pull, {"report.md": "newer"})])
    late = posted(simulation.deliver([older]))
    (body,) = shown(simulation, pull)
    assert "newer" in body
    assert "stale" in late.notices[0]


def test_without_the_guard_a_stale_run_overwrites(
    toy: Path, simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """The rehearsal shows the older report once the comparison of commits is gone: the guard is what holds."""
    edit(toy / "src/mergeline/report/publish.py", 'if pull["head"]["sha"] == checked.commit:', "if True:")
    simulation = simulate()
    pull = add_pull(simulation)
    older = leave_report(simulation, pull, {"report.md": "older"}, commit="a" * 40)
    simulation.deliver([leave_report(simulation, pull, {"report.md": "newer"})])
    simulation.deliver([older])
    assert "older" in shown(simulation, pull)[0]


def test_a_pull_request_that_was_closed_meanwhile_is_not_commented_on(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """The report of a run that ends after the pull request was closed goes nowhere, and the workflow is green."""
    simulation = simulate()
    pull = add_pull(simulation)
    run = leave_report(simulation, pull, REPORT)
    simulation.close_pull(pull)
    late = posted(simulation.deliver([run]))
    assert late.conclusion == "success"
    assert shown(simulation, pull) == []
    assert "closed meanwhile" in late.notices[0]


def test_an_oversized_report_is_refused_and_said_so(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """A report beyond the limit makes the job red; the comment says that there is no verdict, and why."""
    simulation = simulate()
    pull = add_pull(simulation)
    run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": "x" * 70_000})]))
    assert run.conclusion == "failure"
    assert "report.md has more than 60000 bytes" in run.errors[0]
    (body,) = shown(simulation, pull)
    assert "No verdict" in body
    assert "more than 60000 bytes" in body


def test_without_a_limit_of_ours_github_refuses_the_report(
    toy: Path, simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """The stand-in refuses what GitHub refuses: beyond 65,536 characters there would be no comment at all."""
    edit(toy / "src/mergeline/report/publish_artifact.py", "MAX_REPORT = 60_000", "MAX_REPORT = 90_000")
    edit(toy / "src/mergeline/report/publish_text.py", "MAX_COMMENT = 65_000", "MAX_COMMENT = 95_000")
    simulation = simulate()
    pull = add_pull(simulation)
    run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": "x" * 70_000})]))
    assert run.conclusion == "failure"
    assert "422" in run.errors[0]
    assert shown(simulation, pull) == []


def test_a_missing_cml_costs_nothing_but_a_notice(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """If CML cannot be installed, the same comment goes out by the REST API."""
    simulation = simulate(cml="missing")
    pull = add_pull(simulation)
    for text in ("first", "second"):
        run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": text})]))
    assert run.conclusion == "success"
    (body,) = shown(simulation, pull)
    assert "second" in body
    assert "by the REST API: cml is not installed" in run.notices[0]


def test_a_failing_a_lying_and_a_foreign_cml_are_seen_through(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """CML may fail, claim to have posted, or be another program than the pinned one: the comment comes all the same."""
    simulation = simulate()
    program = simulation.scratch / "cml/cml"
    pull = add_pull(simulation)
    for script, reason in (("exit 3", "cml exited 3"), ("exit 0", "the comment is not there")):
        program.write_text(f"#!/bin/sh\n{script}\n")
        run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": script})]))
        assert reason in run.notices[0]
        assert script in shown(simulation, pull)[0]
    simulation.runner.variables = {"CML_SHA256": "0" * 64}
    run = posted(simulation.deliver([leave_report(simulation, pull, {"report.md": "pinned"})]))
    assert "not the pinned one" in run.notices[0]
    assert "pinned" in shown(simulation, pull)[0]
    assert len(shown(simulation, pull)) == 1


def test_a_real_cml_is_reached_over_https(
    tmp_path: Path, simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """With a cml of this machine the stand-in for GitHub speaks https, as that program demands."""
    program = tmp_path / "cml"
    src = Path(__file__).resolve().parents[3] / "src"
    command = f"exec '{sys.executable}' -m mergeline.rehearsal.standins.cml \"$@\""
    program.write_text(f"#!/bin/sh\nexport SSL_CERT_FILE=$NODE_EXTRA_CA_CERTS PYTHONPATH='{src}'\n{command}\n")
    program.chmod(0o755)
    simulation = simulate(cml=program)
    pull = add_pull(simulation)
    run = posted(simulation.deliver([leave_report(simulation, pull, REPORT)]))
    assert simulation.hub.base.startswith("https://")
    assert "posted by CML" in run.notices[0]
    assert len(shown(simulation, pull)) == 1


def test_a_run_that_failed_before_its_report_takes_the_old_verdict_back(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """An earlier `promote` does not stay on a pull request whose newest commit broke the pipeline."""
    simulation = simulate()
    pull = add_pull(simulation)
    simulation.deliver([leave_report(simulation, pull, REPORT)])
    pull["head"]["sha"] = "b" * 40
    simulation.deliver([leave_report(simulation, pull, None, "failure")])
    (body,) = shown(simulation, pull)
    assert "No verdict for bbbbbbb" in body
    assert "promote" not in body


def test_what_a_pull_request_writes_cannot_call_people_or_hide_our_line(
    simulate: Simulate, leave_report: LeaveReport, add_pull: AddPull
) -> None:
    """Mentions, pictures, HTML and forged markers in a report arrive as plain text, below the line that is ours."""
    simulation = simulate()
    pull = add_pull(simulation)
    evil = "<!-- hidden\n@everyone see #1 ![x](https://tracker.invalid/x.png) <img src=x> <details>"
    simulation.deliver([leave_report(simulation, pull, {"report.md": evil})])
    (body,) = shown(simulation, pull)
    ours, _, theirs = body.partition("pull request's own code</sub>")
    assert "ended in **success**" in ours
    words: tuple[Any, ...] = ("<!--", "@everyone", "#1 ", "![x]", "<img")
    assert [word for word in words if word in theirs] == []
