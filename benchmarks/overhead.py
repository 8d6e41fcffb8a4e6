"""What DVC costs: all stages by `dvc repro --force` against the same functions called in one plain Python process.

usage: python benchmarks/run.py overhead          (a scratch copy of the repository; about eight minutes)
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from measuring import ROOT, compare, fresh_folder, measure_commands

STAGES = ["validate", "analyse", "featurise", "train", "evaluate"]


def measure() -> list[dict[str, Any]]:
    """Return the wall time of both, medians of 5 runs in turn."""
    copy = fresh_folder("overhead")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "data", copy / "data")
    (copy / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    plain = [sys.executable, "benchmarks/stages_once.py", "data", str(copy / "plain"), *STAGES]
    (copy / "plain").mkdir()
    own = {"PYTHONPATH": str(Path(copy) / "src"), "OMP_NUM_THREADS": "1"}
    repro = [sys.executable, "-m", "dvc", "repro", "--force", *STAGES]
    ours, other = measure_commands(repro, plain, folders=[copy, copy], environment=own)
    return [compare("all stages by dvc repro", ours.seconds, other.seconds, "s", 1.25)]
