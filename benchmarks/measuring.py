"""Timing two commands side by side: in turn, as whole processes, medians of the runs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "benchmarks/.work"
RUNS = int(os.environ.get("MERGELINE_BENCH_RUNS", "5"))


@dataclass(frozen=True)
class Cost:
    """Medians of a command's runs: wall time (s), peak resident memory (MB), processor time with its children (s)."""

    seconds: float
    megabytes: float
    processor: float


def measure_commands(
    *commands: Sequence[str],
    folders: Sequence[Path] | None = None,
    prepare: Callable[[], None] | None = None,
    environment: Mapping[str, str] | None = None,
    warm_up: bool = True,
) -> list[Cost]:
    """Run the commands in turn, once to warm up and then `RUNS` times; return the medians of each.

    Parameters
    ----------
    commands : sequences of str
        What is run; a failing command stops the benchmark.
    folders : sequence of Path
        Where each is run; the repository by default.
    prepare : callable
        Called before every single run, outside the clock.
    environment : mapping
        Added to the environment.
    warm_up : bool
        Whether the first run of each is left out of the medians.
    """
    places = folders or [ROOT] * len(commands)
    found: list[list[Cost]] = [[] for _ in commands]
    for turn in range(-1 if warm_up else 0, RUNS):
        for position, command in enumerate(commands):
            if prepare:
                prepare()
            cost = run_once(command, places[position], environment or {})
            if turn >= 0:
                found[position].append(cost)
    return [_take_medians(costs) for costs in found]


def run_once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Return what one run cost; its peak memory is that of its largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**make_environment(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    error = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed in {folder}:\n{error.decode(errors='replace')}")
    return Cost(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def _take_medians(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(getattr(cost, field.name) for cost in costs) for field in fields(Cost)))


def make_environment() -> dict[str, str]:
    """Return the environment of every benchmark: the tools of this Python first, no analytics, compiled byte code."""
    tools = str(Path(sys.executable).parent)
    path = os.pathsep.join([tools, os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def fresh_folder(name: str) -> Path:
    """Return an empty scratch folder of that name."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def compare(
    name: str, ours: float, other: float, unit: str, target: float, *, at_least: bool = False
) -> dict[str, Any]:
    """Return a row of the results: `ratio` is ours ÷ other, `target` its bound (upper, or lower with `at_least`)."""
    ratio = ours / other
    met = ratio >= target if at_least else ratio <= target
    row = {"name": name, "ours": ours, "other": other, "unit": unit, "ratio": ratio, "target": target}
    return {**{key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, "met": met}
