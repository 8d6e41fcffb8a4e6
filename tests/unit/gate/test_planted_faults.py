"""Every fault that a gate is there for, planted in a small world with fitted models: red, and for the right reason.

The champion is fetched without git: `judged` stands in for bringing it back. Its model, its features and its scoring
are real. A champion whose commit is missing is planted in `test_champion.py`, in git.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.evaluation.scoring import score
from mergeline.files import compute_digest, read_json, write_json, write_parquet
from mergeline.gate import budget, judge, opponent
from mergeline.gate.candidate import read_candidate
from mergeline.gate.champion import Champion
from mergeline.gate.judge import judge_candidate
from mergeline.params import Params
from mergeline.vocabulary import Check, Directional, Invariance
from unit.gate import world
from unit.gate.world import Plan, build, make_params, make_rows

CHECKS: tuple[Check, ...] = (
    Invariance("noise", pl.lit(True), {"noise": pl.col("noise") + 1}, 0.2, 0.9, "noise says nothing"),
    Directional("storm", pl.col("storm") < 1, {"storm": pl.lit(3.0)}, "up", 0.02, 0.9, "storms delay"),
)
Verdict = dict[str, Any]
Judge = Callable[..., Verdict]


@pytest.fixture(scope="module")
def rows() -> dict[str, pl.DataFrame]:
    """Return the world's rows."""
    return make_rows()


@pytest.fixture(scope="module")
def champion_folder(rows: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tree of the champion: a sound model on the same features."""
    return build(tmp_path_factory.mktemp("champion"), rows)


@pytest.fixture
def judged(
    rows: dict[str, pl.DataFrame],
    champion_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    repository: Path,
) -> Judge:
    """Return a function that makes a candidate by a plan, spoils its files, and judges it against the champion."""
    champion = make_record(champion_folder)
    monkeypatch.setattr(judge, "CHECKS", CHECKS)
    monkeypatch.setattr(opponent, "bring_back", lambda record: champion_folder)
    monkeypatch.setattr(opponent, "prepare", lambda record: champion_folder)
    monkeypatch.setattr(opponent, "score_champion", score_in_process)
    monkeypatch.setattr(opponent, "list_records", lambda: [champion])
    monkeypatch.setattr(opponent, "count_looks", lambda: 1)
    monkeypatch.setattr(opponent, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(opponent, "WHERE", repository / opponent.WHERE)
    monkeypatch.setattr(budget, "CALLS", 3)
    monkeypatch.chdir(tmp_path)
    Path("data.dvc").write_text("outs: []\n")

    def run(
        plan: Plan = Plan(resample=1),  # noqa: B008
        spoil: Callable[[Path], None] = lambda folder: None,
        *,
        data: dict[str, pl.DataFrame] | None = None,
        against: Champion | None = champion,
        **gate: Any,
    ) -> Verdict:
        params: Params = make_params(repository, **gate)
        folder = build(tmp_path / "candidate", data or rows, plan)
        spoil(folder)
        return judge_candidate(read_candidate(params, folder), against, params)[0]

    return run


def make_record(folder: Path, **changes: Any) -> Champion:
    """Return the record of the model in `folder`."""
    manifest = folder / "artifacts/model/model.json"
    trained_to = read_json(manifest)["models"][-1]["trained_to"]
    record = Champion(1, "c0ffee" + "0" * 34, compute_digest(manifest), "data", "invented", trained_to, {})
    return replace(record, **changes)


def score_in_process(tree: Path, batches: list[str], output: Path, features: Path | None = None) -> None:
    """Score as the champion's own command does."""
    write_parquet(output, score(tree / "artifacts/model", features or tree / "artifacts/features", batches))


def get_rule(verdict: Verdict, name: str) -> dict[str, str]:
    """Return one rule of the verdict."""
    return next(rule for rule in verdict["rules"] if rule["name"] == name)


def get_red(verdict: Verdict) -> set[str]:
    """Return the names of the rules that object."""
    return {rule["name"] for rule in verdict["rules"] if rule["outcome"] != "pass"}


def edit_predictions(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path], None]:
    """Return what changes the file of predictions after the pipeline wrote it."""

    def spoil(folder: Path) -> None:
        path = folder / "artifacts/predictions.parquet"
        write_parquet(path, change(pl.read_parquet(path)))

    return spoil


# Models that are worse, or too good.


