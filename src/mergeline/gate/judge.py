"""The gate: champion and candidate on the same held-out rows, judged by the rules in `params.yaml`, group `gate`.

Nothing here is yours to edit. The gate is an edge of the pipeline and not a stage: who the champion is lies outside
the tree, so a verdict inside `dvc.lock` would be stale after every promotion. It writes `reports/verdict.json` and
`reports/verdict.md`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.files import write_json, write_text
from mergeline.gate.behaviour import Behaviour, Chosen, choose_rows, judge_behaviour
from mergeline.gate.budget import describe_cost, judge_cost
from mergeline.gate.candidate import Candidate, ask, judge_alone, measure, read_candidate
from mergeline.gate.champion import Champion, read_champion
from mergeline.gate.comparison import Comparison
from mergeline.gate.opponent import Opponent, meet
from mergeline.gate.rules import Rule
from mergeline.gate.verdict import decide, render_verdict
from mergeline.params import Gate, Params, load_params
from usecase.checks import CHECKS


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.gate.judge",
        description=__doc__.splitlines()[0],
        epilog="How to read a verdict, and what every rule means: docs/gate.md.",
    )
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder of the verdict (default: reports)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the verdict; return 1 if it is `reject`, else 0."""
    options = make_parser().parse_args(argv)
    params = load_params()
    champion = read_champion()
    verdict, measured = judge_candidate(read_candidate(params), champion, params)
    write_json(options.out / "verdict.json", verdict)
    write_text(options.out / "verdict.md", render_verdict(verdict, measured))
    print(f"verdict: {verdict['verdict']}\n" + "\n".join(f"  - {reason}" for reason in verdict["reasons"]))
    print(f"measured: {measured}" if measured else "measured: nothing, the predictions cannot be judged")
    return int(verdict["verdict"] == "reject")


def judge_candidate(
    candidate: Candidate, champion: Champion | None, params: Params
) -> tuple[dict[str, Any], str | None]:
    """Return the content of verdict.json, and in words what was measured on this machine.

    A candidate whose predictions cannot be judged is rejected for that alone: nothing else could be told from them.
    """
    gate = params.gate
    rules = judge_alone(candidate, params)
    opponent, behaviour, measured = Opponent(Comparison([])), [], None
    if rules[0].outcome == "pass":
        chosen = choose_rows(candidate.features, CHECKS, gate)
        behaviour = ask(candidate, CHECKS, chosen, gate)
        cost = measure(candidate, gate)
        measured = describe_cost(cost)
        opponent = face(champion, candidate, chosen, behaviour, gate)
        rules += [judge_behaviour(behaviour, opponent.behaviour), *judge_cost(cost, gate), *opponent.comparison.rules]
    verdict = decide(rules, champion.commit if champion else None)
    comparison = opponent.comparison
    return verdict | {
        "model_digest": candidate.digest,
        "comparison": comparison.metrics,
        "slices": comparison.slices,
        "worst_slice": comparison.worst_slice,
        "checks": list_checks(behaviour, opponent.behaviour),
    }, measured


def face(
    champion: Champion | None, candidate: Candidate, chosen: Chosen, behaviour: list[Behaviour], gate: Gate
) -> Opponent:
    """Return the comparison with the champion: nothing if there is none, and a word if it is this very model."""
    if champion is None:
        return Opponent(Comparison([]))
    if champion.model_digest == candidate.digest:
        says = "this is the champion's own model: there is nothing to promote"
        return Opponent(Comparison([Rule("champion", "hold", says, "a change of data, features or model")]), behaviour)
    return meet(champion, candidate, CHECKS, chosen, gate)


def list_checks(candidate: Sequence[Behaviour], champion: Sequence[Behaviour] | None) -> list[dict[str, Any]]:
    """Return per check what came of it for both models; the champion's part is None if it was not asked."""
    theirs = {found.check: asdict(found) for found in champion or ()}
    because = {check.name: check.because for check in CHECKS}
    return [
        {
            "check": found.check,
            "because": because.get(found.check, ""),
            "n_rows": found.n_rows,
            "candidate": asdict(found),
            "champion": theirs.get(found.check),
        }
        for found in candidate
    ]


if __name__ == "__main__":
    run(main)
