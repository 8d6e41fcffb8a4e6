"""Interrupted runs: killed or stopped by Ctrl-C at any moment, the next run ends in the same result."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from e2e.project import Project

LIMIT = 120.0


def start(project: Project, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `python -m …` in a process group of its own, as a terminal does; its output goes to `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=project.folder,
            env=project.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def interrupt(process: subprocess.Popen[bytes], log: Path, words: str, delay: float, number: signal.Signals) -> int:
    """Send a signal to the whole group `delay` seconds after it has printed `words`; return its exit status."""
    ends = time.monotonic() + LIMIT
    while words not in log.read_text() and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.02)
    assert words in log.read_text()
    time.sleep(delay)
    os.killpg(process.pid, number)
    return process.wait(LIMIT)


def test_a_run_that_is_killed_in_every_stage_ends_as_one_that_was_not(project: Project, tmp_path: Path) -> None:
    """`kill -9` of everything, in three stages at moments drawn with a fixed seed; what follows needs no repair."""
    locked = project.read_lock()
    wanted = {name: locked[name] for name in ("validate", "featurise", "train", "evaluate")}
    moments = random.Random(13)
    for name in ("artifacts", ".dvc/cache/runs", ".dvc/tmp", ".mergeline"):
        shutil.rmtree(project.folder / name, ignore_errors=True)
    (project.folder / "dvc.lock").unlink()
    project.git("checkout", "-q", "artifacts")
    # Words that a stage prints at its beginning or halfway, and the seconds of work that surely follow them.
    for words, longest in (("stage 'validate'", 0.8), ("fold 1 of 2  prior", 0.5), ("held-out batches scored", 1.5)):
        log = tmp_path / "log"
        process = start(project, log, "dvc", "repro", "evaluate")
        status = interrupt(process, log, words, moments.uniform(0.0, longest), signal.SIGKILL)
        assert status == -signal.SIGKILL, f"it was over before it was killed: {words}"
    project.dvc("repro", "evaluate")
    assert project.read_lock() == wanted


def test_ctrl_c_stops_without_a_traceback_and_the_next_run_succeeds(project: Project, tmp_path: Path) -> None:
    """Ctrl-C while a stage runs exits 130 in a sentence; the next run brings everything up to date."""
    wanted = project.read_lock()
    project.set_params({"train.gap_hours": 12})
    log = tmp_path / "log"
    process = start(project, log, "mergeline.pipeline")
    # Past the imports: Python itself answers a Ctrl-C among them, with a traceback.
    status = interrupt(process, log, "choosing among", 0.0, signal.SIGINT)
    said = log.read_text()
    assert status == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
    project.git("checkout", "-q", "params.yaml")
    project.call("pipeline")
    assert project.read_lock() == wanted
    assert project.git("status", "--porcelain") == ""