def test_label_leakage_through_a_feature_goes_to_a_person(judged: Judge, rows: dict[str, pl.DataFrame]) -> None:
    """A feature that knows the outcome is held for two reasons, each of which names leakage."""
    leaky = {batch: frame.with_columns(noise=frame["target"] + 0.3 * frame["noise"]) for batch, frame in rows.items()}
    verdict = judged(data=leaky)
    assert verdict["verdict"] != "promote"
    for name in ("max_roc_auc", "max_auc_jump"):
        assert get_rule(verdict, name)["outcome"] == "hold"
        assert "look for leakage first: a feature that knows the outcome" in get_rule(verdict, name)["says"]


def test_shuffled_labels_are_rejected_as_no_better_than_chance(judged: Judge) -> None:
    """A model that learned nothing breaks the floor, and is worse than the champion."""
    verdict = judged(Plan(shuffle_labels=True))
    assert verdict["verdict"] == "reject"
    assert "is not at least 0.66" in get_rule(verdict, "min_roc_auc")["says"]
    assert "worse by more than 0.003" in get_rule(verdict, "champion")["says"]


def test_a_model_trained_on_the_test_month_is_rejected_for_that(judged: Judge) -> None:
    """The recorded training ranges reach into the batch on which the model is judged."""
    verdict = judged(Plan(train_on_held_out=True))
    rule = get_rule(verdict, "held_out_unseen")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert "tested on what it was trained on: the model judged on 2013-03 was trained on rows up to" in rule["says"]


def test_worse_on_one_slice_only_is_rejected_for_the_slice(judged: Judge) -> None:
    """Scores shuffled at one airport: the rule names it, and the exploration finds it by itself."""
    verdict = judged(Plan(bend=world.turn_at_jfk))
    rule = get_rule(verdict, "max_slice_loss")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert "JFK" in rule["says"]
    assert "EWR" not in rule["says"]
    assert verdict["worst_slice"]["exploratory"] is True
    assert "JFK" in verdict["worst_slice"]["slice"]["values"]


def test_ruined_probabilities_of_the_same_order_are_rejected_for_calibration(judged: Judge) -> None:
    """The ranking is untouched, so the comparison of AUC is content; the rules of calibration are not."""
    verdict = judged(Plan(bend=world.double_the_odds, resample=None))
    assert verdict["verdict"] == "reject"
    assert get_rule(verdict, "champion")["outcome"] == "hold"
    assert "not worse by more than 0.003" in get_rule(verdict, "champion")["says"]
    assert get_red(verdict) == {"champion", "max_brier_rise", "calibration_ratio"}
    assert "is not from 0.7 to 1.45" in get_rule(verdict, "calibration_ratio")["says"]


def test_constant_predictions_are_rejected_before_anything_is_compared(judged: Judge) -> None:
    """A constant is no model: one rule, one reason."""
    verdict = judged(Plan(bend=world.be_constant))
    assert verdict["verdict"] == "reject"
    assert [rule["name"] for rule in verdict["rules"]] == ["predictions"]
    assert "every row has the score 0.25: a constant ranks nothing" in verdict["reasons"][0]


def test_a_model_that_behaves_worse_than_the_champion_is_rejected_by_its_check(judged: Judge) -> None:
    """Few rows see a strong storm, so no metric moves much; the directional check asks all of them."""
    verdict = judged(Plan(bend=world.fear_no_storm))
    rule = get_rule(verdict, "checks")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert "broken, and not by the champion: storm" in rule["says"]
    assert get_rule(verdict, "max_slice_loss")["outcome"] == "pass"


# What serving it costs.


def test_slower_than_its_budget_is_rejected_with_the_time_it_took(judged: Judge) -> None:
    """A model that thinks for a tenth of a second is over the budget of a row, not over a generous one of a batch."""
    verdict = judged(Plan(bend=world.be_slow), max_row_ms=40, max_batch_ms=5000)
    rule = get_rule(verdict, "max_row_ms")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert rule["says"].startswith("scoring one row takes 1")
    assert "more than 60 ms (40 ms and 50% slack)" in rule["says"]
    assert get_rule(verdict, "max_batch_ms")["outcome"] == "pass"


def test_larger_than_its_budget_is_rejected_with_its_size(judged: Judge) -> None:
    """A file of three megabytes does not fit into one."""
    verdict = judged(Plan(ballast=400_000), max_model_mb=1)
    rule = get_rule(verdict, "max_model_mb")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert "has 3.20 MB, more than 1" in rule["says"]


