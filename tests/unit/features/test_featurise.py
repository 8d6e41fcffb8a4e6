"""The stage: batch by batch as if all at once, whole or not at all, the same bytes every time."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mergeline.errors import MergelineError
from mergeline.features.batches import compute_rows, make_batch, read_tables
from mergeline.stages.featurise import featurise, make_parser

BATCHES = ["2013-01", "2013-02"]


@pytest.mark.parametrize("lead_minutes", [0, 120, 1440])
def test_batch_by_batch_equals_all_at_once(clean: Path, tmp_path: Path, lead_minutes: int) -> None:
    """At the border of two batches as elsewhere, and with any lead."""
    assert featurise(clean, tmp_path / "features", BATCHES, lead_minutes) == 30
    found = pl.concat([pl.read_parquet(tmp_path / f"features/{batch}.parquet") for batch in BATCHES])
    parts = [read_tables(clean, batch) for batch in BATCHES]
    tables = {name: pl.concat([part[name] for part in parts]) for name in ("flights", "weather")}
    whole = make_batch("whole", {**tables, "airports": parts[0]["airports"]}, lead_minutes)
    assert_frame_equal(found.sort("decision_at", "row_id"), compute_rows(whole, whole.events))


def test_the_second_batch_sees_the_first(clean: Path, tmp_path: Path) -> None:
    """The window of the first day of February counts the arrivals of January."""
    featurise(clean, tmp_path / "both", BATCHES, 120)
    featurise(clean, tmp_path / "alone", BATCHES[1:], 120)
    both, alone = (pl.read_parquet(tmp_path / f"{name}/2013-02.parquet") for name in ("both", "alone"))
    assert both["carrier_late_relative_28d"].null_count() == 0
    assert alone["carrier_late_relative_28d"].null_count() > 0


def test_the_same_input_gives_the_same_bytes(clean: Path, tmp_path: Path) -> None:
    """DVC hashes these files."""
    for name in ("one", "two"):
        featurise(clean, tmp_path / name, BATCHES, 120)
    for batch in BATCHES:
        one, two = ((tmp_path / name / f"{batch}.parquet").read_bytes() for name in ("one", "two"))
        assert one == two


def test_the_output_appears_whole_or_not_at_all(clean: Path, tmp_path: Path) -> None:
    """A batch that fails leaves the earlier output as it was, and a batch that is no longer listed is gone."""
    features = tmp_path / "features"
    featurise(clean, features, BATCHES, 120)
    before = {path.name: path.read_bytes() for path in features.iterdir()}
    with pytest.raises(MergelineError, match="batch '2013-03' has no clean data"):
        featurise(clean, features, [*BATCHES, "2013-03"], 120)
    assert {path.name: path.read_bytes() for path in features.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean", "features"]
    featurise(clean, features, BATCHES[1:], 120)
    assert [path.name for path in features.iterdir()] == ["2013-02.parquet"]


def test_the_stage_imports_only_what_it_needs() -> None:
    """Nothing that takes seconds to import is read: this stage needs polars and numpy alone."""
    heavy = "{'dvc', 'matplotlib', 'mlflow', 'pandas', 'pandera', 'pyarrow', 'sklearn'}"
    code = f"import sys, mergeline.stages.featurise; print({heavy} & set(sys.modules))"
    source = Path(__file__).parents[3] / "src"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_help_says_where_features_are_explained() -> None:
    """The command's help names inputs, outputs and the document."""
    text = make_parser().format_help()
    assert all(word in text for word in ("--clean", "--features", "artifacts/features", "docs/features.md"))
