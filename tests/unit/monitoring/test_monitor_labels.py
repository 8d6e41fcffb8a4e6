"""Tests of labels as they come: late, missing, duplicated, contradictory, partial, gone; each has a stated outcome."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from mergeline.errors import MergelineError
from mergeline.monitoring import spill
from mergeline.monitoring.monitor import main
from unit.monitoring.world import LATER, NOW, find_breaches, write_labels, write_log

Monitor = Callable[..., dict[str, Any]]
LABELS = ("labels", "drift of the target", "calibration", "ROC AUC")


@pytest.fixture
def log(tmp_path: Path, present: pl.DataFrame, digest: str) -> Path:
    """Return the folder of the quiet log."""
    return write_log(tmp_path / "log", present, digest).parent


def read_states(report: dict[str, Any], window: int = 0) -> dict[str, str]:
    """Return the states of what depends on labels."""
    return {c["name"]: c["state"] for c in report["series"][0]["windows"][window]["checks"] if c["name"] in LABELS}


@pytest.mark.parametrize("name", ["labels.parquet", "labels.csv"])
def test_figures_are_those_of_scikit_learn(
    name: str, log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """ROC AUC, Brier score and calibration of a window, whatever the form of the label file."""
    report = monitor(labels=write_labels(tmp_path / "labels", present, name))
    week = present[: 7 * 300]
    figures = report["series"][0]["windows"][0]["figures"]
    assert figures["roc_auc"] == pytest.approx(roc_auc_score(week["target"], week["score"]), abs=1e-3)
    assert figures["brier"] == pytest.approx(brier_score_loss(week["target"], week["score"]), abs=1e-5)
    assert figures["target_rate"] == pytest.approx(week["target"].mean(), abs=1e-6)


def test_first_labels_are_not_judged_before_the_deadline(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """Fast labels are biased: here only the positive ones have come, and nothing is concluded from them."""
    fast = present.filter(pl.col("target") == 1)
    report = monitor(now=NOW, labels=write_labels(tmp_path / "labels", fast))
    states = read_states(report, 3)
    assert set(states.values()) == {"waiting for labels"}
    assert find_breaches(report, [3]) == set()


def test_after_the_deadline_what_came_is_judged(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """Three labels of four are judged once no more are due; the share is told."""
    report = monitor(labels=write_labels(tmp_path / "labels", present.filter(pl.int_range(pl.len()) % 4 > 0)))
    assert set(read_states(report).values()) == {"ok"}
    says = {c["name"]: c["says"] for c in report["series"][0]["windows"][0]["checks"]}
    assert says["labels"].startswith("75.0% of 2,100 rows")


def test_a_feed_that_is_gone_is_a_breach_and_nothing_is_judged_by_its_rest(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """The labels of the last weeks never came."""
    report = monitor(labels=write_labels(tmp_path / "labels", present[: 14 * 300]))
    assert read_states(report, 3) == dict.fromkeys(LABELS, "not judged") | {"labels": "breach"}
    assert "labels" in {alarm["name"] for alarm in report["alarms"]}


def test_labels_of_the_future_do_not_exist_yet(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """A replay sees what was known then."""
    labels = write_labels(tmp_path / "labels", present)
    report = monitor(now="2013-07-08T01:00:00Z", labels=labels)
    window = report["series"][0]["windows"][0]
    assert window["labels"]["labelled"] == 2100
    assert monitor(now="2013-07-07T12:00:00Z", labels=labels)["series"][0]["windows"][0]["labels"]["labelled"] < 2000


def test_a_duplicate_counts_once_and_is_told(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """The same label in two files changes no figure."""
    labels = write_labels(tmp_path / "labels", present)
    once = monitor(labels=labels)["series"][0]["windows"][0]
    write_labels(labels, present[:100], "again.csv")
    twice = monitor(labels=labels)["series"][0]["windows"][0]
    assert twice["labels"]["duplicate"] == 100
    assert twice["figures"] == once["figures"]


def test_contradictory_labels_count_for_nothing_and_many_are_a_breach(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """Nobody can say which of the two is true."""
    labels = write_labels(tmp_path / "labels", present)
    write_labels(labels, present[:10].with_columns(target=1 - pl.col("target")), "b.parquet")
    window = monitor(labels=labels)["series"][0]["windows"][0]
    assert (window["labels"]["contradictory"], window["labels"]["labelled"]) == (10, 2090)
    write_labels(labels, present[:100].with_columns(target=1 - pl.col("target")), "b.parquet")
    assert "labels agree" in find_breaches(monitor(labels=labels), [0])


def test_late_labels_are_used_and_counted(log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame) -> None:
    """Those of one week came after nine days."""
    slow = present.with_columns(
        at=pl.when(pl.int_range(pl.len()) < 2100).then(pl.col("at") + pl.duration(days=9)).otherwise("at")
    )
    report = monitor(labels=write_labels(tmp_path / "labels", slow))
    labels = [window["labels"] for window in report["series"][0]["windows"]]
    assert [(one["labelled"], one["late"]) for one in labels[:2]] == [(2100, 2100), (2100, 0)]


def test_labels_without_a_prediction_and_values_that_are_none_are_counted(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame
) -> None:
    """Neither is passed over in silence."""
    labels = write_labels(tmp_path / "labels", present)
    (labels / "odd.csv").write_text("row_id,target\nnobody,1\n20130701/1,7\n20130701/2,\n")
    assert monitor(labels=labels)["labels"] == {"given": True, "without_prediction": 1, "not_a_label": 1}


def test_a_row_that_was_scored_twice_counts_once_with_its_last_score(
    log: Path, monitor: Monitor, tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """The first score of the row would be a good one."""
    again = present[:50].with_columns(score=pl.lit(0.999))
    write_log(log, again, digest, number=1)
    window = monitor(labels=write_labels(tmp_path / "labels", present))["series"][0]["windows"][0]
    assert (window["labels"]["predicted"], window["labels"]["repeated"], window["rows"]) == (2100, 50, 2150)
    week = present[:2100].with_columns(score=pl.when(pl.int_range(pl.len()) < 50).then(0.999).otherwise("score"))
    assert window["figures"]["brier"] == pytest.approx(brier_score_loss(week["target"], week["score"]), abs=1e-5)


def test_without_labels_nothing_is_judged_and_nothing_breaks(log: Path, monitor: Monitor) -> None:
    """No labels are given at all."""
    assert set(read_states(monitor()).values()) == {"not judged"}


@pytest.mark.parametrize(("content", "words"), [("id,target\n1,1\n", "'row_id' is missing"), ("", "cannot be read")])
def test_a_label_file_of_another_form_is_refused(
    content: str, words: str, log: Path, bundle: Path, tmp_path: Path
) -> None:
    """The message names the file and the columns that are needed."""
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.csv").write_text(content)
    arguments = [
        "--log",
        log,
        "--bundle",
        bundle,
        "--labels",
        tmp_path / "labels",
        "--out",
        tmp_path / "o",
        "--now",
        LATER,
    ]
    with pytest.raises(MergelineError, match=words) as caught:
        main([str(part) for part in arguments])
    assert "row_id and target" in caught.value.fix


def test_ids_keep_their_hash_from_frame_to_frame() -> None:
    """The join relies on it."""
    ids = pl.Series([f"row {number}" for number in range(1000)])
    apart = np.concatenate([spill.hash_ids(ids[:300]), spill.hash_ids(ids[300:].sort(descending=True))])
    assert set(apart.tolist()) == set(spill.hash_ids(ids).tolist())
    assert len(set(apart.tolist())) == 1000