# Files that lie.


def test_nan_predictions_are_rejected_with_the_row(judged: Judge) -> None:
    """One NaN among thousands is a failure and no row to drop."""
    row = pl.int_range(pl.len()) == 17
    spoil = edit_predictions(
        lambda frame: frame.with_columns(score=pl.when(row).then(float("nan")).otherwise(pl.col("score")))
    )
    verdict = judged(spoil=spoil)
    assert verdict["verdict"] == "reject"
    assert "1 of 6720 scores are not probabilities (first: nan, 2013-03/17)" in verdict["reasons"][0]


def test_swapped_class_order_is_rejected_and_named(judged: Judge) -> None:
    """The column of the other class was taken: the ranking is upside down, and the file is not what the model gives."""
    verdict = judged(spoil=edit_predictions(lambda frame: frame.with_columns(score=1 - pl.col("score"))))
    assert verdict["verdict"] == "reject"
    assert "positive and negative class may have changed places" in get_rule(verdict, "min_roc_auc")["says"]
    assert (
        "6720 rows" in get_rule(verdict, "scores")["says"]
        or "have another score" in get_rule(verdict, "scores")["says"]
    )


def test_the_order_of_rows_has_no_influence(judged: Judge) -> None:
    """Two files in another order are joined by row: the verdict is the same to the last digit."""
    straight = judged()
    shuffled = judged(spoil=edit_predictions(lambda frame: frame.sample(fraction=1.0, shuffle=True, seed=3)))
    for metric, figures in straight["comparison"]["metrics"].items():
        assert shuffled["comparison"]["metrics"][metric] == pytest.approx(figures, abs=1e-12)
    assert [rule["outcome"] for rule in shuffled["rules"]] == [rule["outcome"] for rule in straight["rules"]]


def test_scores_that_changed_rows_are_rejected(judged: Judge) -> None:
    """A file whose scores are in another order than its rows is what a join by position would not see."""
    spoil = edit_predictions(lambda frame: frame.with_columns(score=frame["score"].reverse()))
    rule = get_rule(judged(spoil=spoil), "scores")
    assert rule["outcome"] == "reject"
    assert "have another score or target than the model and the features give" in rule["says"]


def test_duplicated_rows_are_rejected(judged: Judge) -> None:
    """Doubled rows would make every interval too narrow."""
    verdict = judged(spoil=edit_predictions(lambda frame: pl.concat([frame, frame.head(3)])))
    assert verdict["verdict"] == "reject"
    assert "3 rows are there more than once (first: 2013-03/0)" in verdict["reasons"][0]


def test_rows_left_out_of_the_predictions_are_rejected(judged: Judge) -> None:
    """Leaving out the rows that a model gets wrong is no way to be better."""
    rule = get_rule(judged(spoil=edit_predictions(lambda frame: frame.filter(pl.col("origin") != "JFK"))), "scores")
    assert rule["outcome"] == "reject"
    assert "rows are held out and not predicted" in rule["says"]


def test_an_empty_test_period_is_rejected(judged: Judge) -> None:
    """Nothing to judge on is a failure, not a pass."""
    verdict = judged(spoil=edit_predictions(lambda frame: frame.clear()))
    assert verdict["verdict"] == "reject"
    assert "the held-out period is empty" in verdict["reasons"][0]


def test_a_tampered_metrics_file_is_rejected_and_its_figures_are_not_used(judged: Judge) -> None:
    """A model below the floor does not pass by a figure written by hand."""

    def spoil(folder: Path) -> None:
        path = folder / "reports/metrics.json"
        write_json(path, read_json(path) | {"roc_auc": 0.74})

    verdict = judged(Plan(shuffle_labels=True), spoil)
    rule = get_rule(verdict, "metrics_file")
    assert (verdict["verdict"], rule["outcome"]) == ("reject", "reject")
    assert "reports/metrics.json is not what the predictions give: roc_auc 0.74, computed 0.5" in rule["says"]
    assert get_rule(verdict, "min_roc_auc")["outcome"] == "reject"


def test_tampered_predictions_are_rejected(judged: Judge) -> None:
    """Targets bent towards the scores, metrics made from them: the features on file say otherwise."""

    def spoil(folder: Path) -> None:
        edit_predictions(lambda frame: frame.with_columns(target=(pl.col("score") > 0.3).cast(pl.Int8)))(folder)

    rule = get_rule(judged(spoil=spoil), "scores")
    assert rule["outcome"] == "reject"


