"""The gate: champion and candidate on the same held-out rows, judged by the rules in `params.yaml`, group `gate`.

Nothing here is yours to edit. The gate is an edge of the pipeline and not a stage: who the champion is lies outside
the tree, so a verdict inside `dvc.lock` would be stale after every promotion. It writes `reports/verdict.json` and
`reports/verdict.md`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json, write_json, write_text
from mergeline.gate.champion import Champion, read_champion
from mergeline.gate.reproduce import MODELS, SCRATCH, score_champion
from mergeline.gate.verdict import Rule, decide, judge_difference, judge_floors, render_verdict
from mergeline.params import Gate, load_params

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
    rules = [*judge_floors(read_json(METRICS), gate), *judge_against(champion, gate)]
    verdict = decide(rules, champion.commit if champion else None)
    verdict["model_digest"] = compute_digest(MODELS / "model.json")
    write_json(options.out / "verdict.json", verdict)
    write_text(options.out / "verdict.md", render_verdict(verdict))
    print(f"verdict: {verdict['verdict']}\n" + "\n".join(f"  - {reason}" for reason in verdict["reasons"]))
    return int(verdict["verdict"] == "reject")


def judge_against(champion: Champion | None, gate: Gate) -> list[Rule]:
    """Return the rules that compare the candidate with the champion; none if there is no champion."""
    if champion is None:
        return []
    candidate = pl.read_parquet(PREDICTIONS)
    if champion.model_digest == compute_digest(MODELS / "model.json"):
        return [Rule("champion", "hold", "this is the champion's own model: there is nothing to promote")]
    try:
        paired = pair(candidate, read_scores(champion, candidate))
    except MergelineError as error:
        return [Rule("champion_unscorable", gate.champion_unscorable, f"{error.what} ({error.where})")]
    return [judge_difference(*compute_paired_auc(paired), paired.height, gate)]


def read_scores(champion: Champion, candidate: pl.DataFrame) -> pl.DataFrame:
    """Return the champion's scores of the candidate's held-out batches, computed once per champion and data."""
    batches = candidate["batch"].unique().sort().to_list()
    data_hash = compute_digest(Path("data.dvc"))[:16]
    output = SCRATCH / f"{champion.commit}-{data_hash}-{batches[0]}-{batches[-1]}.parquet"
    if not output.exists():
        score_champion(champion, batches, output)
    return pl.read_parquet(output)


def pair(candidate: pl.DataFrame, champion: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `candidate` with the champion's score beside the candidate's, joined by `row_id`.

    Raises
    ------
    MergelineError
        If a row occurs twice, or the champion has no score for a row that the candidate has.
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
        raise MergelineError(
            f"the champion has no score for {lost.height} of {paired.height} rows (first: {lost['row_id'][0]})",
            where="predictions of the champion",
            fix="make `row_id` in src/usecase/features.py name the same rows as at the champion's commit",
        )
    return paired


def compute_paired_auc(paired: pl.DataFrame) -> tuple[float, float]:
    """Return the ROC AUC of champion and candidate on the rows of `paired`."""
    from sklearn.metrics import roc_auc_score

    target = paired["target"].to_numpy()
    scores: list[Any] = [paired[name].to_numpy() for name in ("champion_score", "score")]
    return float(roc_auc_score(target, scores[0])), float(roc_auc_score(target, scores[1]))


if __name__ == "__main__":
    run(main)
