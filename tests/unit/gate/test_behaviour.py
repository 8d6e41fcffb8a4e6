"""A check is kept by the share of rows that obey, judged against the champion, and named where it was not asked."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

import parameters
from mergeline.errors import MergelineError
from mergeline.gate.behaviour import Behaviour, build_probe, choose_rows, judge_behaviour, measure_behaviour
from mergeline.vocabulary import Check, Directional, Invariance, MinimumFunctionality

GATE = replace(parameters.GATE, check_rows=40, min_check_rows=10)
ALL = pl.lit(True)
FRAME = pl.DataFrame(
    {
        "row_id": [f"2013-04|{i:03}" for i in range(100)],
        "decision_at": range(100),
        "kind": ["a", "b"] * 50,
        "x": [float(i) for i in range(100)],
    }
)
FEATURES = {"2013-04": FRAME}
SAME = Invariance("same", ALL, {"kind": pl.lit("?")}, within=0.05, share=0.9, because="")
RISE = Directional("rise", pl.col("x") >= 50, {"x": pl.col("x") + 10}, "up", slack=0.01, share=0.9, because="")
LOW = MinimumFunctionality("low", pl.col("x") < 20, 0.0, 0.3, share=0.9, because="")


def ask(score: pl.Expr, *checks: Check, features: dict[str, pl.DataFrame] = FEATURES) -> dict[str, Behaviour]:
    """Return what came of the checks for a model that scores by the expression."""
    chosen = choose_rows(FEATURES, checks, GATE)
    parts, impossible = [], {}
    for batch, frame in features.items():
        probe, refused = build_probe(frame, checks, chosen, batch)
        parts.append(probe.select("row_id", score=score))
        impossible |= refused
    scores = pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=1)
    return {found.check: found for found in measure_behaviour(scores, checks, impossible, GATE.min_check_rows)}


def test_an_invariance_is_broken_by_what_moves_the_score() -> None:
    """A score that follows the changed column is not invariant; another one is."""
    follows = pl.when(pl.col("kind") == "?").then(0.9).otherwise(0.2)
    assert ask(follows, SAME)["same"] == Behaviour("same", 40, 0.0, 0.7, False)
    assert ask(pl.col("x") / 200, SAME)["same"].kept is True


def test_a_direction_is_broken_by_the_wrong_way_and_by_no_move_where_one_is_asked() -> None:
    """Falling is wrong; staying is wrong only if the mean has to move."""
    assert ask(0.9 - pl.col("x") / 200, RISE)["rise"].share == 0
    assert ask(pl.col("x") / 200, RISE)["rise"].mean_move == pytest.approx(0.05)
    assert ask(pl.lit(0.5), RISE)["rise"].kept is True
    assert ask(pl.lit(0.5), replace(RISE, at_least=0.01))["rise"].kept is False
    assert ask(0.9 - pl.col("x") / 200, replace(RISE, direction="down", at_least=0.01))["rise"].kept is True


def test_a_minimum_is_broken_by_scores_outside_its_range() -> None:
    """The share of rows inside decides."""
    assert ask((pl.col("x") + 0.5) / 40, LOW)["low"] == Behaviour("low", 20, pytest.approx(0.6), None, False)
    assert ask(pl.col("x") / 100, LOW)["low"].kept is True


def test_rows_are_those_of_who_at_most_as_many_as_params_say_and_always_the_same() -> None:
    """Sampled by a fixed seed, whatever the order of the file."""
    chosen = choose_rows(FEATURES, [SAME, RISE, LOW], GATE)
    assert [len(chosen[check.name]["2013-04"]) for check in (SAME, RISE, LOW)] == [40, 40, 20]
    assert set(chosen["rise"]["2013-04"]) <= set(FRAME.filter(pl.col("x") >= 50)["row_id"])
    assert choose_rows({"2013-04": FRAME.reverse()}, [SAME, RISE, LOW], GATE) == chosen


def test_too_few_rows_are_no_pass() -> None:
    """A check about rows that the held-out period lacks is named with its reason."""
    found = ask(pl.lit(0.2), replace(LOW, who=pl.col("x") < 5), SAME)
    assert (found["low"].kept, found["low"].reason) == (None, "too few rows (5 of 10)")
    rule = judge_behaviour(list(found.values()), None)
    assert rule.outcome == "pass"
    assert "not judged: low (too few rows (5 of 10))" in rule.says
    alone = judge_behaviour([found["low"]], None)
    assert alone.outcome == "hold"
    assert "none of 1 behaviour checks could be judged" in alone.says


def test_a_model_without_the_changed_feature_cannot_be_asked_and_that_is_said() -> None:
    """The champion's features are its own: a check on a newer one is judged on the candidate alone."""
    theirs = {"2013-04": FRAME.drop("kind")}
    champion = ask(pl.col("x") / 200, SAME, LOW, features=theirs)
    assert champion["same"].reason == "its features have no column kind"
    assert champion["low"].kept is True
    broken = ask(pl.when(pl.col("kind") == "?").then(0.9).otherwise(0.2), SAME, LOW)
    rule = judge_behaviour(list(broken.values()), list(champion.values()))
    assert rule.outcome == "reject"
    assert "same: 0.0% of 40 rows obey" in rule.says
    assert "could not be asked of the champion: same" in rule.says


@pytest.mark.parametrize(
    ("candidate", "champion", "outcome", "says"),
    [
        (True, True, "pass", "1 of 1 behaviour checks are kept"),
        (True, False, "pass", "1 of 1 behaviour checks are kept"),
        (False, True, "reject", "broken, and not by the champion: c: 50.0% of 100 rows obey"),
        (False, False, "pass", "broken by the champion as well: c"),
        (False, None, "reject", "broken, and not by the champion: c"),
    ],
)
def test_only_a_check_that_the_champion_keeps_rejects(
    candidate: bool, champion: bool | None, outcome: str, says: str
) -> None:
    """What both break is said; what the champion was not asked counts as kept by it."""
    ours = Behaviour("c", 100, 0.5, kept=candidate)
    rule = judge_behaviour([ours], [Behaviour("c", 100, 0.5, kept=champion)])
    assert rule.outcome == outcome
    assert says in rule.says


def test_no_checks_are_said() -> None:
    """A project that states no expectation is not stopped, and the verdict says that there is none."""
    rule = judge_behaviour([], None)
    assert rule.outcome == "pass"
    assert "there are no behaviour checks in src/usecase/checks.py" in rule.says


@pytest.mark.parametrize(
    ("checks", "what", "fix"),
    [
        ([SAME, SAME], "two checks are called 'same'", "its own name"),
        ([replace(SAME, change={"gone": pl.lit(1)})], "changes 'gone', which is no feature", "name a feature"),
        ([replace(LOW, who=pl.col("gone") > 1)], "cannot choose its rows", "use the columns of FEATURES"),
    ],
)
def test_a_check_that_cannot_be_meant_is_an_error_that_names_it(checks: list[Any], what: str, fix: str) -> None:
    """Faults of the checks themselves are no verdict on a model."""
    with pytest.raises(MergelineError) as caught:
        choose_rows(FEATURES, checks, GATE)
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "src/usecase/checks.py" in caught.value.where
