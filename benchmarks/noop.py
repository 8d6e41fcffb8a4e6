"""`dvc repro` with nothing to do: this repository against a toy with one stage."""

import sys
from pathlib import Path
from typing import Any

from copies import copy_repository, make_toy
from measuring import compare, measure_commands

TARGET = 1.3


def measure() -> list[dict[str, Any]]:
    """Return wall time side by side, both repositories fresh and up to date."""
    folder, _ = copy_repository("noop")
    ours, toy = measure_commands(["dvc", "repro"], ["dvc", "repro"], folders=[folder, make_toy("noop-toy")])
    return [compare("no-op `dvc repro` ÷ that of a one-stage toy", ours.seconds, toy.seconds, "s", TARGET)]


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
