"""Tests of the command: silence, gaps, few rows, several bundles, two monitors at once, and what it leaves behind."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.files import write_text
from mergeline.monitoring.history import HISTORY, locking, merge_history, read_history
from mergeline.monitoring.monitor import main, make_parser
from mergeline.monitoring.windows import list_windows, start_of
from unit.monitoring.world import LATER, NOW, PRESENT, find_breaches, make_bundle, write_labels, write_log

Monitor = Callable[..., dict[str, Any]]


def test_silence_is_an_alarm(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """Three weeks after the last row, both the present moment and the empty windows say so."""
    write_log(tmp_path / "log", present, digest)
    assert {alarm["name"] for alarm in monitor(now=LATER)["alarms"]} == {"freshness", "traffic"}


def test_a_window_without_traffic_is_told_and_not_judged_otherwise(
    monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """The second week is missing in the log."""
    write_log(tmp_path / "log", present.filter(~pl.int_range(pl.len()).is_between(2100, 4199)), digest)
    report = monitor(now=NOW)
    assert [window["rows"] for window in report["service"]["windows"]] == [2100, 0, 2100, 2100, 0]
    assert find_breaches({**report, "series": []}, [1]) == {"traffic"}
    assert [window["start"] for window in report["series"][0]["windows"]] == ["2013-07-01", "2013-07-15", "2013-07-22"]


def test_traffic_that_falls_or_multiplies_is_a_breach(
    monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """A fifth of the rows of the last week."""
    thin = present.filter((pl.int_range(pl.len()) < 6300) | (pl.int_range(pl.len()) % 5 == 0))
    write_log(tmp_path / "log", thin, digest)
    report = monitor(now=NOW)
    assert [window["checks"][0]["state"] for window in report["service"]["windows"]] == [
        "not judged", "not judged", "ok", "breach", "not judged",
    ]  # fmt: skip


def test_few_rows_are_not_judged(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """Forty rows, all of them strange, are neither healthy nor ill."""
    write_log(tmp_path / "log", present[:40], digest, lambda line: line["inputs"].update(distance=None, wind=99.0))
    report = monitor(now="2013-07-08T01:00:00Z")
    states = {c["name"]: c["state"] for c in report["series"][0]["windows"][0]["checks"]}
    assert states["values: distance"] == states["drift: wind"] == "too few rows"
    assert find_breaches(report) == {"freshness"}


def test_an_empty_log_is_silence(monitor: Monitor, tmp_path: Path) -> None:
    """The folder is there, and nothing in it."""
    (tmp_path / "log").mkdir()
    assert [alarm["name"] for alarm in monitor()["alarms"]] == ["freshness"]


def test_each_bundle_and_the_shadow_have_their_own_windows(
    tmp_path: Path, present: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a store, every bundle is compared with its own reference; rows of others are counted."""
    first = make_bundle(tmp_path / "one")
    second = make_bundle(tmp_path / "two", seed=9)
    (tmp_path / "store").mkdir()
    for name, found in (("one", first), ("two", second)):
        (tmp_path / name).rename(tmp_path / "store" / found)
    write_log(tmp_path / "log", present[:2100], first)
    write_log(tmp_path / "log", present[2100:4200], second, number=1)
    write_log(tmp_path / "log", present[:1000], second, shadow=True, number=2)
    write_log(tmp_path / "log", present[:7], "f" * 64, number=3)
    out = tmp_path / "out"
    arguments = ["--log", tmp_path / "log", "--store", tmp_path / "store", "--out", out, "--now", NOW]
    assert main([str(part) for part in arguments]) == 0
    report = json.loads((out / "monitoring.json").read_text())
    assert [(s["digest"], s["shadow"], len(s["windows"])) for s in report["series"]] == [
        (first, False, 1), (second, False, 1), (second, True, 1),
    ]  # fmt: skip
    assert report["log"]["other_bundles"] == {"f" * 64: 7}
    assert report["service"]["windows"][0]["rows"] == 2100
    assert "monitoring.html" in capsys.readouterr().out


def test_the_page_needs_nothing_else(tmp_path: Path, bundle: Path, digest: str, present: pl.DataFrame) -> None:
    """No address, no script; text out of the log is escaped."""
    rows = present.with_columns(carrier=pl.lit("<script>x</script>"))
    write_log(tmp_path / "log", rows, digest)
    labels = write_labels(tmp_path / "labels", rows)
    common = ["--log", tmp_path / "log", "--bundle", bundle, "--labels", labels, "--out", tmp_path, "--now", LATER]
    main([str(part) for part in common])
    page = (tmp_path / "monitoring.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") > len(("wind", "distance", "carrier", "gust"))
    assert not re.search(r"(?:src|href)=[\"'](?!#)", page)


