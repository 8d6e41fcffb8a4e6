#!/usr/bin/env bash
# pandera on polars: one schema, one set of bad rows, three answers. A LazyFrame passes
# without a value being looked at; NaN passes the lower bounds and fails the upper ones.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
venv/bin/pip install -q "pandera[polars]==0.35.0" polars==2.1.0
echo "Tool: pandera 0.35.0 with polars 2.1.0"
echo "Expected: the same verdict for a frame and its .lazy(), or a warning; NaN (as in"
echo "pandas) skipped by every check, or refused by every check."
echo "Seen:"

venv/bin/python - <<'PY' || changed "see the line above"
import sys
import warnings

import pandera.polars as pa
import polars as pl

as_stated = True


def verdict(schema, frame):
    """Passes, or the names of the checks that failed."""
    try:
        result = schema.validate(frame, lazy=True)
        if isinstance(result, pl.LazyFrame):
            result.collect()
        return "passes"
    except pa.errors.SchemaErrors as error:
        return "fails " + ", ".join(sorted(set(error.failure_cases["check"])))


def show(label, schema, frame, expected_start):
    global as_stated
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seen = verdict(schema, frame)
    print(f"  {label:<34} {seen} ({len(caught)} warnings)")
    as_stated = as_stated and seen.startswith(expected_start) and not caught


flights = pa.DataFrameSchema({"distance": pa.Column(pl.Float64, pa.Check.gt(0)), "id": pa.Column(pl.Int64, unique=True)})
bad = pl.DataFrame({"distance": [17.0, -5.0], "id": [1, 1]})
show("two faults, DataFrame", flights, bad, "fails")
show("two faults, LazyFrame", flights, bad.lazy(), "passes")

nan = pl.DataFrame({"wind": [float("nan")]})
bounds = [(">= 0", pa.Check.ge(0), "passes"), ("> 1000", pa.Check.gt(1000), "passes"),
          ("<= 150", pa.Check.le(150), "fails"), ("0..150", pa.Check.in_range(0, 150), "fails")]
for name, check, expected in bounds:
    schema = pa.DataFrameSchema({"wind": pa.Column(pl.Float64, check, nullable=True)})
    show(f"NaN in a nullable column, {name}", schema, nan, expected)
sys.exit(not as_stated)
PY

echo "Follows: collect before validating, or the data contract checks names and types only;"
echo "turn NaN into null first (fill_nan(None)), or a one-sided bound lets it through."
