"""Tests of what the benchmarks leave: rows of one form, a table, a page; nothing is timed here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks"
ROW = {"name", "ours", "other", "unit", "ratio", "target", "met"}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import a module of benchmarks/ as `python benchmarks/run.py` does, for this test only."""

    def load(name: str) -> ModuleType:
        before = set(sys.modules)
        module = __import__(name)
        for added in set(sys.modules) - before:
            if (FOLDER / f"{added}.py").exists():
                monkeypatch.delitem(sys.modules, added)
        return module

    monkeypatch.syspath_prepend(str(FOLDER))
    return load


def test_a_row_says_ratio_and_whether_the_target_is_met(load: Any) -> None:
    """A ratio is ours ÷ other; its target is an upper bound unless a lower one is asked for."""
    compare = load("measuring").compare
    assert compare("a", 1.0, 4.0, "s", 0.25) == {
        "name": "a", "ours": 1.0, "other": 4.0, "unit": "s", "ratio": 0.25, "target": 0.25, "met": True,
    }  # fmt: skip
    assert not compare("a", 1.0, 3.0, "s", 0.25)["met"]
    assert compare("a", 3.0, 1.0, "rows/s", 2, at_least=True)["met"]


def test_the_table_marks_what_is_missed(load: Any) -> None:
    """One line a row, with both figures, the ratio, the target and the outcome."""
    compare, run = load("measuring").compare, load("run")
    rows = [{"benchmark": "x", **compare(name, ours, 2.0, "s", 1.1)} for name, ours in (("fast", 1.0), ("slow", 4.0))]
    assert run.render_table(rows).splitlines()[2:] == [
        "| x | fast | 1 s | 2 s | 0.5 | 1.1 | met |",
        "| x | slow | 4 s | 2 s | 2 | 1.1 | **missed** |",
    ]


def test_the_page_shows_the_committed_results(load: Any) -> None:
    """The table of docs/performance.md is the one that benchmarks/results.json gives, and every row has the form."""
    run = load("run")
    rows = json.loads((FOLDER / "results.json").read_text())
    assert rows
    for row in rows:
        assert set(row) == ROW | {"benchmark"}
    page = run.PAGE.read_text()
    assert page.split(run.BEGIN)[1].split(run.END)[0].strip() == run.render_table(rows)


def test_every_benchmark_can_be_named() -> None:
    """The help names every module that measures; a name that is none is refused with the list."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if "\ndef measure(" in path.read_text())
    command = [sys.executable, str(FOLDER / "run.py")]
    environment = {**os.environ, "COLUMNS": "200"}
    told = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, env=environment).stdout
    assert {"features", "overhead", "noop", "startup"} <= set(names)
    assert all(name in told for name in names)
    refused = subprocess.run([*command, "nothing"], capture_output=True, text=True, env=environment)
    assert refused.returncode == 2
    assert "there are: " + ", ".join(names) in refused.stderr


def test_the_two_sides_must_make_the_same_features(load: Any) -> None:
    """A value that is off by more than 1e-9, or missing on one side only, stops the benchmark."""
    check_same = load("features").check_same
    ours = pl.DataFrame({"row_id": ["a", "b"], "carrier": ["AA", "B6"], "rate": [0.5, None]})
    check_same(ours, ours.with_columns(rate=pl.Series([0.5 + 1e-12, float("nan")])).reverse(), "2013-01")
    for rates in ([0.5 + 1e-6, None], [0.5, 0.0]):
        with pytest.raises(SystemExit, match="differ in 'rate' of 2013-01, 1 rows"):
            check_same(ours, ours.with_columns(rate=pl.Series(rates)), "2013-01")