def test_monitoring_twice_changes_nothing(monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str) -> None:
    """Reports and history are the same bytes."""
    write_log(tmp_path / "log", present, digest)
    found = []
    for _ in range(2):
        monitor(now=NOW)
        found.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert found[0] == found[1]


def test_two_monitors_at_once_leave_one_whole_history(
    tmp_path: Path, present: pl.DataFrame, digest: str, bundle: Path
) -> None:
    """Each of them writes another half of the windows; no line is lost or torn."""
    for number, part in enumerate((present[:4200], present[4200:])):
        write_log(tmp_path / f"log{number}", part, digest)
    common = ["--bundle", bundle, "--out", tmp_path / "out", "--now", NOW, "--no-page"]
    command = [sys.executable, "-m", "mergeline.monitoring.monitor", *map(str, common)]
    running = [subprocess.Popen([*command, "--log", str(tmp_path / f"log{number}")]) for number in (0, 1)]
    assert [process.wait() for process in running] == [0, 0]
    lines = read_history(tmp_path / "out" / HISTORY)
    assert [line["start"] for line in lines if line["digest"]] == [
        "2013-07-01",
        "2013-07-08",
        "2013-07-15",
        "2013-07-22",
    ]


def test_a_second_monitor_waits_for_the_first(tmp_path: Path, present: pl.DataFrame, digest: str, bundle: Path) -> None:
    """While somebody holds the reports nothing is written; then it goes on by itself."""
    write_log(tmp_path / "log", present[:300], digest)
    out = tmp_path / "out"
    common = ["--log", tmp_path / "log", "--bundle", bundle, "--out", out, "--now", NOW, "--no-page"]
    command = [sys.executable, "-m", "mergeline.monitoring.monitor", *map(str, common)]
    with locking(out):
        waiting = subprocess.Popen(command)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=4)
        assert not (out / HISTORY).exists()
    assert waiting.wait() == 0
    assert (out / HISTORY).exists()


def test_a_window_that_the_log_has_lost_keeps_its_line() -> None:
    """The service removes its oldest files; labels that came later renew a line."""
    line = {"start": "2013-07-01", "digest": "d", "shadow": False, "rows": 100, "checks": ["a"]}
    assert merge_history([line], [{**line, "rows": 50, "checks": []}]) == [line]
    newer = {**line, "checks": ["b"]}
    assert merge_history([line], [newer]) == [newer]


def test_a_damaged_history_is_told(tmp_path: Path) -> None:
    """It is not begun anew without a word."""
    write_text(tmp_path / HISTORY, "{}\n")
    with pytest.raises(MergelineError, match="damaged") as caught:
        read_history(tmp_path / HISTORY)
    assert "line 1" in caught.value.where


def test_a_store_without_bundles_says_what_to_do(tmp_path: Path) -> None:
    """Nothing was served yet."""
    (tmp_path / "log").mkdir()
    with pytest.raises(MergelineError) as caught:
        main(["--log", str(tmp_path / "log"), "--store", str(tmp_path), "--out", str(tmp_path / "out")])
    assert "make serve" in caught.value.fix


def test_a_moment_that_is_none_is_refused(tmp_path: Path) -> None:
    """The message shows how to write one."""
    with pytest.raises(MergelineError) as caught:
        main(["--now", "yesterday"])
    assert "2026-01-31" in caught.value.fix


def test_windows_begin_on_mondays_and_leave_no_gap() -> None:
    """Seven days each, up to the one that holds the present moment."""
    from datetime import UTC, datetime, timedelta

    start = PRESENT[0]
    assert start_of(start + timedelta(days=6), 7) == start
    windows = list_windows([start + timedelta(days=1), start + timedelta(days=9)], 7, datetime(2013, 7, 20, tzinfo=UTC))
    assert [(str(window.start), window.closed) for window in windows] == [
        ("2013-07-01", True), ("2013-07-08", True), ("2013-07-15", False),
    ]  # fmt: skip


def test_help_names_every_default() -> None:
    """A person can run it without reading the code."""
    text = make_parser().format_help()
    assert ".mergeline/serving/log" in text
    assert "reports/monitoring" in text
