"""Metrics of the held-out period: pooled, per batch and per slice, rounded, and finite or refused.

Nothing here is yours to edit: the metrics and the slices are in `src/usecase/metrics.py`.
"""

import math
import warnings
from typing import Any

import polars as pl

from mergeline.errors import MergelineError
from usecase.metrics import GREATER_IS_BETTER, HEADLINE, SLICES, compute_metrics

DECIMALS = 6
Figures = dict[str, float]


def measure(rows: pl.DataFrame, n_bins: int) -> Figures:
    """Return the metrics of `rows`, and the number of days they cover, rounded to 6 decimals.

    Parameters
    ----------
    rows : polars.DataFrame
        `target` (0 or 1), `score` (0–1), `reference` (base rate of the training data of the scoring model) and `day`.
    n_bins : int
        Bins of the calibration error.

    Raises
    ------
    ValueError
        If a metric is not defined for these rows; the text says why.
    """
    columns = (rows[name].to_numpy() for name in ("target", "score", "reference"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is not defined is refused below, by name
        figures = dict(compute_metrics(*columns, n_bins=n_bins))
    undefined = [name for name, value in figures.items() if not math.isfinite(value)]
    if undefined:
        raise ValueError(f"{undefined[0]} is {figures[undefined[0]]}")
    figures["n_days"] = rows["day"].n_unique()
    return {name: value if isinstance(value, int) else round(float(value), DECIMALS) for name, value in figures.items()}


def compute_report(rows: pl.DataFrame, n_bins: int) -> dict[str, Any]:
    """Return the metrics of all `rows` by name and, under `by_batch`, the headline metrics of each batch.

    Raises
    ------
    MergelineError
        If a metric of the whole period or of a batch is not a finite number.
    """
    report: dict[str, Any] = _measure_or_stop(rows, n_bins, "the whole held-out period")
    report["by_batch"] = {}
    for batch in rows["batch"].unique().sort():
        figures = _measure_or_stop(rows.filter(batch=batch), n_bins, f"held-out batch {batch}")
        report["by_batch"][batch] = {name: figures[name] for name in HEADLINE}
    return report


def compute_slices(rows: pl.DataFrame, n_bins: int, min_rows: int) -> dict[str, Any]:
    """Return the metrics per slice, `batch` among them, and which slices were left out as too small.

    Parameters
    ----------
    rows : polars.DataFrame
        As for `measure`, with a text column for each name in `SLICES`.
    n_bins : int
        Bins of the calibration error.
    min_rows : int
        A slice with fewer rows is left out.

    Returns
    -------
    dict
        `min_rows`; `slices`: slice name to value to metrics, all None with a `reason` where they are not defined;
        `left_out`: slice name to value to number of rows.
    """
    report: dict[str, Any] = {"min_rows": min_rows, "slices": {}, "left_out": {}}
    for name in ("batch", *SLICES):
        parts = {str(value): part for (value,), part in rows.partition_by(name, as_dict=True).items()}
        report["slices"][name] = {
            value: _measure_or_null(part, n_bins) for value, part in sorted(parts.items()) if part.height >= min_rows
        }
        report["left_out"][name] = {
            value: part.height for value, part in sorted(parts.items()) if part.height < min_rows
        }
    return report


def _measure_or_stop(rows: pl.DataFrame, n_bins: int, what: str) -> Figures:
    try:
        return measure(rows, n_bins)
    except ValueError as error:
        raise MergelineError(
            f"{what} cannot be measured: {error}",
            where="compute_metrics in src/usecase/metrics.py",
            fix="hold out batches in which both outcomes occur (train.held_out_batches in params.yaml); if they do, "
            "correct the metric",
        ) from error


def _measure_or_null(rows: pl.DataFrame, n_bins: int) -> dict[str, Any]:
    try:
        return dict(measure(rows, n_bins))
    except ValueError as error:
        counts = {"n_rows": rows.height, "n_days": rows["day"].n_unique()}
        return {**dict.fromkeys(GREATER_IS_BETTER), **counts, "reason": str(error)}
