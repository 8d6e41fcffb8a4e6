"""Tests of the false-alarm simulation: its replays are quiet, it repeats itself, and a fault would show in it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mergeline.bundle.read import read_bundle
from mergeline.errors import MergelineError
from mergeline.monitoring.simulate import Replayed, count_days, draw_window, judge_drawn, main, read_rows, simulate
from mergeline.params import Monitor, load_params
from unit.monitoring.world import PAST, make_rows

ARTIFACTS = Path(__file__).resolve().parents[3] / "artifacts"


@pytest.fixture
def rows() -> pl.DataFrame:
    """Return the held-out months of the world's past."""
    past = make_rows(*PAST).with_columns(batch=pl.col("day").dt.strftime("%Y-%m"))
    return past.filter(pl.col("batch") >= "2013-05")


@pytest.fixture
def params(repository: Path) -> Monitor:
    """Return the defaults."""
    return load_params(repository / "params.yaml").monitor


def test_a_window_has_each_day_of_the_week_once(rows: pl.DataFrame) -> None:
    """Weekdays differ, so a drawn week must be a week."""
    drawn = draw_window(rows["day"].unique().to_list(), np.random.default_rng(1))
    assert sorted(day.weekday() for day in drawn) == list(range(7))


def test_quiet_windows_of_the_world_raise_no_alarm_and_repeat_themselves(
    rows: pl.DataFrame, bundle: Path, params: Monitor
) -> None:
    """The same seed gives the same result."""
    first = simulate(rows, read_bundle(bundle), params, 20, 13)
    assert first == simulate(rows, read_bundle(bundle), params, 20, 13)
    assert (first["windows"], first["alarms"]) == (40, 0)


def test_limits_without_regard_to_the_days_would_alarm(rows: pl.DataFrame, bundle: Path, params: Monitor) -> None:
    """The simulation sees false alarms where the limits invite them."""
    bare = replace(params, drift_limit=0.01, usual_factor=0.0, noise_factor=0.0)
    assert simulate(rows, read_bundle(bundle), bare, 20, 13)["alarms_per_100"] > 1


def test_window_and_reference_share_no_day(rows: pl.DataFrame, bundle: Path, params: Monitor) -> None:
    """The reference holds the days that were not drawn, labels and all."""
    layout = Replayed(read_bundle(bundle))
    june = rows.filter(pl.col("batch") == "2013-06")
    days = count_days(june, layout)
    drawn = draw_window(days, np.random.default_rng(1))
    judge_drawn(drawn, days, "2013-06", layout, params)
    rest = june.filter(~pl.col("day").is_in(drawn))
    assert layout.read_profile(layout.score, ["2013-06"]).sum() == len(rest)
    assert layout.reference["labels"]["2013-06"] == {"n": len(rest), "positive": rest["target"].sum()}


def test_before_the_pipeline_has_run_it_says_so(tmp_path: Path) -> None:
    """There is nothing to draw from."""
    with pytest.raises(MergelineError) as caught:
        read_rows(tmp_path, tmp_path / "predictions.parquet")
    assert "run `make`" in caught.value.fix


@pytest.mark.slow
def test_at_the_defaults_there_is_at_most_one_alarm_in_a_hundred_quiet_windows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Drawn from the real held-out data, by the command that docs/monitoring.md shows."""
    import json

    if not (ARTIFACTS / "bundle").is_dir():
        pytest.fail("artifacts/bundle is missing: run `make` first")
    names = {"bundle": "bundle", "features": "features", "predictions": "predictions.parquet"}
    given: list[Any] = [part for name, file in names.items() for part in (f"--{name}", ARTIFACTS / file)]
    assert main([str(part) for part in [*given, "--windows", 1000, "--out", tmp_path / "rate.json"]]) == 0
    assert json.loads((tmp_path / "rate.json").read_text())["alarms_per_100"] <= 1
    assert "per 100 quiet windows" in capsys.readouterr().out
