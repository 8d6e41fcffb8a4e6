"""What the benchmark of the monitor reads: two logs, the labels of the month, and tables for Evidently.

usage: python benchmarks/monitoring_data.py FOLDER TIMES
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl

from measuring import ROOT
from mergeline.bundle.read import Bundle, read_bundle

PRESET = """
import sys
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
reference, current, page = sys.argv[1:]
run = Report([DataDriftPreset()]).run(current_data=pd.read_parquet(current), reference_data=pd.read_parquet(reference))
run.save_html(page)
"""


def prepare(folder: Path, times: int) -> None:
    """Write what is read: two logs, the labels of the month, and the tables for Evidently."""
    bundle = read_bundle(ROOT / "artifacts/bundle")
    earlier, month = bundle.reference()["held_out"][-2:]
    for copies in (1, times):
        write_log(folder / f"log-{copies}", bundle, month, copies)
    write_table(folder / "earlier.parquet", bundle, earlier)
    write_table(folder / "month.parquet", bundle, month)
    (folder / "preset.py").write_text(PRESET)
    (folder / "labels").mkdir()
    rows = read_rows(bundle, month)
    rows.select("row_id", "target", "label_at").write_parquet(folder / "labels/month.parquet")
    (folder / "now").write_text(f"{rows['decision_at'].max() + timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}")


def read_rows(bundle: Bundle, batch: str) -> pl.DataFrame:
    """Return the features of a batch with the bundle's scores."""
    rows = pl.read_parquet(ROOT / f"artifacts/features/{batch}.parquet")
    scores = bundle.model.predict(rows.select(feature.name for feature in bundle.features).to_dicts())
    return rows.with_columns(score=pl.Series(scores))


def write_table(path: Path, bundle: Bundle, batch: str) -> None:
    """Write what Evidently reads: the features and the score."""
    read_rows(bundle, batch).select(*(feature.name for feature in bundle.features), "score").write_parquet(path)


def write_log(folder: Path, bundle: Bundle, batch: str, copies: int) -> Path:
    """Write the batch as `copies` files of the prediction log, the row ids of each its own; return the folder."""
    folder.mkdir()
    rows = read_rows(bundle, batch)
    inputs = rows.select(feature.name for feature in bundle.features).to_dicts()
    moments = rows["decision_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
    for copy in range(copies):
        with (folder / f"{batch.replace('-', '')}01T000000-1-{copy}.jsonl").open("w") as handle:
            for name, at, values, score in zip(rows["row_id"], moments, inputs, rows["score"], strict=True):
                line = {
                    "id": f"{name}#{copy}", "at": at, "key": None, "row_id": f"{name}#{copy}" if copy else name,
                    "variant": "champion", "digest": bundle.digest, "shadow": False, "inputs": values, "score": score,
                    "ms": 0.1, "breaches": [],
                }  # fmt: skip
                handle.write(json.dumps(line, separators=(",", ":")) + "\n")
    return folder


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
