"""What DVC and separate processes cost: `dvc repro --force` against the same stages called in one plain process."""

import sys
from pathlib import Path
from typing import Any

from copies import copy_repository
from measuring import RUNS, compare, measure_commands

TARGET = 1.25
STAGES = ("validate", "analyse", "featurise", "train", "evaluate", "package")


def measure() -> list[dict[str, Any]]:
    """Return wall time side by side, in a scratch copy of the repository."""
    folder, environment = copy_repository("overhead")
    through_dvc, plain = measure_commands(
        ["dvc", "repro", "--force", "--quiet"],
        [sys.executable, "benchmarks/stages_once.py", "data", "once", *STAGES],
        folders=[folder, folder],
        environment=environment,
        warm_up=False,  # both are warm: the copy was brought up to date, and a run is long beside its imports
    )
    processor = f"processor time: {through_dvc.processor / plain.processor:.2f}"
    runs = "1 run each" if RUNS == 1 else f"medians of {RUNS}"
    name = f"all stages through DVC ÷ in one process, {runs} ({processor})"
    return [compare(name, through_dvc.seconds, plain.seconds, "s", TARGET)]


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
