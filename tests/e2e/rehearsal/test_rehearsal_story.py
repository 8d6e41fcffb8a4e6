"""The whole story of the rehearsal on a repository in miniature, with this repository's own workflow files."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mergeline.rehearsal.rehearse import main

Snapshot = dict[str, tuple[int, str]]


def take_snapshot(folder: Path) -> Snapshot:
    """Return time and digest of every file below `folder`."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def told(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, Path, list[str]]:
    """Tell the story with uncommitted edits; return exit status, output, pages, and files left or changed."""
    (toy / "params.yaml").write_text((toy / "params.yaml").read_text() + "# an uncommitted edit\n")
    subprocess.run([sys.executable, "toy.py", "repro"], cwd=toy, check=True)
    (toy / "docs").mkdir()
    (toy / "docs/new.md").write_text("not even added\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("GITHUB_TOKEN", "a-real-token")
    watched = (toy, Path(os.environ["HOME"]), tmp_path / "temporary")
    before = [take_snapshot(folder) for folder in watched]
    output = tmp_path / "pages"
    status = main(["--source", str(toy), "--output", str(output), "--cml", "stand-in", "--limit", "120"])
    after = [take_snapshot(folder) for folder in watched]
    left = [
        name for old, new in zip(before, after, strict=True) for name in old | new if old.get(name) != new.get(name)
    ]
    return status, capsys.readouterr().out, output, left


def test_the_story_holds_and_leaves_nothing_behind(told: tuple[int, str, Path, list[str]]) -> None:
    """Every promise is kept, each pull request has a page, and checkout, home and temporary folder are as before."""
    status, printed, output, left = told
    record = json.loads((output / "rehearsal.json").read_text())
    assert [promise for promise in record["promises"] if not promise["kept"]] == []
    assert status == 0
    assert left == []
    assert "stand-in that makes the calls of CML 0.20.6" in printed
    pages = {path.name: path.read_text() for path in output.glob("*.html")}
    assert sorted(pages) == ["index.html", *(f"pull-{number}.html" for number in range(1, 7))]
    assert "<h2>Verdict: reject</h2>" in pages["pull-3.html"]
    assert "guest/model:threshold" in pages["pull-5.html"]
    assert "dependabot[bot]" in pages["pull-6.html"]
    logs = "".join(path.read_text() for path in (output / "logs").glob("*.txt"))
    assert "a-real-token" not in logs
    check_runs(record)


def check_runs(record: dict) -> None:
    """Each run is there with its jobs, seconds and minutes; what cannot run here is not called passed."""
    runs = record["runs"]
    assert [run["workflow"] for run in runs].count("ci") == 9
    assert all(run["minutes"] == sum(job["minutes"] for job in run["jobs"]) for run in runs)
    words = next(run for run in runs if any(job["result"] == "skipped" for job in run["jobs"]) and run["minutes"])
    assert {job["id"] for job in words["jobs"] if job["result"] == "skipped"} == {"test", "model"}
    here = f"Tests, Python {sys.version_info[0]}.{sys.version_info[1]}"
    tests = {job["name"]: job["result"] for job in runs[0]["jobs"] if job["id"] == "test"}
    assert tests.pop(here) == "success"
    assert set(tests.values()) == {"not available here"}
