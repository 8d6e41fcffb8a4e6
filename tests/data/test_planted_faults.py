"""Data that break their contract stop at the validate stage: each planted fault is named, nothing is written."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.stages.validate import main

BATCHES = ("2013-01", "2013-02")
JANUARY, FEBRUARY = (f"flights/{batch}.csv" for batch in BATCHES)
STEP = 8
Edit = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module")
def small_data(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two months of the real data with every eighth flight: all dates, and quick to read."""
    folder = tmp_path_factory.mktemp("small")
    for batch in BATCHES:
        for table, step in (("flights", STEP), ("weather", 1)):
            lines = (data_dir / f"{table}/{batch}.csv").read_text().splitlines(keepends=True)
            (folder / table).mkdir(exist_ok=True)
            (folder / f"{table}/{batch}.csv").write_text("".join([lines[0], *lines[1::step]]))
    shutil.copy(data_dir / "airports.csv", folder)
    return folder


@pytest.fixture
def project(small_data: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with data, params and corrections, which is also the current one."""
    shutil.copytree(small_data, tmp_path / "data")
    text = (repository / "params.yaml").read_text()
    names = ", ".join(f'"{batch}"' for batch in BATCHES)
    (tmp_path / "params.yaml").write_text(re.sub(r"(?m)^  batches: .*$", f"  batches: [{names}]", text))
    shutil.copy(repository / "src/usecase/corrections.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validate() -> int:
    """Run the stage in the current folder."""
    return main(["--data", "data", "--clean", "clean", "--report", "report", "--corrections", "corrections.csv"])


def edit(path: str, change: Edit) -> None:
    """Change the lines of a file below data/."""
    file = Path("data") / path
    file.write_text("".join(change(file.read_text().splitlines(keepends=True))))


def replace_in(line: int, old: str, new: str) -> Edit:
    """Return the edit of one line, 1 being the header."""
    return lambda lines: [*lines[: line - 1], lines[line - 1].replace(old, new, 1), *lines[line:]]


def fail() -> str:
    """Run the stage, which must refuse the data, and return its error."""
    with pytest.raises(MergelineError) as caught:
        validate()
    assert not Path("clean").exists()
    return str(caught.value)


def test_the_small_data_keep_the_contract(project: Path) -> None:
    """Every fault below is the only one."""
    assert validate() == 0
    assert (project / "clean/flights/2013-02.parquet").is_file()
    assert not list(project.glob(".clean*"))


@pytest.mark.parametrize(
    ("path", "change", "texts"),
    [
        (
            FEBRUARY,
            replace_in(3, ",2013-02-01T", ",,2013-02-01T"),
            ["line 3: 20 fields", "every line has 19 fields", "correct the line at its source"],
        ),
        (
            FEBRUARY,
            replace_in(1, "dep_delay", "delay"),
            ["'dep_delay' is column 6 of the header", "'delay' as column 6", "src/usecase/schema.py has"],
        ),
        (
            FEBRUARY,
            replace_in(9, "2013,", "2013.0,"),
            ["line 9: 2013.0", "'year' is a whole number (Int32)", "src/usecase/schema.py"],
        ),
        (
            "weather/2013-01.csv",
            lambda lines: [*lines[:4], re.sub(r"^(EWR,2013,1,1,\d+),[^,]*,", r"\1,451,", lines[4]), *lines[5:]],
            ["'temp' is between -40 and 130", "line 5: 451", "time_hour=2013-01-01T09:00:00Z;origin=EWR,temp,451,NA"],
        ),
        (
            JANUARY,
            lambda lines: [*lines, lines[6]],
            ["time_hour, carrier, flight together occur once", "line 7: time_hour=", "remove the repeated row"],
        ),
        (
            FEBRUARY,
            replace_in(5, "2013,2,1,", "2013,2,30,"),
            ["'time_hour' is the year, month, day and hour in America/New_York", "line 5: 2013-02-01T"],
        ),
        (FEBRUARY, lambda lines: lines[:1], [f"data/{FEBRUARY} breaks", "a header and no row", "procure.batches"]),
        (
            "weather/2013-02.csv",
            lambda lines: [*lines[:9], lines[9].replace(",10,2013", ",NaN,2013"), *lines[10:]],
            ["'visib' is a finite number", "line 10: NaN", "corrections.csv"],
        ),
        (
            FEBRUARY,
            lambda lines: [*lines[:-1], lines[-1][:40]],
            ["the last line ends with a line end", "line 3120: 2013,2,", "make data"],
        ),
        (
            FEBRUARY,
            lambda lines: [re.sub(",(UA|EV),", ",X9,", line) for line in lines],
            ["'carrier' share of rows with an unseen value", "(X9)", "renamed its codes"],
        ),
        (
            FEBRUARY,
            lambda lines: [lines[0], *lines[1::2]],
            ["rows ÷ earlier median", "0.46", "fetch the batch again, or widen validate.rows_ratio"],
        ),
        (
            FEBRUARY,
            lambda lines: [line for line in lines if not line.startswith("2013,2,14,")],
            ["dates with rows", "27 of 28; missing: 2013-02-14", "known_gaps"],
        ),
        (
            FEBRUARY,
            lambda lines: [*lines, *Path("data", JANUARY).read_text().splitlines(keepends=True)[5:9]],
            ["of another batch: 2013-01-01", "together occur in one batch only", f"data/{JANUARY} has the rows too"],
        ),
        (
            "weather/2013-02.csv",
            replace_in(269, "1048.36058", "1048.4"),
            ["corrections.csv: 1 row breaks", "line 2: '1048.36058'", "correct or remove line 2 of corrections.csv"],
        ),
    ],
    ids=[
        "malformed line", "header", "type", "range", "duplicate key",
        "impossible date", "empty batch", "NaN", "truncated",
        "unseen categories", "rows halved", "missing date", "rows of another batch", "stale correction",
    ],
)  # fmt: skip
def test_a_planted_fault_is_named_with_its_place_and_its_fix(
    project: Path, path: str, change: Edit, texts: list[str]
) -> None:
    """What, where (file and line) and how to mend are in the error; the report has it too; nothing else is written."""
    edit(path, change)
    error = fail()
    for text in texts:
        assert text in error
    report = json.loads(Path("report/validation.json").read_text())
    assert report["passed"] is False
    assert len(report["files"]) == 5
    assert {finding["file"] for finding in report["findings"]} <= {f"data/{path}", "corrections.csv"}
    assert "**Failed**" in Path("report/validation.md").read_text()


def test_a_target_rate_that_is_off_is_named(project: Path) -> None:
    """A feed whose arrivals are 40 minutes too late keeps every rule of a row."""

    def delay(lines: list[str]) -> list[str]:
        rows = [line.split(",") for line in lines]
        for row in rows[1:]:
            if row[8] not in ("NA", "arr_delay"):
                late = int(row[6][:-2] or 0) * 60 + int(row[6][-2:]) + 40
                row[6], row[8] = str(late // 60 % 24 * 100 + late % 60), str(int(row[8]) + 40)
        return [",".join(row) for row in rows if row[6] != "0"]

    edit(FEBRUARY, delay)
    error = fail()
    assert "target rate: 0.05 to 0.5" in error
    assert "labels are complete and mean the same" in error


def test_a_missing_batch_and_a_stray_file_are_named(project: Path) -> None:
    """Files on disk and batches in the parameters are the same."""
    (project / "data/weather/2013-02.csv").rename(project / "data/weather/2013-03.csv")
    error = fail()
    assert 'data/weather/2013-02.csv breaks the rule "every listed batch has its file": no file' in error
    assert "run `make data`, or take the batch out of procure.batches" in error
    assert 'data/weather/2013-03.csv breaks the rule "every file belongs to a listed batch": a file' in error
    assert "add its batch to procure.batches" in error


def test_no_data_at_all_says_how_to_get_them(project: Path) -> None:
    """Before anything else is tried."""
    shutil.rmtree(project / "data")
    assert "run `make data`" in fail()


@pytest.mark.parametrize(
    ("batches", "what"),
    [
        ('["2013-01", "2013-03"]', "no batch holds 2013-02-01 to 2013-02-28, between '2013-01' and '2013-03'"),
        ('["2013-02", "2013-01"]', "'2013-01' follows '2013-02'"),
        ('["2013-01", "2013-01"]', "'2013-01' follows '2013-01'"),
        ('["2013-01", "Feb"]', "'Feb' is no batch"),
    ],
)
def test_batches_that_do_not_follow_each_other_are_refused(project: Path, batches: str, what: str) -> None:
    """Features look back over past days: a month left out is not an empty month."""
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(re.sub(r"(?m)^  batches: .*$", f"  batches: {batches}", text))
    error = fail()
    assert what in error
    assert "params.yaml, key 'procure.batches'" in error


def test_all_broken_files_are_reported_at_once(project: Path) -> None:
    """The first broken file does not keep the others from being checked."""
    edit(JANUARY, replace_in(2, ",5,15,", ",5,99,"))
    edit("weather/2013-02.csv", lambda lines: lines[:1])
    edit("airports.csv", lambda lines: [*lines[:-1], lines[-1][:-1]])
    error = fail()
    for name in (JANUARY, "weather/2013-02.csv", "airports.csv"):
        assert f"data/{name}" in error


def test_the_tables_of_the_last_good_run_survive_a_bad_one(project: Path) -> None:
    """Outputs are replaced as a whole or not at all."""
    validate()
    before = {path: path.read_bytes() for path in Path("clean").rglob("*.parquet")}
    edit(FEBRUARY, lambda lines: lines[:1])
    with pytest.raises(MergelineError):
        validate()
    assert {path: path.read_bytes() for path in Path("clean").rglob("*.parquet")} == before


def test_the_command_ends_with_status_1_and_no_traceback_and_loads_no_library_it_does_not_need(
    project: Path, repository: Path
) -> None:
    """As DVC runs it: pandas, scikit-learn and MLflow stay out of the process, whether the data are good or bad."""
    code = (
        "import runpy, sys; sys.argv[1:] = '--data data --clean clean --report report --corrections corrections.csv'"
        ".split()\ntry: runpy.run_module('mergeline.stages.validate', run_name='__main__')\n"
        "finally: print('loaded:', *sorted({'pandas', 'hypothesis', 'sklearn', 'mlflow', 'dvc'} & set(sys.modules)))"
    )
    for bad in (False, True):
        if bad:
            edit(FEBRUARY, lambda lines: lines[:1])
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(repository / "src"), "HOME": str(project)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == int(bad), done.stderr
        assert done.stdout.splitlines()[-1] == "loaded:"
        assert "Traceback" not in done.stderr
        assert bad is ("a header and no row" in done.stderr)
