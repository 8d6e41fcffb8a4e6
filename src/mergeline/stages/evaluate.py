"""Stage `evaluate`: the held-out period scored and measured, as a whole, per batch and per slice, with plots.

Nothing here is yours to edit: metrics and slices are in `src/usecase/metrics.py`, limits in `params.yaml`, group
`evaluate`. Each row of the held-out period is scored by a model trained on what was known before its batch.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.evaluation.curves import (
    compute_calibration,
    compute_confusion,
    compute_days,
    compute_precision_recall,
    compute_roc,
    compute_score_distribution,
)
from mergeline.evaluation.figures import write_figures
from mergeline.evaluation.importance import WHOLE_GROUP, compute_importance, draw_sample, group_features
from mergeline.evaluation.metrics import compute_report, compute_slices
from mergeline.evaluation.models import Models, load_estimator, read_models
from mergeline.evaluation.scoring import predict, read_features, score_rows
from mergeline.files import replacing_directory, write_json, write_parquet, write_text
from mergeline.params import PARAMS_FILE, Evaluate, load_params
from usecase.features import FEATURES, VIEWS
from usecase.metrics import SLICES


def build_predictions(models: Models, features_dir: Path) -> pl.DataFrame:
    """Return the labelled rows of the held-out batches with their scores.

    Returns
    -------
    polars.DataFrame
        `row_id`, `batch`, `day`, `target` (0 or 1), `score`, `reference` (base rate of the training data of the model
        that scored the row), and one text column per slice; in the order of batches and of decisions.

    Raises
    ------
    MergelineError
        If a held-out batch has no labelled row.
    """
    parts = [_build_batch(models, features_dir, model.held_out) for model in models.models]
    return pl.concat(parts).rechunk()


def _build_batch(models: Models, features_dir: Path, batch: str) -> pl.DataFrame:
    features = read_features(features_dir, batch)
    model, scores = score_rows(models, features, batch)
    slices = {name: expression.cast(pl.String).fill_null("missing") for name, expression in SLICES.items()}
    rows = features.select(
        "row_id",
        pl.lit(batch).alias("batch"),
        "day",
        "target",
        pl.Series("score", scores),
        pl.lit(model.base_rate, dtype=pl.Float64).alias("reference"),
        **slices,
    ).filter(pl.col("target").is_not_null())
    if rows.is_empty():
        raise MergelineError(
            f"held-out batch {batch} has no labelled row, so nothing can be measured on it",
            where=str(features_dir / f"{batch}.parquet"),
            fix="wait for the labels of that batch, or leave it out of procure.batches in params.yaml, and run `make`",
        )
    return rows


def compute_plots(rows: pl.DataFrame, importance: pl.DataFrame, params: Evaluate) -> dict[str, pl.DataFrame]:
    """Return plot name to its table; each becomes a CSV file that `dvc plots` reads."""
    target, scores = rows["target"].to_numpy(), rows["score"].to_numpy()
    return {
        "roc": compute_roc(target, scores),
        "precision_recall": compute_precision_recall(target, scores),
        "calibration": compute_calibration(target, scores, params.calibration_bins),
        "confusion": compute_confusion(target, scores, params.threshold),
        "scores": compute_score_distribution(target, scores),
        "days": compute_days(rows),
        "importance": importance,
        "importance_groups": importance.filter(pl.col("feature") == WHOLE_GROUP).select("group", "auc_drop"),
    }


def measure_importance(models: Models, features_dir: Path, params: Evaluate) -> pl.DataFrame:
    """Return the importance table of the model that ships, on a sample of the batch it was judged on."""
    shipped = next(model for model in models.models if model.file == models.ships)
    rows = read_features(features_dir, shipped.held_out).filter(pl.col("target").is_not_null())
    estimator = load_estimator(models, shipped)
    return compute_importance(
        lambda frame: predict(estimator, frame, models),
        draw_sample(rows, params.importance_rows, models.random_state),
        group_features(FEATURES, VIEWS),
        models.random_state,
    )


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.evaluate",
        description=__doc__.splitlines()[0],
        epilog="Read reports/slices.json beside the metrics: a good average can hide a bad part.",
    )
    for name, default, words in (
        ("--models", "artifacts/model", "directory with model.json and the estimators"),
        ("--features", "artifacts/features", "directory with one Parquet file per batch"),
        ("--predictions", "artifacts/predictions.parquet", "file to write: every judged row"),
        ("--metrics", "reports/metrics.json", "file to write: metrics of the whole period, headlines per batch"),
        ("--slices", "reports/slices.json", "file to write: metrics per slice"),
        ("--plots", "reports/plots", "directory to write: the tables of `dvc plots`, as CSV"),
        ("--figures", "reports/figures", "directory to write: one SVG per figure"),
    ):
        parser.add_argument(name, type=Path, default=Path(default), help=f"{words} (default: %(default)s)")
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once predictions, metrics, slices, plots and figures are written."""
    arguments = make_parser().parse_args(argv)
    params = load_params(arguments.params).evaluate
    models = read_models(arguments.models)
    rows = build_predictions(models, arguments.features)
    print(f"evaluate: {rows.height} rows of {len(models.models)} held-out batches scored", flush=True)
    bins = params.calibration_bins
    report = compute_report(rows, bins)
    slices = compute_slices(rows, bins, params.min_slice_rows)
    importance = measure_importance(models, arguments.features, params)
    plots = compute_plots(rows, importance, params)
    write_parquet(arguments.predictions, rows)
    write_json(arguments.metrics, report)
    write_json(arguments.slices, slices)
    with replacing_directory(arguments.plots) as folder:
        for name, table in plots.items():
            write_text(folder / f"{name}.csv", table.write_csv())
    with replacing_directory(arguments.figures) as folder:
        write_figures(folder, plots, report, slices)
    print(summarise(report, arguments.metrics, arguments.figures))
    return 0


def summarise(report: dict[str, Any], metrics: Path, figures: Path) -> str:
    """Return what came out, in two lines for the terminal."""
    figures_of = ", ".join(f"{batch} {values['roc_auc']:.4f}" for batch, values in report["by_batch"].items())
    return (
        f"evaluate: ROC AUC {report['roc_auc']:.4f} ({figures_of}), Brier skill {report['brier_skill']:.4f}, "
        f"mean score ÷ base rate {report['calibration_ratio']:.2f}\n"
        f"evaluate: see {metrics} and {figures}/overview.svg"
    )


if __name__ == "__main__":
    run(main)
