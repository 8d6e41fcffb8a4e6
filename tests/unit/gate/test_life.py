"""Age, what the champion has seen, and models that were champion before."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mergeline.gate.champion import Champion, list_records, read_champion, write_champion
from mergeline.gate.life import judge_age, judge_history, judge_seen
from mergeline.shell import run_git
from parameters import GATE

STARTS = {f"2013-{month:02}": datetime(2013, month, 1, 5, tzinfo=UTC) for month in range(1, 10)}
RECORD = Champion(1, "a" * 40, "1" * 64, "data", "boosting", "2013-03-31T20:00:00Z", {})


def make_manifest(**ranges: tuple[str, str]) -> dict[str, Any]:
    """Return a model.json of models by held-out batch: (trained to, labels known by)."""
    models = [
        {"held_out": name, "file": f"{name}.joblib", "trained_to": to, "labels_known_by": known}
        for name, (to, known) in ranges.items()
    ]
    return {"models": models, "ships": models[-1]["file"]}


def test_age_counts_the_batches_that_came_since() -> None:
    """Trained to the end of March, April to September are newer: six, which is just not old."""
    young = judge_age(RECORD, STARTS, GATE)
    assert (young.outcome, young.says) == (
        "pass", "the champion was trained on rows up to 2013-03-31; 6 batches are newer, no more than 6"
    )  # fmt: skip


@pytest.mark.parametrize("outcome", ["pass", "hold"])
def test_an_old_champion_is_never_passed_over_in_silence(outcome: Any) -> None:
    """Params say what follows; that it is old is said either way."""
    rule = judge_age(RECORD, STARTS, replace(GATE, max_champion_age=5, champion_too_old=outcome))
    assert rule.outcome == outcome
    assert "6 batches are newer, more than 5: it is old" in rule.says
    assert bool(rule.change) == (outcome == "hold")


def test_a_champion_that_was_walked_forward_is_fair_and_what_its_newest_model_saw_is_said() -> None:
    """For each held-out batch it has a model from before; the one that ships is not asked about what it has seen."""
    manifest = make_manifest(
        march=("2013-02-28T20:00:00Z", "2013-03-01T05:00:00Z"), april=("2013-03-31T20:00:00Z", "2013-04-01T05:00:00Z")
    )
    rule = judge_seen(manifest, STARTS, ["2013-03", "2013-04"], GATE)
    assert rule.outcome == "pass"
    assert "the one that ships has seen 2013-03" in rule.says


@pytest.mark.parametrize("outcome", ["hold", "reject"])
@pytest.mark.parametrize(
    ("trained_to", "known_by"),
    [
        ("2013-04-20T00:00:00Z", "2013-05-01T05:00:00Z"),  # later than the batch, by its own record
        ("2013-04-20T00:00:00Z", "2013-04-01T05:00:00Z"),  # a record that contradicts itself: the range counts
    ],
)
def test_a_champion_that_saw_the_held_out_rows_is_found_by_its_ranges(
    outcome: Any, trained_to: str, known_by: str
) -> None:
    """Params say what follows; batch and range are named."""
    rule = judge_seen(
        make_manifest(april=(trained_to, known_by)), STARTS, ["2013-04"], replace(GATE, champion_saw_rows=outcome)
    )
    assert rule.outcome == outcome
    assert "batch 2013-04 begins at 2013-04-01" in rule.says
    assert "was trained up to 2013-04-20" in rule.says
    assert "wait for a batch that begins after 2013-04-20" in rule.change


def test_a_rollback_target_is_a_champion_like_any_other(git_repository: Path) -> None:
    """After a revert on the branch the earlier record counts, its history is read, and that it came back is said."""
    head = run_git("rev-parse", "HEAD")
    first = replace(RECORD, commit=head)
    second = replace(first, model_digest="2" * 64, candidate="newer")
    write_champion(first, "Promote the first")
    write_champion(second, "Promote the second")
    assert "number 2 on record" in judge_history("3" * 64, list_records()).says
    write_champion(first, "Roll back to the first")
    assert read_champion() == first
    records = list_records()
    assert [record.candidate for record in records] == ["boosting", "newer", "boosting"]
    rule = judge_history("3" * 64, records)
    assert rule.outcome == "pass"
    assert f"that of commit {head[:12]} was rolled back to it" in rule.says


def test_a_model_that_was_rolled_back_does_not_return_by_a_merge() -> None:
    """The very bytes that were taken out of use are held, with the way to bring them back on purpose."""
    second = replace(RECORD, model_digest="2" * 64, commit="b" * 40)
    rule = judge_history("2" * 64, [RECORD, second, RECORD])
    assert rule.outcome == "hold"
    assert (
        "this very model was champion before (commit bbbbbbbbbbbb) and was replaced or rolled back since" in rule.says
    )
    assert "mergeline.release.rollback --to bbbbbbbbbbbb" in rule.change


def test_no_branch_is_no_record(git_repository: Path) -> None:
    """Nothing was ever promoted."""
    assert list_records() == []
