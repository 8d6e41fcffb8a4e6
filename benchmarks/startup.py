"""How fast a stage starts: the stage's --help against the import of the libraries that it truly needs.

usage: python benchmarks/run.py startup
"""

import sys
from typing import Any

from measuring import compare, measure_commands

LEAN = "from mergeline.data.lean_pandera import import_lean_pandera; import_lean_pandera()"
NEEDED = {
    "validate": f"{LEAN}; import polars, ruamel.yaml",
    "analyse": f"{LEAN}; import polars, ruamel.yaml, numpy",
    "featurise": "import polars, numpy, ruamel.yaml",
    "train": "import polars, numpy, joblib, ruamel.yaml, sklearn.ensemble, sklearn.linear_model, sklearn.compose",
    "evaluate": "import polars, numpy, joblib, ruamel.yaml, sklearn.metrics",
}


def measure() -> list[dict[str, Any]]:
    """Return the wall time of both for each stage, medians of 5 runs in turn."""
    rows = []
    for stage, imports in NEEDED.items():
        start = [sys.executable, "-m", f"mergeline.stages.{stage}", "--help"]
        ours, other = measure_commands(start, [sys.executable, "-c", imports])
        rows.append(compare(f"start of {stage}", ours.seconds, other.seconds, "s", 1.1))
    return rows
