"""The candidate as the pipeline left it in the tree, and the rules that need no champion.

Nothing here is yours to edit: limits are in `params.yaml`, group `gate`, checks in `src/usecase/checks.py`.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.errors import MergelineError
from mergeline.evaluation.metrics import compute_report
from mergeline.evaluation.models import Models, load_estimator, read_models
from mergeline.evaluation.scoring import predict, read_features, score
from mergeline.files import compute_digest, read_json, write_parquet
from mergeline.gate.behaviour import Behaviour, Chosen, build_probe, measure_behaviour
from mergeline.gate.budget import Cost, measure_cost
from mergeline.gate.evidence import check_metrics, check_predictions, check_ranges, check_scores
from mergeline.gate.floors import judge_floors
from mergeline.gate.reproduce import FEATURES, MODELS
from mergeline.gate.rules import Rule
from mergeline.params import Gate, Params
from mergeline.vocabulary import Check

PREDICTIONS = Path("artifacts/predictions.parquet")
METRICS = Path("reports/metrics.json")


@dataclass(frozen=True)
class Candidate:
    """What is judged.

    Attributes
    ----------
    predictions : polars.DataFrame
        Content of `artifacts/predictions.parquet`.
    metrics, manifest : mapping
        Content of `reports/metrics.json` and of `artifacts/model/model.json`.
    models : Models
        The manifest, read.
    features : mapping of str to polars.DataFrame
        Held-out batch to its rows, labelled or not.
    starts : mapping of str to datetime
        Batch to its first decision, for every batch of `procure.batches` and every held-out one.
    digest : str
        Digest of the manifest, which names those of the model files.
    """

    predictions: pl.DataFrame
    metrics: Mapping[str, Any]
    manifest: Mapping[str, Any]
    models: Models
    features: Mapping[str, pl.DataFrame]
    starts: Mapping[str, datetime]
    digest: str

    @property
    def batches(self) -> list[str]:
        """The held-out batches, oldest first."""
        return sorted(self.features)


def read_candidate(params: Params, folder: Path = Path()) -> Candidate:
    """Return the candidate in `folder`.

    Raises
    ------
    MergelineError
        If a file is missing or cannot be read.
    """
    models = read_models(folder / MODELS)
    path = folder / PREDICTIONS
    if not path.is_file():
        raise MergelineError("there are no predictions", where=str(path), fix="run `make`, which writes them")
    batches = sorted({*params.procure.batches, *(model.held_out for model in models.models)})
    features = {model.held_out: read_features(folder / FEATURES, model.held_out) for model in models.models}
    return Candidate(
        predictions=pl.read_parquet(path),
        metrics=read_json(folder / METRICS),
        manifest=read_json(folder / MODELS / "model.json"),
        models=models,
        features=features,
        starts={batch: _find_start(folder / FEATURES / f"{batch}.parquet") for batch in batches},
        digest=compute_digest(folder / MODELS / "model.json"),
    )


def judge_alone(candidate: Candidate, params: Params) -> list[Rule]:
    """Return the rules on whether the candidate's files are to be believed, and the floors.

    The first rule is enough if it is broken. Floors are judged on what the predictions give, never on what a report
    states.
    """
    rows = candidate.predictions
    whole = check_predictions(rows, params.gate.cluster)
    if whole.outcome != "pass":
        return [whole]
    computed = compute_report(rows, params.evaluate.calibration_bins)
    return [
        whole,
        check_ranges(candidate.manifest, candidate.starts, rows["batch"].unique().sort().to_list()),
        check_scores(rows, rescore(candidate)),
        check_metrics(candidate.metrics, computed),
        *judge_floors(computed, params.gate),
    ]


def rescore(candidate: Candidate) -> pl.DataFrame:
    """Return `row_id`, `target` and `score` of every labelled held-out row, scored now."""
    entries = {model.held_out: model for model in candidate.models.models}
    parts = []
    for batch, frame in candidate.features.items():
        rows = frame.filter(pl.col("target").is_not_null())
        estimator = load_estimator(candidate.models, entries[batch])
        parts.append(rows.select("row_id", "target", pl.Series("score", predict(estimator, rows, candidate.models))))
    return pl.concat(parts)


def measure(candidate: Candidate, gate: Gate) -> Cost:
    """Return what it costs to score with the model that ships."""
    shipped = next(model for model in candidate.models.models if model.file == candidate.models.ships)
    estimator = load_estimator(candidate.models, shipped)
    n_bytes = (candidate.models.directory / shipped.file).stat().st_size
    rows = candidate.features[shipped.held_out]
    return measure_cost(lambda frame: predict(estimator, frame, candidate.models), rows, n_bytes, gate)


def ask(candidate: Candidate, checks: Sequence[Check], chosen: Chosen, gate: Gate) -> list[Behaviour]:
    """Return what came of each check for the candidate."""
    with tempfile.TemporaryDirectory() as name:
        impossible = write_probes(candidate.features, checks, chosen, Path(name))
        probed = sorted(path.stem for path in Path(name).iterdir())
        scores = score(candidate.models.directory, Path(name), probed) if probed else NO_SCORES
    return measure_behaviour(scores, checks, impossible, gate.min_check_rows)


NO_SCORES = pl.DataFrame(schema={"row_id": pl.String, "batch": pl.String, "score": pl.Float64})


def write_probes(
    features: Mapping[str, pl.DataFrame], checks: Sequence[Check], chosen: Chosen, folder: Path
) -> dict[str, str]:
    """Write the rows to score, one file per batch that has any; return the checks these features do not allow."""
    impossible: dict[str, str] = {}
    for batch, frame in features.items():
        probe, refused = build_probe(frame, checks, chosen, batch)
        impossible |= refused
        if probe.height:
            write_parquet(folder / f"{batch}.parquet", probe)
    return impossible


def _find_start(path: Path) -> datetime:
    try:
        start = pl.scan_parquet(path).select(pl.col("decision_at").min()).collect().item()
    except FileNotFoundError as error:
        raise MergelineError(
            "a batch of procure.batches has no features", where=str(path), fix="run `make`, which computes them"
        ) from error
    if not isinstance(start, datetime):
        raise MergelineError("a batch has no rows", where=str(path), fix="procure the batch again, then run `make`")
    return start
