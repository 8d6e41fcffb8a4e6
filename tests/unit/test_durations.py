"""Durations of stages: noted under DVC, told only of the bytes that are on disk."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mergeline.durations import TIMINGS, note_duration, read_durations


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository in which DVC runs the stage `train`."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("DVC_STAGE", "train")
    (tmp_path / "artifacts/model").mkdir(parents=True)
    return tmp_path


def run_stage(root: Path, content: str) -> None:
    """Do what a stage does: write an output, then note how long it took."""
    started = time.time_ns()
    (root / "artifacts/model/model.json").write_text(content)
    note_duration(started - 3 * 10**9)


def test_the_duration_is_that_of_the_newest_run_that_made_these_bytes(root: Path) -> None:
    """Outputs restored from the cache bring back the duration of the run that made them, not that of the last run."""
    run_stage(root, "first")
    first = read_durations(["train"], root)["train"]
    time.sleep(0.1)
    run_stage(root, "second, which is another model")
    lines = (root / TIMINGS).read_text().splitlines()
    assert len(lines) == 2
    (root / "artifacts/model/model.json").write_text("first")
    restored = read_durations(["train"], root)["train"]
    assert restored == first
    assert restored is not None
    assert 3 <= restored.seconds < 60


def test_outputs_that_were_not_made_here_have_no_duration(root: Path) -> None:
    """A stage that never ran here, and one whose output came from elsewhere or is gone, have none."""
    run_stage(root, "made here")
    assert read_durations(["train", "evaluate"], root)["evaluate"] is None
    (root / "artifacts/model/model.json").write_text("pulled from a remote")
    assert read_durations(["train"], root) == {"train": None}
    (root / "artifacts/model/model.json").unlink()
    assert read_durations(["train"], root) == {"train": None}


def test_a_stage_that_wrote_nothing_has_no_duration(root: Path) -> None:
    """A line that names no output fits any state, so it counts for none."""
    note_duration(time.time_ns())
    assert json.loads((root / TIMINGS).read_text())["wrote"] == {}
    assert read_durations(["train"], root) == {"train": None}


def test_files_of_other_stages_are_not_taken_for_the_stages_own(root: Path) -> None:
    """What was there before the stage began is not its output."""
    old = root / "artifacts/old.json"
    old.write_text("of an earlier stage")
    os.utime(old, (time.time() - 60, time.time() - 60))
    run_stage(root, "model")
    assert list(json.loads((root / TIMINGS).read_text())["wrote"]) == ["artifacts/model/model.json"]


def test_a_line_cut_short_by_a_kill_is_passed_over(root: Path) -> None:
    """The lines before and after it still count."""
    run_stage(root, "model")
    with (root / TIMINGS).open("a") as handle:
        handle.write('{"stage": "train", "sec\n')
    assert read_durations(["train"], root)["train"] is not None


def test_nothing_is_noted_where_dvc_is_not_what_runs_the_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command run by hand leaves no line."""
    monkeypatch.delenv("DVC_STAGE")
    note_duration(time.time_ns())
    assert not (root / TIMINGS).exists()


def test_no_stage_fails_because_its_duration_cannot_be_written(root: Path) -> None:
    """Where `.mergeline` cannot be made, the duration is lost and the stage is not."""
    (root / ".mergeline").write_text("a file is in the way")
    run_stage(root, "model")
    assert read_durations(["train"], root) == {"train": None}


@pytest.mark.parametrize(("status", "lines"), [(0, 1), (1, 0)])
def test_commands_note_their_duration_if_they_succeed(root: Path, repository: Path, status: int, lines: int) -> None:
    """`command.run` notes a stage that succeeded, and none that failed."""
    (root / "reports").mkdir()
    code = (
        "import pathlib\nfrom mergeline.command import run\n"
        f"run(lambda: (pathlib.Path('reports/a').touch(), {status})[1])"
    )
    environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
    assert subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, check=False).returncode == status
    path = root / TIMINGS
    assert len(path.read_text().splitlines() if path.exists() else []) == lines
