"""The figures of two scores of the same rows: intervals, slices, the worst slice, and the rules on them.

Nothing here is yours to edit: margins are in `params.yaml`, group `gate`, slices in `src/usecase/metrics.py`.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from mergeline.errors import MergelineError
from mergeline.gate.contest import get_strict_level, judge_intervals, judge_slices
from mergeline.gate.paired import PairedInterval, at_level, compute_paired_intervals
from mergeline.gate.reproduce import ChampionUnscorableError
from mergeline.gate.resampling import count_resamples
from mergeline.gate.rules import Rule
from mergeline.gate.slices import SliceRule, compare_slices, find_worst_slice
from mergeline.params import Gate

NO_SLICES = ("row_id", "batch")


@dataclass(frozen=True)
class Comparison:
    """The rules that compare the candidate with the champion, and the figures behind them."""

    rules: list[Rule]
    metrics: dict[str, Any] | None = None
    slices: list[dict[str, Any]] = field(default_factory=list)
    worst_slice: dict[str, Any] | None = None


def pair(candidate: pl.DataFrame, champion: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `candidate` with the champion's score beside the candidate's, joined by `row_id`.

    Raises
    ------
    MergelineError
        If a row occurs twice.
    ChampionUnscorableError
        If the champion has no score for a row that the candidate has.
    """
    for name, frame in (("candidate", candidate), ("champion", champion)):
        repeated = frame.filter(pl.col("row_id").is_duplicated())
        if repeated.height:
            raise MergelineError(
                f"the {name} scores {repeated.height} rows twice (first: {repeated['row_id'][0]})",
                where=f"predictions of the {name}",
                fix="make `row_id` unique in src/usecase/features.py",
            )
    scores = champion.select("row_id", champion_score="score")
    paired = candidate.join(scores, on="row_id", how="left", maintain_order="left")
    lost = paired.filter(pl.col("champion_score").is_null())
    if lost.height:
        raise ChampionUnscorableError(
            f"the champion has no score for {lost.height} of {paired.height} rows (first: {lost['row_id'][0]})",
            where="predictions of the champion",
            fix="make `row_id` in src/usecase/features.py name the same rows as at the champion's commit",
        )
    return paired


def compare_scores(paired: pl.DataFrame, looks: int, gate: Gate) -> Comparison:
    """Return rules and figures of two scores of the same rows.

    Parameters
    ----------
    paired : pl.DataFrame
        `row_id`, `batch`, `target`, `champion_score`, `score`, the column named by `gate.cluster`; every other column
        of text is a slice.
    looks : int
        How many proposals were judged on these rows, this one included.
    """
    strict = get_strict_level(looks, gate)
    target, champion, candidate = (paired[name].to_numpy() for name in ("target", "champion_score", "score"))
    cluster = paired[gate.cluster].to_numpy()
    intervals = compute_paired_intervals(
        target, champion, candidate, cluster, row_id=paired["row_id"].to_numpy(),
        n_resamples=max(gate.n_resamples, count_resamples(strict)), level=gate.level, random_state=gate.random_state,
    )  # fmt: skip
    rule = SliceRule(
        "roc_auc", gate.max_slice_loss, gate.min_slice_rows, gate.min_slice_clusters, gate.level,
        gate.n_resamples, gate.random_state,
    )  # fmt: skip
    columns = {name: paired[name].to_numpy() for name in list_slices(paired)}
    slices = compare_slices(target, champion, candidate, cluster, columns, rule)
    # Exploring asks which slice lost most, not which lost more than is allowed.
    worst = find_worst_slice(target, champion, candidate, cluster, columns, replace(rule, margin=0.0))
    auc = intervals["roc_auc"]
    metrics = {
        "n_rows": auc.n_rows,
        "n_clusters": auc.n_clusters,
        "level": gate.level,
        "looks": looks,
        "looks_correction": gate.looks_correction,
        "strict_level": round(strict, 9),
        "metrics": {metric: _describe(found, strict) for metric, found in intervals.items()},
    }
    rules = [*judge_intervals(intervals, looks, gate), judge_slices(slices, gate)]
    return Comparison(rules, metrics, [asdict(part) for part in slices], asdict(worst))


def list_slices(paired: pl.DataFrame) -> list[str]:
    """Return the names of the slices that `usecase/metrics.py` gave the rows: columns of text that name no row."""
    return [name for name, kind in paired.schema.items() if kind == pl.String and name not in NO_SLICES]


def _describe(found: PairedInterval, strict: float) -> dict[str, float]:
    """Return the figures of one metric, with the interval at `gate.level` and the one a claim rests on at this look."""
    names = ("candidate", "champion", "difference", "low", "high")
    wide = at_level(found, strict)
    return {**{name: getattr(found, name) for name in names}, "strict_low": wide.low, "strict_high": wide.high}
