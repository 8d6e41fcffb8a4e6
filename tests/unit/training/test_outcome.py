"""Tests of `mergeline.training.outcome`: the choice sees nothing of the held-out period."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.params import Train
from mergeline.training.calibration import SigmoidCalibrated
from mergeline.training.history import read_history
from mergeline.training.outcome import Outcome, train

Write = Callable[..., Path]
MakeParams = Callable[..., Train]


def run(directory: Path, params: Train) -> tuple[Outcome, str]:
    """Return what training yields on the features in `directory`, and all it said."""
    said: list[str] = []
    return train(read_history(directory), params, said.append), "\n".join(said)


def scramble(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn every outcome round and every feature with it."""
    return frame.with_columns(
        (1 - pl.col("target")).alias("target"), pl.col("wind") * -3, pl.lit("XXX").alias("origin")
    )


def test_nothing_of_the_held_out_batches_reaches_the_choice(write_features: Write, make_params: MakeParams) -> None:
    """With outcomes and features of the held-out batches turned round, the report is the same to the last digit."""
    honest, _ = run(write_features(4), make_params())
    turned, _ = run(write_features(4, lambda month, frame: scramble(frame) if month >= 3 else frame), make_params())
    assert json.dumps(turned.report) == json.dumps(honest.report)
    assert turned.winner == honest.winner


def test_the_shipped_model_knows_nothing_of_the_batch_that_judged_it(
    write_features: Write, make_params: MakeParams
) -> None:
    """The newest model gives the same scores whatever the last batch held; the one for the batch before as well."""
    honest, _ = run(write_features(4), make_params())
    turned, _ = run(write_features(4, lambda month, frame: scramble(frame) if month == 4 else frame), make_params())
    history = read_history(write_features(4))
    features, _ = history.split(history.rows)
    for one, other in zip(honest.models, turned.models, strict=True):
        assert np.array_equal(one.estimator.predict_proba(features), other.estimator.predict_proba(features))
    assert honest.models[-1].held_out == "2013-04"


def test_a_planted_look_ahead_would_be_seen(write_features: Write, make_params: MakeParams) -> None:
    """The scrambling is strong enough: a change inside the selection data does change the figures."""
    honest, _ = run(write_features(4), make_params())
    turned, _ = run(write_features(4, lambda month, frame: scramble(frame) if month == 2 else frame), make_params())
    assert turned.report["selection"]["candidates"] != honest.report["selection"]["candidates"]


def test_the_report_tells_the_figures_and_the_reason(write_features: Write, make_params: MakeParams) -> None:
    """Every candidate with its folds, the winner, why, and what was decided on calibration; figures of 6 decimals."""
    outcome, said = run(write_features(4), make_params())
    selection = outcome.report["selection"]
    assert set(selection["candidates"]) == {"prior", "logistic_regression", "hist_gradient_boosting"}
    assert [len(entry["folds"]) for entry in selection["candidates"].values()] == [2, 2, 2]
    losses = {name: entry["log_loss"] for name, entry in selection["candidates"].items()}
    assert min(losses, key=losses.__getitem__) == selection["winner"] == outcome.winner != "prior"
    assert all(loss == round(loss, 6) for loss in losses.values())
    assert selection["reason"].startswith("lowest mean log loss")
    assert outcome.report["held_out"] == ["2013-03", "2013-04"]
    assert outcome.report["calibration"]["reason"] in said
    assert f"{outcome.winner}" in said
    assert "<- chosen" in said


def test_a_short_history_holds_out_fewer_batches_and_says_so(write_features: Write, make_params: MakeParams) -> None:
    """Three batches wanted, three there: one is held out."""
    outcome, said = run(write_features(3), make_params(held_out_batches=3))
    assert [model.held_out for model in outcome.models] == ["2013-03"]
    assert "held out: 1 of the 3 batches wanted" in said


def test_too_short_a_history_is_an_error(write_features: Write, make_params: MakeParams) -> None:
    """One batch is not enough, and the error says what to add."""
    with pytest.raises(MergelineError, match="too short") as caught:
        run(write_features(1), make_params())
    assert "add at least one" in caught.value.fix


def test_an_overconfident_winner_is_calibrated_unless_never(write_features: Write, make_params: MakeParams) -> None:
    """Where trees have memorised, the sigmoid is kept and sits in the models; `never` leaves them as they are."""
    greedy = {"hist_gradient_boosting": {"max_iter": 40, "learning_rate": 0.5, "min_samples_leaf": 2}}
    directory = write_features(4)
    outcome, said = run(directory, make_params(candidates=greedy))
    sigmoid = outcome.decision.sigmoid
    assert sigmoid is not None
    assert 0 < sigmoid.slope < 0.9
    assert "calibrated: on 1 later folds" in said
    assert all(isinstance(model.estimator, SigmoidCalibrated) for model in outcome.models)
    assert outcome.models[0].estimator.slope == sigmoid.slope == outcome.report["calibration"]["slope"]
    plain, _ = run(directory, make_params(candidates=greedy, calibrate="never"))
    assert plain.decision.sigmoid is None
    assert not any(isinstance(model.estimator, SigmoidCalibrated) for model in plain.models)
