"""The monitor against Evidently's drift preset on one month of predictions, and its memory on a log ten times as long.

Evidently 0.7.23 does not import with pandas 3.1, so it has a scratch environment of its own, made once. Both read files
and write a page for people; Evidently is given the month before as its reference, we have the bundle's profile, and do
the contract, the score and the joined labels besides. The data are those of `artifacts/`: run `make` first.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from measuring import ROOT, WORK, compare, fresh_folder, make_environment, measure_commands

PACKAGES = ("evidently==0.7.23", "pandas==3.0.6", "pyarrow")
TIMES = 10


def measure() -> list[dict[str, Any]]:
    """Return the time for a month beside Evidently's, and the peak memory for ten times the log beside that for one."""
    folder = fresh_folder("monitoring")
    # Not here: a command's peak memory begins with that of the process that starts it.
    prepared = [sys.executable, str(Path(__file__).with_name("monitoring_data.py")), str(folder), str(TIMES)]
    subprocess.run(prepared, check=True, env={**make_environment(), "PYTHONPATH": str(ROOT / "src")})
    tables = [str(folder / name) for name in ("earlier.parquet", "month.parquet")]
    theirs = [str(make_scratch(WORK / "evidently")), str(folder / "preset.py"), *tables, str(folder / "evidently.html")]
    quiet = {"PYTHONPATH": str(ROOT / "src"), "DO_NOT_TRACK": "true"}
    bare = [*make_command(folder, 1), "--no-page"]
    page, once, evidently = measure_commands(make_command(folder, 1), bare, theirs, environment=quiet)
    (tenfold,) = measure_commands([*make_command(folder, TIMES), "--no-page"], environment=quiet)
    return [
        compare("a month ÷ Evidently's drift preset", once.seconds, evidently.seconds, "s", 1 / 10),
        compare("the same with the page for people", page.seconds, evidently.seconds, "s", 1 / 10),
        compare("peak memory ÷ Evidently's", once.megabytes, evidently.megabytes, "MB", 1.0),
        compare(f"peak memory, {TIMES} times the log ÷ the log", tenfold.megabytes, once.megabytes, "MB", 1.2),
    ]


def make_scratch(folder: Path) -> Path:
    """Return the Python of an environment of its own that holds Evidently, made if it is not there."""
    python = folder / "bin/python"
    if not (folder / "made").exists():
        uv = [sys.executable, "-m", "uv"]
        for command in (
            [*uv, "venv", "--quiet", "--clear", str(folder)],
            [*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES],
        ):
            subprocess.run(command, check=True, env=make_environment(), stdout=subprocess.DEVNULL)
        (folder / "made").touch()
    return python


def make_command(folder: Path, copies: int) -> list[str]:
    """Return the monitor's command on a log, with the labels of the month, as of long after its last row."""
    places = {
        "--log": folder / f"log-{copies}",
        "--bundle": ROOT / "artifacts/bundle",
        "--labels": folder / "labels",
        "--out": folder / f"out-{copies}",
    }
    given = [part for name, place in places.items() for part in (name, str(place))]
    return [sys.executable, "-m", "mergeline.monitoring.monitor", *given, "--now", (folder / "now").read_text()]
