"""Pooled, per batch and per slice: figures are finite, or the run stops, or a slice says why it has none."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.evaluation import metrics
from mergeline.evaluation.metrics import compute_report, compute_slices, measure
from usecase.metrics import GREATER_IS_BETTER, HEADLINE, SLICES, compute_metrics

BATCHES = ("2013-04", "2013-05")


def make_rows(n: int = 400, seed: int = 0) -> pl.DataFrame:
    """Return judged rows of two batches and ten days; the score is right on average."""
    random = np.random.RandomState(seed)
    score = random.uniform(0.05, 0.95, n)
    return pl.DataFrame(
        {
            "batch": [BATCHES[row * 2 // n] for row in range(n)],
            "day": [date(2013, 4, 1) + timedelta(days=row % 10) for row in range(n)],
            "target": (random.uniform(size=n) < score).astype(int),
            "score": score,
            "reference": 0.3,
            **{name: ["large"] * (n - 30) + ["small"] * 30 for name in SLICES},
        },
        schema_overrides={"target": pl.Int8},
    )


def test_pooled_figures_are_those_of_all_rows() -> None:
    """The report's top level is `compute_metrics` of all rows, to six decimals, and the number of days."""
    rows = make_rows()
    report = compute_report(rows, 10)
    expected = compute_metrics(rows["target"], rows["score"], 0.3, n_bins=10)
    assert {name: report[name] for name in expected} == {name: round(value, 6) for name, value in expected.items()}
    assert report["n_days"] == 10
    assert sorted(report["by_batch"]) == list(BATCHES)
    assert set(report["by_batch"]["2013-04"]) == set(HEADLINE)


def test_batch_of_one_class_stops_the_run_and_is_named() -> None:
    """A batch without a positive row is an error, not a NaN."""
    rows = make_rows().with_columns(target=pl.when(pl.col("batch") == "2013-05").then(0).otherwise("target"))
    with pytest.raises(
        MergelineError, match="held-out batch 2013-05 cannot be measured: all 200 rows have target 0"
    ) as e:
        compute_report(rows, 10)
    assert "both outcomes" in e.value.fix


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_metric_that_is_not_finite_stops_the_run_and_is_named(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A use case's own metric that yields NaN is an error that names it."""
    monkeypatch.setattr(metrics, "compute_metrics", lambda *_, **__: {"roc_auc": 0.7, "profit": value})
    with pytest.raises(MergelineError, match=r"the whole held-out period .* profit is") as caught:
        compute_report(make_rows(), 10)
    assert caught.value.where == "compute_metrics in src/usecase/metrics.py"


def test_small_slices_are_left_out_and_said() -> None:
    """Below the limit a slice has no figures, but its rows are told; at the limit it is measured."""
    report = compute_slices(make_rows(), 10, 31)
    name = next(iter(SLICES))
    assert list(report["slices"][name]) == ["large"]
    assert report["left_out"][name] == {"small": 30}
    assert report["min_rows"] == 31
    assert list(compute_slices(make_rows(), 10, 30)["slices"][name]) == ["large", "small"]


def test_slice_figures_are_those_of_its_rows() -> None:
    """A slice is measured like the whole period; the batches are slices too."""
    rows = make_rows()
    report = compute_slices(rows, 10, 30)
    name = next(iter(SLICES))
    assert report["slices"][name]["small"] == measure(rows.filter(pl.col(name) == "small"), 10)
    assert report["slices"]["batch"]["2013-04"] == measure(rows.filter(pl.col("batch") == "2013-04"), 10)


def test_slice_of_one_class_has_null_figures_and_the_reason() -> None:
    """A slice in which a metric is not defined says why, and the file is strict JSON."""
    rows = make_rows().with_columns(target=pl.when(pl.col("carrier") == "small").then(1).otherwise("target"))
    part: dict[str, Any] = compute_slices(rows, 10, 30)["slices"]["carrier"]["small"]
    assert {name: part[name] for name in GREATER_IS_BETTER} == dict.fromkeys(GREATER_IS_BETTER)
    assert (part["n_rows"], part["n_days"], part["reason"]) == (30, 10, "all 30 rows have target 1")
    json.dumps(part, allow_nan=False)
