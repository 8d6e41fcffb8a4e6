"""Whether the candidate's files are to be believed: nothing that can be computed anew is taken from a report.

Nothing here is yours to edit. Predictions must be whole, must be what the models give, and must give the metrics that
the report states; every model must have been trained before the batch on which it is judged.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from mergeline.gate.rules import Rule, is_number

REMAKE = "run `make`, which writes it anew"
SCORE_TOLERANCE = 1e-6
METRIC_TOLERANCE = 2e-6
NEEDED = ("row_id", "batch", "target", "score", "reference")


def check_predictions(predictions: pl.DataFrame, cluster: str) -> Rule:
    """Return the rule that the predictions can be judged at all: rows once each, scores that are probabilities.

    Parameters
    ----------
    predictions : polars.DataFrame
        The candidate's, as the evaluate stage wrote them.
    cluster : str
        Column whose rows fail together (`gate.cluster`).
    """
    fault, change = _find_fault(predictions, cluster)
    if fault:
        return Rule("predictions", "reject", f"the predictions cannot be judged: {fault}", change)
    batches = predictions["batch"].n_unique()
    return Rule("predictions", "pass", f"{predictions.height:,} rows of {batches} held-out batches, each row once")


def check_scores(predictions: pl.DataFrame, rescored: pl.DataFrame) -> Rule:
    """Return the rule that the predictions are what the models give when they score the features anew.

    Parameters
    ----------
    predictions, rescored : polars.DataFrame
        `row_id`, `target`, `score`: from the file, and made now. The order of rows has no influence.
    """
    name = "scores"
    change = f"artifacts/predictions.parquet is not this model's: {REMAKE}"
    found = predictions.join(rescored, on="row_id", how="full", suffix="_now", coalesce=True)
    lost = found.filter(pl.col("score").is_null() | pl.col("score_now").is_null())
    if lost.height:
        words = (
            f"{lost.height} rows are held out and not predicted, or the other way round (first: {lost['row_id'][0]})"
        )
        return Rule(name, "reject", words, change)
    wrong = found.filter(
        (pl.col("target") != pl.col("target_now")) | ((pl.col("score") - pl.col("score_now")).abs() > SCORE_TOLERANCE)
    )
    if wrong.height:
        first = wrong.row(0, named=True)
        words = (
            f"{wrong.height} of {found.height} rows have another score or target than the model and the features give "
            f"(first: {first['row_id']}, score {first['score']:.6f}, the model gives {first['score_now']:.6f})"
        )
        return Rule(name, "reject", words, change)
    return Rule(name, "pass", f"scored anew, all {found.height:,} rows have the score and the target on file")


def check_metrics(recorded: Mapping[str, Any], computed: Mapping[str, Any]) -> Rule:
    """Return the rule that reports/metrics.json states what the predictions give, every figure of it.

    Parameters
    ----------
    recorded, computed : mapping
        The file's content, and the same computed from the predictions now.
    """
    theirs, ours = _flatten(recorded), _flatten(computed)
    wrong = [name for name in sorted({*theirs, *ours}) if not _agree(theirs.get(name), ours.get(name))]
    if not wrong:
        return Rule("metrics_file", "pass", f"the predictions give each of the {len(ours)} figures in the file")
    said = ", ".join(f"{name} {_show(theirs.get(name))}, computed {_show(ours.get(name))}" for name in wrong[:3])
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    words = f"reports/metrics.json is not what the predictions give: {said}{more}"
    return Rule("metrics_file", "reject", words, f"the file was edited or is of another run: {REMAKE}")


def check_ranges(manifest: Mapping[str, Any], starts: Mapping[str, datetime], batches: list[str]) -> Rule:
    """Return the rule that every model was trained before the batch on which it is judged.

    Parameters
    ----------
    manifest : mapping
        Content of the candidate's model.json.
    starts : mapping of str to datetime
        Batch to its first decision.
    batches : list of str
        The batches that were predicted.
    """
    trained = {entry["held_out"]: entry for entry in manifest["models"]}
    faults = []
    for batch in batches:
        if batch not in trained or batch not in starts:
            faults.append(f"no model was made to be judged on {batch}")
            continue
        newest = datetime.fromisoformat(trained[batch]["trained_to"])
        if newest >= starts[batch]:
            words = f"the model judged on {batch} was trained on rows up to {newest:%Y-%m-%d %H:%M}, "
            faults.append(f"{words}and {batch} begins at {starts[batch]:%Y-%m-%d %H:%M} UTC")
    if faults:
        change = "train on what was known before the held-out batch: src/mergeline/training decides that, not a param"
        return Rule("held_out_unseen", "reject", f"tested on what it was trained on: {'; '.join(faults)}", change)
    return Rule("held_out_unseen", "pass", f"{len(batches)} models, each trained before the batch it is judged on")


def _find_fault(rows: pl.DataFrame, cluster: str) -> tuple[str, str]:
    """Return what is wrong with the predictions and what would change it; two empty texts if nothing is."""
    if missing := [name for name in (*NEEDED, cluster) if name not in rows.columns]:
        return f"there is no column {missing[0]}", f"{REMAKE}; the cluster column is named in gate.cluster"
    if rows.is_empty():
        return "the held-out period is empty", "hold out a batch with labelled rows (train.held_out_batches)"
    repeated = rows.filter(pl.col("row_id").is_duplicated())
    if repeated.height:
        words = f"{repeated['row_id'].n_unique()} rows are there more than once (first: {repeated['row_id'][0]})"
        return words, "make `row_id` unique in src/usecase/features.py: a row counts once"
    bad = rows.filter(pl.col("score").is_between(0, 1).fill_null(False).not_() | pl.col("score").is_nan())
    if bad.height:
        words = (
            f"{bad.height} of {rows.height} scores are not probabilities (first: {bad['score'][0]}, {bad['row_id'][0]})"
        )
        return words, "mend the estimator in src/usecase/model.py, or the feature it cannot take"
    if rows["score"].n_unique() == 1:
        words = f"every row has the score {rows['score'][0]:g}: a constant ranks nothing"
        return words, "look at the training: a learning rate, a feature list or the candidate may be at fault"
    if not rows["target"].is_in([0, 1]).all() or rows["target"].n_unique() < 2:
        return "the targets are not both 0 and 1", "hold out a period in which both outcomes occur"
    return "", ""


def _flatten(content: Any, at: str = "") -> dict[str, Any]:
    if not isinstance(content, Mapping):
        return {at: content}
    parts = [_flatten(part, f"{at}.{name}".lstrip(".")) for name, part in content.items()]
    return {key: value for part in parts for key, value in part.items()}


def _agree(one: Any, other: Any) -> bool:
    return is_number(one) and is_number(other) and abs(one - other) <= METRIC_TOLERANCE


def _show(value: Any) -> str:
    return "missing" if value is None else f"{value:.6g}" if is_number(value) else str(value)
