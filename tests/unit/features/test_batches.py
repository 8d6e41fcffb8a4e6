"""From clean tables to rows of features, on a small world."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mergeline.errors import MergelineError
from mergeline.features import batches
from mergeline.features.batches import compute_rows, make_batch, read_tables
from mergeline.vocabulary import Feature
from usecase.features import FEATURES

Change = Callable[[pl.DataFrame], pl.DataFrame]


def test_tables_are_found_by_their_place(clean: Path) -> None:
    """A directory is a table with batches, a file a table without."""
    tables = read_tables(clean, "2013-02")
    assert sorted(tables) == ["airports", "flights", "weather"]
    assert tables["flights"]["month"].unique().to_list() == [2]


@pytest.mark.parametrize("lost", ["weather/2013-02.parquet", "nothing is there"])
def test_a_missing_table_is_named(clean: Path, tmp_path: Path, lost: str) -> None:
    """The message names the file and the command that writes it."""
    (clean / lost).unlink(missing_ok=True)
    with pytest.raises(MergelineError) as caught:
        read_tables(clean if "/" in lost else tmp_path / lost, "2013-02")
    assert lost in caught.value.where
    assert "dvc repro validate" in caught.value.fix


def test_rows_have_the_promised_columns_and_order(clean: Path) -> None:
    """Identity first, then the features in their order; sorted by decision and row, whatever the order of the file."""
    tables = read_tables(clean, "2013-01")
    batch = make_batch("2013-01", tables, 120)
    rows = compute_rows(batch, batch.events)
    kinds = {"categorical": pl.String, "numeric": pl.Float64}
    assert rows.schema == {
        "row_id": pl.String,
        "decision_at": pl.Datetime("us", "UTC"),
        "label_at": pl.Datetime("us", "UTC"),
        "day": pl.Date,
        "target": pl.Int8,
        **{feature.name: kinds[feature.kind] for feature in FEATURES},
    }
    assert_frame_equal(rows, rows.sort("decision_at", "row_id"))
    assert rows["row_id"][0] == "2013-01-27T13:00:00Z/AA/1"
    reversed_batch = make_batch("2013-01", {name: table.reverse() for name, table in tables.items()}, 120)
    assert_frame_equal(compute_rows(reversed_batch, reversed_batch.events), rows)


def test_a_flight_without_outcome_is_in_but_has_no_label(clean: Path) -> None:
    """Cancelled and diverted flights are scheduled flights all the same."""
    tables = read_tables(clean, "2013-01")
    arr_delay = pl.when(pl.col("flight") == 3).then(None).otherwise(pl.col("arr_delay")).alias("arr_delay")
    batch = make_batch("2013-01", {**tables, "flights": tables["flights"].with_columns(arr_delay)}, 120)
    rows = compute_rows(batch, batch.events)
    without = rows.filter(pl.col("target").is_null())
    assert rows.height == tables["flights"].height
    assert set(without["row_id"].str.split("/").list.last()) == {"3"}
    assert without["label_at"].null_count() == without.height


@pytest.mark.parametrize("hidden", ["target", "label_at"])
def test_no_feature_can_read_the_label(clean: Path, monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """The label joins the rows after the features are computed."""
    monkeypatch.setattr(batches, "FEATURES", [Feature("leak", "numeric", pl.col(hidden), "", "")])
    batch = make_batch("2013-01", read_tables(clean, "2013-01"), 120)
    with pytest.raises(MergelineError, match=f"'leak' reads column '{hidden}'"):
        compute_rows(batch, batch.events)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda flights: flights.clear(), "no request"),
        (lambda flights: pl.concat([flights, flights[:1]]), "row_id '2013-01-27T13:00:00Z/AA/1' is not unique"),
    ],
)
def test_a_faulty_batch_is_named(clean: Path, change: Change, what: str) -> None:
    """The message names the batch and the fault."""
    tables = read_tables(clean, "2013-01")
    with pytest.raises(MergelineError) as caught:
        make_batch("2013-01", {**tables, "flights": change(tables["flights"])}, 120)
    assert what in caught.value.what
    assert caught.value.where == "batch '2013-01'"


def test_a_label_without_its_time_is_refused(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label that never becomes known would drop out of training without a word."""
    known = batches.labels
    monkeypatch.setattr(batches, "labels", lambda tables: known(tables).with_columns(label_at=None))
    with pytest.raises(MergelineError) as caught:
        make_batch("2013-01", read_tables(clean, "2013-01"), 120)
    assert "only one of target and label_at" in caught.value.what
    assert "see `labels` in src/usecase/features.py" in caught.value.fix
