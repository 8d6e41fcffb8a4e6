#!/usr/bin/env bash
# Evidently's drift preset passes when a column has vanished from the current data: the
# column is left out of the report, and out of the share that the test looks at.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
# pandas below 3.1: with 3.1 the two install side by side, but evidently does not import.
venv/bin/pip install -q evidently==0.7.23 pandas==3.0.6
echo "Tool: evidently 0.7.23 with pandas 3.0.6"
echo "Expected: a column of the reference that is absent counts as drifted, or is an error."
echo "Seen:"

venv/bin/python - <<'PY' || changed "see the lines above"
import sys

import numpy as np
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

random = np.random.default_rng(0)
# Reference and current come from one distribution, so that whatever is judged must pass.
values = random.normal(size=500)
reference = pd.DataFrame({"delay": values, "wind": random.normal(size=500), "carrier": ["UA", "AA"] * 250})


def drift(current):
    """Columns that were judged, and the outcome of each test."""
    report = Report([DataDriftPreset()], include_tests=True).run(current_data=current, reference_data=reference)
    content = report.dict()
    judged = [m["metric_name"].split("column=")[1].split(",")[0] for m in content["metrics"] if "column=" in m["metric_name"]]
    return judged, [str(test["status"]).split(".")[-1] for test in content["tests"]]


as_stated = True
for label, gone in [("all columns there", []), ("wind gone", ["wind"]), ("wind and carrier gone", ["wind", "carrier"])]:
    current = reference.iloc[::-1].drop(columns=gone).reset_index(drop=True)
    judged, outcomes = drift(current)
    print(f"  {label:<22} judged: {', '.join(judged):<22} tests: {', '.join(outcomes)}")
    as_stated = as_stated and set(judged) == set(current.columns) and set(outcomes) == {"SUCCESS"}
sys.exit(not as_stated)
PY

echo "Follows: the worst drift of all, a feature that stopped arriving, makes the report"
echo "greener. Check the columns against the reference before asking for drift."
