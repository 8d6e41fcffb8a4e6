"""What can be promised of runs and comments, each as one function.

Nothing here is yours to edit.
"""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.results import NOT_HERE, Run
from mergeline.rehearsal.simulation import Pull, Simulation
from mergeline.report.publish_artifact import ARTIFACT
from mergeline.report.publish_text import has_watermark, read_marker

REQUIRED = "All required checks"


def find_run(runs: Sequence[Run], workflow: str) -> Run | None:
    """Return the first run of `workflow` among `runs`."""
    return next((run for run in runs if run.workflow == workflow), None)


def expect_checks(ledger: Ledger, runs: Sequence[Run], conclusion: str, skipped: Sequence[str] = ()) -> None:
    """Expect that ci ran whole, that only the jobs with ids `skipped` were skipped, and that it ended as told."""
    checked = find_run(runs, "ci")
    if not ledger.expect("ci runs", checked is not None, [run.workflow for run in runs]) or checked is None:
        return
    ledger.expect("nothing is left out without a word", not checked.problems, "; ".join(checked.problems))
    idle = sorted({job.id for job in checked.jobs if job.result not in ("success", "failure", NOT_HERE)})
    wanted = "every job runs" if not skipped else f"the jobs {', '.join(skipped)} are skipped, and no other"
    ledger.expect(wanted, idle == sorted(skipped), checked.results())
    ledger.expect(f"'{REQUIRED}' says {conclusion}", checked.results().get(REQUIRED) == conclusion, checked.results())


def expect_verdict(ledger: Ledger, simulation: Simulation, runs: Sequence[Run], allowed: Sequence[str]) -> None:
    """Expect that the report that ci uploaded holds one of the verdicts `allowed`, given against the champion."""
    checked = find_run(runs, "ci")
    judged = read_verdict(simulation.hub.find_artifact(checked.id, ARTIFACT)) if checked else {}
    verdict = judged.get("verdict", "no verdict")
    ledger.expect(f"the verdict is {' or '.join(allowed)}", verdict in allowed, verdict)
    ledger.expect("it was given against the champion", bool(judged.get("champion")), "no champion")


def expect_untouched(ledger: Ledger, simulation: Simulation, runs: Sequence[Run], stages: Sequence[str]) -> None:
    """Expect that ci ran none of `stages` of the pipeline: they were not changed, and came out of the cache."""
    checked = find_run(runs, "ci")
    log = (simulation.scratch / f"logs/{checked.id}-ci.jsonl").read_text(encoding="utf-8") if checked else ""
    again = sorted(set(stages) & set(re.findall(r"Running stage '([\w@-]+)'", log)))
    ledger.expect(f"no stage of {', '.join(stages)} runs again", not again, ", ".join(again))


def expect_summary(ledger: Ledger, runs: Sequence[Run], word: str) -> None:
    """Expect that the page of the ci run itself says `word`: people see it even where nobody may comment."""
    checked = find_run(runs, "ci")
    summary = checked.summary if checked else ""
    ledger.expect(f"the page of the run says {word}", word.lower() in summary.lower(), summary[:300] or "no summary")


def expect_comment(ledger: Ledger, simulation: Simulation, pull: Pull, *words: str) -> None:
    """Expect that `pull` shows one comment of ours, for its newest commit, which says one of `words`."""
    comments = [item for item in simulation.hub.comments_on(pull["number"]) if has_watermark(item["body"])]
    if not ledger.expect("there is one comment", len(comments) == 1, f"{len(comments)} comments"):
        return
    body = comments[0]["body"]
    commit = (read_marker(body) or (0, 0, "none"))[2]
    ledger.expect("it speaks of the newest commit", commit == pull["head"]["sha"], commit)
    if words:
        said = any(word.lower() in body.lower() for word in words)
        ledger.expect(f"it says {' or '.join(words)}", said, body[:300])


def expect_quiet(ledger: Ledger, simulation: Simulation, before: list[dict[str, Any]], text: str) -> None:
    """Expect that no comment was added or changed since `before`, a copy made by `copy_comments`."""
    ledger.expect(text, copy_comments(simulation) == before, "another comment than before")


def expect_posted(ledger: Ledger, runs: Sequence[Run]) -> None:
    """Expect that the report workflow ended well."""
    posted = find_run(runs, "report")
    seen = [*(posted.errors + posted.problems), posted.conclusion] if posted else "it did not run"
    ledger.expect("the report workflow ends well", posted is not None and posted.conclusion == "success", seen)


def expect_all_known(ledger: Ledger, simulation: Simulation) -> None:
    """Expect that every call to GitHub is one that the stand-in knows."""
    unknown = simulation.hub.unknown_calls()
    ledger.expect("every call to GitHub is one that the stand-in knows", not unknown, ", ".join(unknown))


def copy_comments(simulation: Simulation) -> list[dict[str, Any]]:
    """Return a copy of all comments."""
    return [dict(comment) for comment in simulation.hub.comments]


def read_verdict(archive: bytes | None) -> dict[str, Any]:
    """Return the verdict in the artifact, empty if there is none."""
    if archive is None:
        return {}
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return dict(json.loads(opened.read("verdict.json"))) if "verdict.json" in opened.namelist() else {}
