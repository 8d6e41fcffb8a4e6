"""Reading labels as they come: files of `row_id` and `target`, with or without the moment at which they were known.

Nothing here is yours to edit. Parquet as the featurise stage writes it serves as it is; so does CSV.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from mergeline.errors import MergelineError
from mergeline.monitoring.spill import LABELLED, UNKNOWN_DAY, Records, count_days, hash_ids

SUFFIXES = (".parquet", ".csv")


def read_labels(folder: Path, now: datetime) -> Iterator[tuple[Records, int]]:
    """Yield per file its labels that are known by `now`, and how many values of `target` are neither 0, 1 nor missing.

    Parameters
    ----------
    folder : Path
        Holds `*.parquet` and `*.csv` with the columns `row_id`, `target` and perhaps `label_at` (UTC). A row without a
        target is a row without a label.
    now : datetime
        Labels that became known later do not exist yet.

    Raises
    ------
    MergelineError
        If there is no such folder, or a file cannot be read or lacks a column.
    """
    if not folder.is_dir():
        raise MergelineError(
            "there are no labels", where=str(folder), fix="give the folder of the label files: --labels …"
        )
    for path in sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES):
        frame = _read(path)
        target = frame["target"].cast(pl.String).replace({"true": "1", "false": "0", "1.0": "1", "0.0": "0"})
        valid = target.is_in(["0", "1"])
        wrong = int((~valid & target.is_not_null()).sum())
        known = frame.with_columns(target=target.cast(pl.Int8, strict=False)).filter(
            valid & (pl.col("label_at").is_null() | (pl.col("label_at") <= now)) & pl.col("row_id").is_not_null()
        )
        records = np.empty(len(known), dtype=LABELLED)
        records["id"] = hash_ids(known["row_id"])
        records["target"] = known["target"].to_numpy()
        records["day"] = count_days(known["label_at"].dt.date().fill_null(pl.date(1, 1, 1)))
        records["day"][known["label_at"].is_null().to_numpy()] = UNKNOWN_DAY
        yield records, wrong


def _read(path: Path) -> pl.DataFrame:
    try:
        lazy = pl.scan_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.scan_parquet(path)
        names = lazy.collect_schema().names()
        if missing := {"row_id", "target"} - set(names):
            raise MergelineError(
                f"column '{min(missing)}' is missing", where=str(path), fix="labels need the columns row_id and target"
            )
        columns = ["row_id", "target", *(["label_at"] if "label_at" in names else [])]
        frame = lazy.select(columns).collect()
        if "label_at" not in names:
            return frame.with_columns(label_at=pl.lit(None, pl.Datetime("us", "UTC")))
        if frame["label_at"].dtype == pl.String:
            return frame.with_columns(pl.col("label_at").str.to_datetime(time_unit="us", time_zone="UTC"))
        return frame
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:200]
        raise MergelineError(
            f"the labels cannot be read: {reason}", where=str(path), fix="give Parquet or CSV with row_id and target"
        ) from error
