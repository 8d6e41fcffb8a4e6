"""What the rehearsal costs: one pull request that retrains against the same checks by hand, and one of documents only.

The developer's own run before the commit is in neither side; setting the scene of the rehearsal is in ours. Tests are
those of the repository's own rules on both sides, as in `make rehearse`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from measuring import ROOT, compare, fresh_folder
from mergeline.rehearsal.borrowed import borrow
from mergeline.rehearsal.setting import simulating
from mergeline.rehearsal.simulation import Simulation
from mergeline.rehearsal.standins.cache import copy
from mergeline.rehearsal.story import BETTER, WORDS

TARGET, TARGET_WORDS = 1.3, 0.1
TASKS = ("setup", "check", "test", "data", "repro", "verify-lock", "gate", "report")
TESTS = {"TESTS": "tests/repo"}
CACHES = (".dvc/cache", ".mergeline/downloads")


def measure() -> list[dict[str, Any]]:
    """Return wall time side by side, one run each: the jobs of a pull request are long beside what disturbs them."""
    started = time.perf_counter()
    scene = simulating(ROOT, fresh_folder("rehearsal"), environments=[Path(sys.prefix)], extra=TESTS)
    with scene as simulation:
        setting = time.perf_counter() - started
        retrained = time_pull_request(simulation)
        started = time.perf_counter()
        simulation.open_pull(WORDS)
        words = time.perf_counter() - started
        by_hand = time_by_hand(simulation)
    minutes = [run.minutes for run in simulation.runs if run.workflow == "ci"]
    billed = f"billed: {minutes[1]} and {minutes[0]} minutes"
    return [
        compare("a pull request that retrains, rehearsed ÷ by hand", setting + retrained, by_hand, "s", TARGET),
        compare(
            f"a pull request of documents only ÷ one that retrains ({billed})", words, retrained, "s", TARGET_WORDS
        ),
    ]


def time_pull_request(simulation: Simulation) -> float:
    """Return the seconds from opening the pull request to its comment, without the developer's run before it."""
    own = 0.0

    def develop(folder: Path) -> None:
        nonlocal own
        started = time.perf_counter()
        BETTER.edit(folder)
        run_task("repro", folder, simulation.runner.environment)
        own = time.perf_counter() - started

    started = time.perf_counter()
    simulation.open_pull(replace(BETTER, edit=develop, commands=()))
    return time.perf_counter() - started - own


def time_by_hand(simulation: Simulation) -> float:
    """Return the seconds that the tasks of the jobs take one after the other, in a checkout of the merge commit."""
    folder = simulation.repository.lay_out("refs/pull/1/merge", simulation.hub.base)
    borrow(Path(sys.prefix).resolve(), folder / ".venv", folder / "src")
    for path in CACHES:
        copy(ROOT / path, folder / path)
    started = time.perf_counter()
    for task in TASKS:
        run_task(task, folder, simulation.runner.environment)
    return time.perf_counter() - started


def run_task(task: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run `make {task}`; a task that fails stops the benchmark."""
    tools = f"{folder / '.venv/bin'}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["make", task], cwd=folder, env={**environment, "PATH": tools}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"make {task} failed in {folder}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
