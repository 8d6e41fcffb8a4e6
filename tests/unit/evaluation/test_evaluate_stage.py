"""The evaluate stage as a whole, on a small world: its files are complete, strict, small, and the same twice."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

from mergeline.errors import MergelineError
from mergeline.stages.evaluate import main
from usecase.metrics import SLICES

PLOTS = ["calibration", "confusion", "days", "importance", "importance_groups", "precision_recall", "roc", "scores"]
FIGURES = ["calibration", "confusion", "days", "importance", "overview", "precision_recall", "roc", "scores", "slices"]


def evaluate(models: Path, features: Path, out: Path) -> None:
    """Run the stage with all its outputs below `out`."""
    inputs = ["--models", str(models), "--features", str(features)]
    outputs = [("predictions", "parquet"), ("metrics", "json"), ("slices", "json"), ("plots", ""), ("figures", "")]
    paths = [part for name, end in outputs for part in (f"--{name}", str(out / (f"{name}.{end}" if end else name)))]
    assert main([*inputs, *paths]) == 0


def read_all(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def evaluated(small_models: Path, small_features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the stage wrote."""
    out = tmp_path_factory.mktemp("evaluated")
    evaluate(small_models, small_features, out)
    return out


def test_predictions_are_the_labelled_rows_of_the_held_out_batches(evaluated: Path, small_features: Path) -> None:
    """Each judged row is there once, with its label, score, reference and slices."""
    rows = pl.read_parquet(evaluated / "predictions.parquet")
    held_out = pl.concat([pl.read_parquet(small_features / f"2013-0{month}.parquet") for month in (3, 4)])
    labelled = held_out.drop_nulls("target")
    assert rows["row_id"].to_list() == labelled["row_id"].to_list()
    assert rows["target"].to_list() == labelled["target"].to_list()
    assert rows.columns == ["row_id", "batch", "day", "target", "score", "reference", *SLICES]
    assert rows.schema["target"] == pl.Int8
    assert all(rows.schema[name] == pl.String and rows[name].null_count() == 0 for name in SLICES)


def test_reports_are_strict_json(evaluated: Path) -> None:
    """No NaN and no infinity reaches a file that other programs read."""
    for name in ("metrics", "slices"):
        content = json.loads((evaluated / f"{name}.json").read_text(), parse_constant=lambda word: pytest.fail(word))
        assert content
    metrics = json.loads((evaluated / "metrics.json").read_text())
    assert 0.6 < metrics["roc_auc"] < 1
    assert sorted(metrics["by_batch"]) == ["2013-03", "2013-04"]


def test_plots_and_figures_are_complete_and_small(evaluated: Path) -> None:
    """Every plot has a table of at most 300 rows, every figure an SVG below 60 kB that refers to nothing outside."""
    assert sorted(path.stem for path in (evaluated / "plots").glob("*.csv")) == PLOTS
    assert sorted(path.stem for path in (evaluated / "figures").glob("*.svg")) == FIGURES
    for path in (evaluated / "plots").iterdir():
        assert 2 <= len(path.read_text().splitlines()) <= 301
        assert "NaN" not in path.read_text()
    for path in (evaluated / "figures").iterdir():
        text = path.read_text()
        assert len(text) < 60_000
        assert not re.search(r'href="(?!#)', text)
        assert "<dc:date>" not in text


def test_same_inputs_give_the_same_bytes(
    evaluated: Path, small_models: Path, small_features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run, in a process with another hash seed, thread count and matplotlibrc, writes the same bytes."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsvg.fonttype: path\naxes.titlepad: 30\nlines.linestyle: :\n")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mergeline.stages.evaluate",
        "--models",
        small_models,
        "--features",
        small_features,
    ]
    outputs = ["--predictions", "predictions.parquet", "--metrics", "metrics.json", "--slices", "slices.json"]
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd() / "src"))
    params: list[str | Path] = ["--params", Path.cwd() / "params.yaml"]
    out = tmp_path / "again"
    out.mkdir()
    subprocess.run([*command, *outputs, "--plots", "plots", "--figures", "figures", *params], cwd=out, check=True)
    assert read_all(out) == read_all(evaluated)


def test_failed_run_leaves_the_earlier_outputs(
    evaluated: Path, small_features: Path, write_models: Callable[..., Path], tmp_path: Path
) -> None:
    """A batch that no model may score stops the stage before anything is written."""
    aware = (DummyClassifier(strategy="prior").fit([[0.0], [0.0]], [0, 1]), datetime(2014, 1, 1, tzinfo=UTC))
    before = read_all(evaluated)
    with pytest.raises(MergelineError):
        evaluate(write_models(tmp_path / "model", {"2013-03": aware}), small_features, evaluated)
    assert read_all(evaluated) == before


def test_held_out_batch_without_labels_is_an_error_with_a_fix(
    small_models: Path, small_features: Path, tmp_path: Path
) -> None:
    """A fresh batch whose labels have not come yet cannot be judged, and the error says what to do."""
    for path in small_features.iterdir():
        frame = pl.read_parquet(path)
        unlabelled = frame.with_columns(target=pl.lit(None, pl.Int8)) if path.stem == "2013-04" else frame
        unlabelled.write_parquet(tmp_path / path.name)
    with pytest.raises(MergelineError, match="2013-04 has no labelled row") as caught:
        evaluate(small_models, tmp_path, tmp_path / "out")
    assert "leave it out of procure.batches" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_help_says_what_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    """--help lists every option with its default."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "held-out period scored and measured" in text
    assert "(default: reports/metrics.json)" in text