def test_a_model_file_that_is_not_the_listed_one_is_an_error(judged: Judge) -> None:
    """What was swapped is never loaded."""

    def spoil(folder: Path) -> None:
        (folder / "artifacts/model/2013-04.joblib").write_bytes(b"something else")

    with pytest.raises(MergelineError, match="not the one that was trained") as caught:
        judged(spoil=spoil)
    assert "do not load it" in caught.value.fix


# The champion.


def test_a_champion_that_saw_the_held_out_rows_is_said_and_judged_by_its_rule(
    judged: Judge, champion_folder: Path
) -> None:
    """Its recorded training ranges reach into today's held-out batches: no comparison, and the reason names them."""
    manifest = champion_folder / "artifacts/model/model.json"
    content = read_json(manifest)
    for entry in content["models"]:
        entry |= {"trained_to": "2013-04-20T00:00:00Z", "labels_known_by": "2013-04-22T00:00:00Z"}
    try:
        kept = manifest.read_bytes()
        manifest.write_text(json.dumps(content))
        held = judged()
        rejected = judged(champion_saw_rows="reject")
    finally:
        manifest.write_bytes(kept)
    rule = get_rule(held, "champion_saw_rows")
    assert (held["verdict"], rejected["verdict"]) == ("hold", "reject")
    assert "the champion was trained on rows that are held out now" in rule["says"]
    assert "wait for a batch that begins after 2013-04-20" in rule["change"]
    assert held["comparison"] is None


def test_an_old_champion_is_said_and_judged_by_its_rule(judged: Judge, champion_folder: Path) -> None:
    """Four batches have come since: it is named, and params say whether that is enough to hold."""
    old = make_record(champion_folder, trained_to="2012-12-31T00:00:00Z")
    passed, held = (judged(against=old, max_champion_age=3, champion_too_old=outcome) for outcome in ("pass", "hold"))
    for verdict, outcome in ((passed, "pass"), (held, "hold")):
        rule = get_rule(verdict, "champion_age")
        assert rule["outcome"] == outcome
        assert "4 batches are newer, more than 3: it is old" in rule["says"]


def test_without_a_champion_the_candidate_has_to_keep_its_checks_alone(judged: Judge) -> None:
    """The first model is promoted by floors and checks, and rejected by a broken check."""
    assert judged(against=None)["verdict"] == "promote"
    verdict = judged(Plan(bend=world.fear_no_storm), against=None)
    assert get_red(verdict) == {"checks"}
    assert get_rule(verdict, "checks")["says"].startswith("broken: storm")


# What must not go red.


def test_a_refit_on_another_draw_does_not_go_red(judged: Judge) -> None:
    """No rule objects; asked for better it holds, as a refresh it passes."""
    verdict = judged(Plan(resample=5))
    assert get_red(verdict) <= {"champion"}
    assert get_rule(verdict, "champion")["outcome"] == "hold"
    assert judged(Plan(resample=5), reason="refresh")["verdict"] == "promote"


def test_a_refactor_with_identical_outputs_does_not_go_red(judged: Judge) -> None:
    """Other bytes, the same scores: the difference is 0 without doubt, and the reason "refactor" asks for no more."""
    verdict = judged(Plan(ballast=10), reason="refactor")
    assert verdict["verdict"] == "promote"
    assert verdict["comparison"]["metrics"]["roc_auc"]["difference"] == 0


def test_a_data_refresh_within_noise_does_not_go_red(judged: Judge, rows: dict[str, pl.DataFrame]) -> None:
    """The training rows were delivered anew, a few of them corrected; the held-out rows are the same."""
    fresh = make_rows(seed=2)
    renewed = {batch: fresh[batch] if batch < world.HELD_OUT[0] else frame for batch, frame in rows.items()}
    verdict = judged(Plan(), data=renewed, reason="refresh")
    assert verdict["verdict"] == "promote", verdict["reasons"]


def test_every_rule_that_objects_says_what_would_change_it(judged: Judge) -> None:
    """In a verdict with many broken rules, none leaves the reader alone."""
    verdict = judged(Plan(shuffle_labels=True))
    assert all(rule["change"] for rule in verdict["rules"] if rule["outcome"] != "pass")
