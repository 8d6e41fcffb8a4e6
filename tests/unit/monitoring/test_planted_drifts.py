"""Tests that what was planted into a quiet log raises an alarm, under its own name, and that nothing else does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unit.monitoring.world import NOW, PRESENT, find_breaches, make_rows, write_labels, write_log

Monitor = Callable[..., dict[str, Any]]
FROM = "2013-07-15"


def late(edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    """Return `edit` for the last two weeks alone."""
    return lambda line: edit(line) if line["at"] >= FROM else None


def put(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    """Return an edit of one input."""

    def edit(line: dict[str, Any]) -> None:
        line["inputs"][name] = change(line["inputs"][name])

    return edit


def drop(line: dict[str, Any]) -> None:
    """Leave the input out altogether."""
    del line["inputs"]["distance"]


def raise_score(line: dict[str, Any]) -> None:
    """Shift the prediction, as a model that was broken would."""
    line["score"] = min(line["score"] + 0.3, 1.0)


def tell_breach(line: dict[str, Any]) -> None:
    """Let the service call the wind out of range."""
    line["breaches"] = ["wind"]


PLANTED = {
    "shifted feature": (put("wind", lambda value: value + 8), "drift: wind"),
    "miles for kilometres": (put("distance", lambda value: value * 1.609), "drift: distance"),
    "another mix of categories": (put("carrier", lambda _: "UA"), "drift: carrier"),
    "all-null column": (put("distance", lambda _: None), "values: distance"),
    "all-null text": (put("carrier", lambda _: None), "values: carrier"),
    "missing column": (drop, "values: distance"),
    "new category": (put("carrier", lambda value: "ZZ" if value == "UA" else value), "new category: carrier"),
    "out of range": (tell_breach, "range: wind"),
    "prediction shift": (raise_score, "drift of the score"),
}


def test_quiet_weeks_raise_no_alarm(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """No check of four quiet weeks is in breach, with labels and all."""
    write_log(tmp_path / "log", present, digest)
    report = monitor(now=NOW, labels=write_labels(tmp_path / "labels", present))
    assert find_breaches(report) == set()
    assert report["alarms"] == []
    states = {check["name"]: check["state"] for check in report["series"][0]["windows"][0]["checks"]}
    assert set(states.values()) == {"ok"}, states


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_an_alarm_under_its_name(
    planted: str, monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """Two weeks with the fault raise the alarm; the two weeks before it are not in breach."""
    edit, name = PLANTED[planted]
    write_log(tmp_path / "log", present, digest, late(edit))
    report = monitor(now=NOW)
    assert name in {alarm["name"] for alarm in report["alarms"]}
    assert find_breaches(report, [0, 1]) == set()


def test_flipped_labels_are_an_alarm(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """Labels that say the opposite show in the ranking, the calibration and the target."""
    write_log(tmp_path / "log", present, digest)
    flipped = present.with_columns(
        target=pl.when(pl.col("at").dt.to_string().str.slice(0, 10) >= FROM)
        .then(1 - pl.col("target"))
        .otherwise("target")
    )
    report = monitor(now=NOW, labels=write_labels(tmp_path / "labels", flipped))
    assert {"ROC AUC", "calibration", "drift of the target"} <= {alarm["name"] for alarm in report["alarms"]}


@pytest.mark.parametrize("planted", ["missing column", "all-null column", "all-null text"])
def test_a_column_that_is_gone_is_an_alarm_at_once(
    planted: str, monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """One window suffices, even while it is open: half a day of the fault on a Monday."""
    edit, name = PLANTED[planted]
    monday = make_rows(PRESENT[0], 1, seed=5)
    write_log(tmp_path / "log", monday, digest, edit)
    report = monitor(now="2013-07-01T18:00:00Z")
    assert [alarm["name"] for alarm in report["alarms"]] == [name]
    assert not report["series"][0]["windows"][0]["closed"]


def test_a_missing_column_is_told_from_an_empty_one(
    monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """The evidence says whether the log still names the column."""
    for edit, words in ((drop, "no line names it"), (put("distance", lambda _: None), "every line has null")):
        write_log(tmp_path / "log", present, digest, edit)
        report = monitor(now=NOW)
        says = {alarm["name"]: alarm["says"] for alarm in report["alarms"]}["values: distance"]
        assert words in says


def test_one_bad_week_is_no_alarm(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """Drift needs a second window."""
    shift = put("wind", lambda value: value + 8)
    write_log(tmp_path / "log", present, digest, lambda line: shift(line) if line["at"] >= "2013-07-22" else None)
    report = monitor(now=NOW)
    assert "drift: wind" in find_breaches(report, [3])
    assert "drift: wind" not in {alarm["name"] for alarm in report["alarms"]}
