"""The champion on today's rows: brought back, checked for what it has seen, scored, and asked how it behaves.

Nothing here is yours to edit: what follows if it cannot be compared is in `params.yaml`, group `gate`. What was
computed once for a champion, these data and these checks is kept in `.mergeline/champions/`.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from mergeline.evaluation.scoring import read_features
from mergeline.files import compute_digest, read_json, write_json
from mergeline.gate.behaviour import WHERE, Behaviour, Chosen, measure_behaviour
from mergeline.gate.candidate import NO_SCORES, Candidate, write_probes
from mergeline.gate.champion import Champion, list_records
from mergeline.gate.comparison import Comparison, compare_scores, pair
from mergeline.gate.life import judge_age, judge_history, judge_seen
from mergeline.gate.looks import count_looks
from mergeline.gate.reproduce import (
    FEATURES,
    MODELS,
    SCRATCH,
    ChampionUnscorableError,
    bring_back,
    prepare,
    score_champion,
)
from mergeline.gate.rules import Rule
from mergeline.params import Gate
from mergeline.vocabulary import Check


@dataclass(frozen=True)
class Opponent:
    """The comparison with the champion, and the champion's behaviour; None if it was not asked."""

    comparison: Comparison
    behaviour: list[Behaviour] | None = None


def meet(champion: Champion, candidate: Candidate, checks: Sequence[Check], chosen: Chosen, gate: Gate) -> Opponent:
    """Return how the candidate compares with the champion on the same rows, each with its own preprocessing.

    Raises
    ------
    MergelineError
        If the champion cannot be brought back, or the rows cannot be compared.
    """
    manifest = read_json(bring_back(champion) / MODELS / "model.json")
    seen = judge_seen(manifest, candidate.starts, candidate.batches, gate)
    life = [judge_age(champion, candidate.starts, gate), seen, judge_history(candidate.digest, list_records())]
    if seen.outcome != "pass":
        return Opponent(Comparison(life))
    name = f"{champion.commit}-{champion.model_digest[:16]}-{compute_digest(Path('data.dvc'))[:16]}"
    try:
        paired = pair(candidate.predictions, read_scores(champion, candidate.batches, name))
        behaviour = read_behaviour(champion, candidate.batches, checks, chosen, gate, name)
    except ChampionUnscorableError as error:
        change = "restore what the champion reads, or let a person decide: gate.champion_unscorable"
        rule = Rule("champion_unscorable", gate.champion_unscorable, f"{error.what} ({error.where})", change)
        return Opponent(Comparison([*life, rule]))
    comparison = compare_scores(paired, count_looks(), gate)
    return Opponent(replace(comparison, rules=[*comparison.rules, *life]), behaviour)


def read_scores(champion: Champion, batches: Sequence[str], name: str) -> pl.DataFrame:
    """Return the champion's scores of the held-out batches, computed once per champion and data.

    The record's digest is part of `name`: scores of a model that nobody checked against the record are not taken.
    """
    output = SCRATCH / f"{name}-{batches[0]}-{batches[-1]}.parquet"
    if not output.exists():
        score_champion(prepare(champion), batches, output)
    return pl.read_parquet(output)


def read_behaviour(
    champion: Champion, batches: Sequence[str], checks: Sequence[Check], chosen: Chosen, gate: Gate, name: str
) -> list[Behaviour]:
    """Return what came of each check for the champion, on its own features of the same rows."""
    asked = json.dumps([chosen, gate.min_check_rows], sort_keys=True).encode() + Path(WHERE).read_bytes()
    output = SCRATCH / f"{name}-checks-{hashlib.sha256(asked).hexdigest()[:16]}.json"
    if not output.exists():
        write_json(output, [asdict(found) for found in _ask(prepare(champion), batches, checks, chosen, gate)])
    return [Behaviour(**found) for found in read_json(output)]


def _ask(tree: Path, batches: Sequence[str], checks: Sequence[Check], chosen: Chosen, gate: Gate) -> list[Behaviour]:
    features = {batch: read_features(tree / FEATURES, batch) for batch in batches}
    with tempfile.TemporaryDirectory() as name:
        probes, output = Path(name) / "probes", Path(name) / "scores.parquet"
        probes.mkdir()
        impossible = write_probes(features, checks, chosen, probes)
        probed = sorted(path.stem for path in probes.iterdir())
        if probed:
            score_champion(tree, probed, output, probes)
        scores = pl.read_parquet(output) if probed else NO_SCORES
    return measure_behaviour(scores, checks, impossible, gate.min_check_rows)
