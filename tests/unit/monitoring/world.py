"""A small world whose truth is known: weeks of rows, a bundle made of its past, a log and labels of its present."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mergeline.bundle.canonical import CONTRACT, GOLDEN, LINEAGE, MODEL, REFERENCE, render, render_for_people
from mergeline.bundle.contract import build_contract
from mergeline.bundle.features import read_features
from mergeline.bundle.reference import build_reference
from mergeline.bundle.write import write_bundle
from mergeline.vocabulary import Feature

KINDS = {"carrier": "categorical", "distance": "numeric", "wind": "numeric", "gust": "numeric"}
NAMES = tuple(KINDS)
FEATURES = tuple(Feature(name, kind, None, "", "") for name, kind in KINDS.items())  # type: ignore[arg-type]
PER_DAY = 300
PAST = (date(2013, 1, 1), 181)
PRESENT = (date(2013, 7, 1), 28)  # a Monday, and four whole weeks
NOW = "2013-07-29T01:00:00Z"
LATER = "2013-08-20T01:00:00Z"


def make_rows(start: date, n_days: int, seed: int = 1, per_day: int = PER_DAY) -> pl.DataFrame:
    """Return rows whose days differ in wind alone; the score is the true probability of the target."""
    random = np.random.default_rng(seed)
    size = n_days * per_day
    day = np.repeat(np.arange(n_days), per_day)
    wind = np.round(np.abs(random.normal(8, 1.5, n_days)[day] + random.normal(0, 4, size)), 1)
    distance = np.round(random.lognormal(6.5, 0.6, size))
    carrier = random.choice(["AA", "B6", "UA"], size, p=[0.5, 0.3, 0.2])
    score = 1 / (1 + np.exp(-(wind - 14) / 3 - (carrier == "B6")))
    moments = [
        datetime.combine(start + timedelta(days=int(number)), time(6), UTC) + timedelta(minutes=3 * (place % per_day))
        for place, number in enumerate(day)
    ]
    return pl.DataFrame(
        {
            "row_id": [f"{moment:%Y%m%d}/{place}" for place, moment in enumerate(moments)],
            "at": moments,
            "day": [moment.date() for moment in moments],
            "target": (random.random(size) < score).astype(np.int8),
            "score": score,
            "carrier": carrier,
            "distance": distance,
            "wind": wind,
            "gust": pl.Series(np.where(random.random(size) < 0.7, np.nan, wind * 1.5)).fill_nan(None),
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )


def make_bundle(directory: Path, seed: int = 1, auc: float = 0.8) -> str:
    """Write the bundle of the world's past; return its digest."""
    rows = make_rows(*PAST, seed=seed).with_columns(batch=pl.col("day").dt.strftime("%Y-%m"))
    contract = build_contract(FEATURES, rows)
    held_out = rows.filter(pl.col("batch") >= "2013-04").select("row_id", "batch", "score")
    files = {
        MODEL: render({"form": "prior", "candidate": "prior", "probability": 0.3}),
        CONTRACT: render_for_people(contract),
        GOLDEN: render([]),
        REFERENCE: render(build_reference(rows, read_features(contract), rows, held_out)),
        LINEAGE: render_for_people({"format": 1, "metrics": {"roc_auc": auc}}),
    }
    return write_bundle(directory, files, {"candidate": "prior", "form": "prior"})


Edit = Callable[[dict[str, Any]], Any]


def write_log(
    folder: Path, rows: pl.DataFrame, digest: str, edit: Edit | None = None, *, shadow: bool = False, number: int = 0
) -> Path:
    """Write a log file with a line per row, each after `edit`; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"20130701T000000-1-{number}.jsonl"
    lines = []
    for row in rows.iter_rows(named=True):
        line = {
            "id": row["row_id"],
            "at": f"{row['at']:%Y-%m-%dT%H:%M:%S.%fZ}",
            "key": None,
            "row_id": row["row_id"],
            "variant": "champion",
            "digest": digest,
            "shadow": shadow,
            "inputs": {name: row[name] for name in NAMES},
            "score": row["score"],
            "ms": 0.1,
            "breaches": [],
        }
        if edit:
            edit(line)
        lines.append(json.dumps(line, separators=(",", ":")) + "\n")
    path.write_text("".join(lines))
    return path


def write_labels(folder: Path, rows: pl.DataFrame, name: str = "labels.parquet") -> Path:
    """Write the labels of `rows`, each known three hours after the prediction; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = rows.select("row_id", "target", label_at=pl.col("at") + pl.duration(hours=3))
    if name.endswith(".csv"):
        frame.write_csv(folder / name)
    else:
        frame.write_parquet(folder / name)
    return folder


def find_breaches(report: dict[str, Any], windows: Sequence[int] | None = None) -> set[str]:
    """Return the names of the checks in breach, of all windows or of those numbered."""
    checks = [*report["service"]["now"]]
    for series in (report["service"], *report["series"]):
        chosen = series["windows"] if windows is None else [series["windows"][number] for number in windows]
        checks += [check for window in chosen for check in window["checks"]]
    return {check["name"] for check in checks if check["state"] == "breach"}
