"""The gate: champion and candidate on the same held-out rows, judged by the rules in `params.yaml`, group `gate`.

Nothing here is yours to edit. The gate is an edge of the pipeline and not a stage: who the champion is lies outside
the tree, so a verdict inside `dvc.lock` would be stale after every promotion. It writes `reports/verdict.json` and
`reports/verdict.md`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json, write_json, write_text
from mergeline.gate.champion import Champion, read_champion
from mergeline.gate.multiplicity import adjust_level
from mergeline.gate.paired import compute_paired_intervals
from mergeline.gate.reproduce import MODELS, SCRATCH, ChampionUnscorableError, score_champion
from mergeline.gate.resampling import count_resamples
from mergeline.gate.slices import SliceRule, compare_slices
from mergeline.gate.verdict import Rule, decide, judge_floors, judge_intervals, judge_slices, render_verdict
from mergeline.params import Gate, load_params
from mergeline.shell import run_git

PREDICTIONS = Path("artifacts/predictions.parquet")
METRICS = Path("reports/metrics.json")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.gate.judge", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder of the verdict (default: reports)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the verdict; return 1 if it is `reject`, else 0."""
    options = make_parser().parse_args(argv)
    gate = load_params().gate
    champion = read_champion()
    rules = judge_floors(read_json(METRICS), gate)
    comparison = compare(champion, gate) if champion else Comparison([])
    verdict = decide([*rules, *comparison.rules], champion.commit if champion else None)
    verdict["model_digest"] = compute_digest(MODELS / "model.json")
    verdict |= {"comparison": comparison.metrics, "slices": comparison.slices}
    write_json(options.out / "verdict.json", verdict)
    write_text(options.out / "verdict.md", render_verdict(verdict))
    print(f"verdict: {verdict['verdict']}\n" + "\n".join(f"  - {reason}" for reason in verdict["reasons"]))
    return int(verdict["verdict"] == "reject")


@dataclass(frozen=True)
class Comparison:
    """The rules that compare the candidate with the champion, and the figures behind them."""

    rules: list[Rule]
    metrics: dict[str, Any] | None = None
    slices: list[dict[str, Any]] = field(default_factory=list)


def compare(champion: Champion, gate: Gate) -> Comparison:
    """Return how the candidate compares with the champion on the same rows, each with its own preprocessing."""
    if champion.model_digest == compute_digest(MODELS / "model.json"):
        return Comparison([Rule("champion", "hold", "this is the champion's own model: there is nothing to promote")])
    candidate = pl.read_parquet(PREDICTIONS)
    try:
        paired = pair(candidate, read_scores(champion, candidate))
    except ChampionUnscorableError as error:
        return Comparison([Rule("champion_unscorable", gate.champion_unscorable, f"{error.what} ({error.where})")])
    return compare_scores(paired, count_looks(), gate)


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
    level = adjust_level(gate.level, min(looks, gate.max_looks), gate.looks_correction)
    n_resamples = max(gate.n_resamples, count_resamples(level))
    target, champion, candidate = (paired[name].to_numpy() for name in ("target", "champion_score", "score"))
    cluster = paired[gate.cluster].to_numpy()
    intervals = compute_paired_intervals(
        target, champion, candidate, cluster,
        row_id=paired["row_id"].to_numpy(), n_resamples=n_resamples, level=gate.level, random_state=gate.random_state,
    )  # fmt: skip
    rule = SliceRule(
        "roc_auc", gate.max_slice_loss, gate.min_slice_rows, gate.min_slice_clusters, gate.level,
        gate.n_resamples, gate.random_state,
    )  # fmt: skip
    columns = {name: paired[name].to_numpy() for name in list_slices(paired)}
    slices = compare_slices(target, champion, candidate, cluster, columns, rule)
    names = ("candidate", "champion", "difference", "low", "high")
    figures = {metric: {name: getattr(found, name) for name in names} for metric, found in intervals.items()}
    auc = intervals["roc_auc"]
    metrics = {"n_rows": auc.n_rows, "n_clusters": auc.n_clusters, "level": gate.level, "metrics": figures}
    rules = [*judge_intervals(intervals, looks, gate), judge_slices(slices, gate)]
    return Comparison(rules, {**metrics, "looks": looks}, [asdict(part) for part in slices])


def list_slices(paired: pl.DataFrame) -> list[str]:
    """Return the names of the slices that `usecase/metrics.py` gave the rows: columns of text that name no row."""
    return [name for name, kind in paired.schema.items() if kind == pl.String and name not in ("row_id", "batch")]


def count_looks(folder: Path = Path()) -> int:
    """Return how many different results were committed, on any branch, for the present data; at least 1.

    Every committed `reports/metrics.json` that was made from today's `data.dvc` is a look at the same held-out rows.
    """
    data = run_git("hash-object", "data.dvc", folder=folder)
    commits = run_git("log", "--all", "--format=%H", "--", str(METRICS), folder=folder).splitlines()
    looks = {run_git("hash-object", str(METRICS), folder=folder)}
    for commit in commits:
        listed = run_git("ls-tree", "--format=%(objectname)", commit, "data.dvc", str(METRICS), folder=folder).split()
        if len(listed) == 2 and data in listed:
            looks.update(set(listed) - {data})
    return len(looks)


def read_scores(champion: Champion, candidate: pl.DataFrame) -> pl.DataFrame:
    """Return the champion's scores of the candidate's held-out batches, computed once per champion and data.

    The record's digest is part of the name: scores of a model that nobody checked against the record are not taken.
    """
    batches = candidate["batch"].unique().sort().to_list()
    data_hash = compute_digest(Path("data.dvc"))[:16]
    model = f"{champion.commit}-{champion.model_digest[:16]}"
    output = SCRATCH / f"{model}-{data_hash}-{batches[0]}-{batches[-1]}.parquet"
    if not output.exists():
        score_champion(champion, batches, output)
    return pl.read_parquet(output)


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


if __name__ == "__main__":
    run(main)
