"""Validate and featurise six months: our stages in one process against a competent pandas script.

usage: python benchmarks/run.py features
Both write typed tables and the same 29 features; that they are the same is checked before anything is timed.
"""

import sys
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from measuring import ROOT, compare, fresh_folder, measure_commands
from mergeline.params import load_params


def measure() -> list[dict[str, Any]]:
    """Return wall time and peak memory, medians of 5 runs in turn."""
    batches = load_params(ROOT / "params.yaml").procure.batches
    ours, other = fresh_folder("features-ours"), fresh_folder("features-pandas")
    commands = (
        [sys.executable, "benchmarks/stages_once.py", "data", str(ours), "validate", "featurise"],
        [sys.executable, "benchmarks/pandas_pipeline.py", "data", str(other), *batches],
    )
    left, right = measure_commands(*commands)
    check_equal(ours / "features", other / "features", batches)
    return [
        compare("validate + featurise, wall", left.seconds, right.seconds, "s", 0.4),
        compare("validate + featurise, peak memory", left.megabytes, right.megabytes, "MB", 0.5),
    ]


def check_equal(ours: Path, other: Path, batches: tuple[str, ...]) -> None:
    """Check that both sides wrote the same features."""
    for batch in batches:
        left, right = (pl.read_parquet(folder / f"{batch}.parquet").sort("row_id") for folder in (ours, other))
        names = [name for name in left.columns if name not in ("decision_at", "label_at", "day", "target")]
        floats = pl.selectors.float()
        assert_frame_equal(left.select(names), right.select(names).with_columns(floats.fill_nan(None)), abs_tol=1e-9)
