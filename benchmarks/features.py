"""Validate and featurise six months, ours against a competent pandas script that does the same, each in one process."""

import sys
from pathlib import Path
from typing import Any

import polars as pl

from measuring import ROOT, compare, fresh_folder, measure_commands
from mergeline.params import load_params

WALL_TARGET, MEMORY_TARGET, TOLERANCE = 0.4, 0.5, 1e-9


def measure() -> list[dict[str, Any]]:
    """Return wall time and peak memory side by side, once both have proved to make the same features."""
    folder, batches = fresh_folder("features"), load_params(ROOT / "params.yaml").procure.batches
    ours, other = folder / "ours", folder / "pandas"
    cost, other_cost = measure_commands(
        [sys.executable, "benchmarks/stages_once.py", "data", str(ours), "validate", "featurise"],
        [sys.executable, "benchmarks/pandas_pipeline.py", "data", str(other), *batches],
    )
    for batch in batches:
        name = f"features/{batch}.parquet"
        check_same(pl.read_parquet(ours / name), pl.read_parquet(other / name), batch)
    what = f"validate + featurise {len(batches)} months ÷ pandas"
    return [
        compare(
            f"{what}, wall (processor time: {cost.processor / other_cost.processor:.2f})",
            cost.seconds,
            other_cost.seconds,
            "s",
            WALL_TARGET,
        ),
        compare(f"{what}, peak memory", cost.megabytes, other_cost.megabytes, "MB", MEMORY_TARGET),
    ]


def check_same(ours: pl.DataFrame, other: pl.DataFrame, batch: str) -> None:
    """Stop unless both hold the same rows and, in every column but the times, the same values to 1e-9."""
    joined = ours.join(other, on="row_id", how="full", suffix="_other")
    if not ours.height == other.height == joined.height:
        sys.exit(f"features: the two sides hold other rows of {batch}")
    for name, kind in ours.drop("row_id", "decision_at", "label_at", "day", strict=False).schema.items():
        one, two = joined[name], joined[f"{name}_other"].cast(kind)
        if kind.is_float():
            two = two.fill_nan(None)
            same = (one.is_null() == two.is_null()) & ((one - two).abs() <= TOLERANCE).fill_null(True)
        else:
            same = one.eq_missing(two)
        if not same.all():
            sys.exit(f"features: the two sides differ in '{name}' of {batch}, {(~same).sum()} rows")


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
