"""A `dvc repro` that has nothing to do: this pipeline against a repository of one stage.

usage: python benchmarks/run.py noop
"""

import subprocess
import sys
from typing import Any

from measuring import ROOT, compare, fresh_folder, make_environment, measure_commands

REPRO = [sys.executable, "-m", "dvc", "repro"]


def measure() -> list[dict[str, Any]]:
    """Return the wall time of both, medians of 5 runs in turn."""
    toy = fresh_folder("noop-toy")
    (toy / "dvc.yaml").write_text(
        "stages:\n  only:\n    cmd: cp in.txt out.txt\n    deps: [in.txt]\n    outs: [out.txt]\n"
    )
    (toy / "in.txt").write_text("1\n")
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"], REPRO):
        subprocess.run(command, cwd=toy, env=make_environment(), check=True, capture_output=True)
    subprocess.run(REPRO, cwd=ROOT, env=make_environment(), check=True, capture_output=True)
    ours, other = measure_commands(REPRO, REPRO, folders=[ROOT, toy])
    return [compare("dvc repro with nothing to do", ours.seconds, other.seconds, "s", 1.3)]
