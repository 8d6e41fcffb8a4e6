"""How fast a stage starts: all that its module imports, against the libraries that it truly needs.

The figure is the start of a run, not of --help: what `train` imports inside `main` is imported here too.
"""

import sys
from pathlib import Path
from typing import Any

from measuring import compare, measure_commands

TARGET = 1.1
LEAN = "from mergeline.data.lean_pandera import import_lean_pandera; import_lean_pandera(); "
LIBRARIES = {
    "validate": f"{LEAN}import ruamel.yaml",
    "analyse": f"{LEAN}import ruamel.yaml",
    "featurise": "import numpy, polars, ruamel.yaml",
    "train": "import joblib, numpy, polars, ruamel.yaml, scipy.special, threadpoolctl, sklearn.compose, "
    "sklearn.ensemble, sklearn.feature_selection, sklearn.impute, sklearn.linear_model, sklearn.metrics, "
    "sklearn.pipeline, sklearn.preprocessing",
    "evaluate": "import numpy, polars, ruamel.yaml, sklearn.metrics, sklearn.preprocessing, threadpoolctl",
}
FIRST = {"validate": LEAN, "analyse": LEAN}
WITHIN_MAIN = {"train": ", mergeline.training.history, mergeline.training.model_files, mergeline.training.outcome"}


def measure() -> list[dict[str, Any]]:
    """Return the wall time of both, side by side: the stage where the ratio is worst."""
    rows = []
    for stage, libraries in LIBRARIES.items():
        imports = f"{FIRST.get(stage, '')}import mergeline.stages.{stage}{WITHIN_MAIN.get(stage, '')}"
        ours, other = measure_commands([sys.executable, "-c", imports], [sys.executable, "-c", libraries])
        row = compare(f"start of `{stage}` ÷ import of its libraries", ours.seconds, other.seconds, "s", TARGET)
        print(f"startup: {stage} {row['ratio']:.3f}", flush=True)
        rows.append(row)
    worst = max(rows, key=lambda row: float(row["ratio"]))
    return [{**worst, "name": f"{worst['name']} (the worst of {len(rows)} stages)"}]


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
