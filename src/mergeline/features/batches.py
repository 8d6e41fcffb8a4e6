"""One batch of clean tables turned into requests, labels and events, and these into the rows of `artifacts/features`.

Nothing here is yours to edit: the definitions stand in `src/usecase/features.py`.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import polars.selectors as cs

from mergeline.errors import MergelineError
from mergeline.features.definitions import DEFINITIONS, get_lookbacks, select_features
from mergeline.features.offline import compute_views
from mergeline.features.walk import Batch
from usecase.features import EVENTS, FEATURES, VIEWS, labels, prepare, requests


def read_tables(clean: Path, batch: str) -> dict[str, pl.DataFrame]:
    """Return the tables below `clean` by name: of `{name}/{batch}.parquet` this batch, and every `{name}.parquet`.

    Raises
    ------
    MergelineError
        If a table has no file for this batch, or there is no table.
    """
    parts = {path.name: path / f"{batch}.parquet" for path in sorted(clean.glob("*")) if path.is_dir()}
    missing = [path for path in parts.values() if not path.is_file()] or ([] if parts else [clean])
    if missing:
        raise MergelineError(
            f"batch '{batch}' has no clean data", where=str(missing[0]), fix="run `dvc repro validate`, which writes it"
        )
    files = parts | {path.stem: path for path in sorted(clean.glob("*.parquet"))}
    return {name: pl.read_parquet(path) for name, path in files.items()}


def make_batch(name: str, tables: Mapping[str, pl.DataFrame], lead_minutes: int) -> Batch:
    """Return what the tables of one batch yield; the requests are in order of `decision_at` and `row_id`.

    Raises
    ------
    MergelineError
        If the batch has no request, two requests have the same `row_id`, or a label lacks the time it became known.
    """
    prepared = prepare(tables)
    asked, known = requests(prepared, lead_minutes).sort("decision_at", "row_id"), labels(prepared)
    if asked.is_empty():
        raise _fault(name, "the batch has no request", f"see `requests` in {DEFINITIONS}")
    if asked["row_id"].n_unique() < asked.height:
        repeated = asked["row_id"].filter(asked["row_id"].is_duplicated())[0]
        raise _fault(name, f"row_id '{repeated}' is not unique", f"see `prepare` in {DEFINITIONS}")
    if (known["target"].is_null() != known["label_at"].is_null()).any():
        raise _fault(name, "a row has only one of target and label_at", f"see `labels` in {DEFINITIONS}")
    events = {stream: _compact(EVENTS[stream](prepared)) for stream in get_lookbacks(VIEWS)}
    return Batch(name, asked, known, events)


def compute_rows(batch: Batch, events: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return a row per request: row_id, decision_at, label_at, day, target, then the features in their order.

    Label and target are joined last: no feature can read them.
    """
    features = select_features(compute_views(batch.requests, events, VIEWS), FEATURES)
    label = batch.labels.select("row_id", "label_at", pl.col("target").cast(pl.Int8))
    asked = batch.requests.select("row_id", "decision_at", "day").join(
        label, on="row_id", how="left", maintain_order="left"
    )
    return pl.concat([asked.select("row_id", "decision_at", "label_at", "day", "target"), features], how="horizontal")


def _compact(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events that happened, texts as numbered categories and NaN as null."""
    return events.drop_nulls("known_at").with_columns(cs.string().cast(pl.Categorical), cs.float().fill_nan(None))


def _fault(batch: str, what: str, fix: str) -> MergelineError:
    return MergelineError(what, where=f"batch '{batch}'", fix=fix)
