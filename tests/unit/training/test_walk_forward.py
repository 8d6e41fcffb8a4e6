"""Tests of `mergeline.training.walk_forward`: a model per held-out batch, each ignorant of it."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

from mergeline.errors import MergelineError
from mergeline.training.history import read_history
from mergeline.training.walk_forward import choose_held_out, fit_models

MONTHS = [f"2013-{month:02}" for month in range(1, 13)]


@pytest.mark.parametrize(
    ("n_batches", "wanted", "held_out"),
    [(6, 3, MONTHS[3:6]), (12, 3, MONTHS[9:12]), (4, 3, MONTHS[2:4]), (3, 3, MONTHS[2:3]), (2, 1, MONTHS[1:2])],
)
def test_the_newest_batches_are_held_out_but_at_most_half(n_batches: int, wanted: int, held_out: list[str]) -> None:
    """A short history holds out fewer than wanted, so that there is something to learn from."""
    assert choose_held_out(MONTHS[:n_batches], wanted) == held_out


def test_one_batch_is_too_short_a_history() -> None:
    """One batch cannot both train and judge."""
    with pytest.raises(MergelineError, match="too short: 1 batch, ") as caught:
        choose_held_out(MONTHS[:1], 3)
    assert "add at least one earlier or later batch" in caught.value.fix


def test_each_model_is_trained_on_what_was_known_before_its_batch(write_features: Callable[..., Path]) -> None:
    """Rows and labels precede the first decision of the held-out batch; later models know more."""
    history = read_history(write_features(4))
    models = fit_models("prior", DummyClassifier(), history, ["2013-03", "2013-04"], lambda _: None)
    assert [model.held_out for model in models] == ["2013-03", "2013-04"]
    for model in models:
        begins = history.find_first_decision(model.held_out)
        assert model.rows["decision_at"].max() < begins
        assert model.rows["label_at"].max() <= begins
        assert model.estimator.class_prior_[1] == pytest.approx(model.rows["target"].mean())
    assert models[1].rows.height > models[0].rows.height


def test_a_history_of_one_outcome_is_refused(write_features: Callable[..., Path]) -> None:
    """Nothing can be learnt where nothing was ever late."""
    history = read_history(write_features(2, lambda _, frame: frame.with_columns(pl.col("target") * 0)))
    with pytest.raises(MergelineError, match="known before 2013-02 hold no two outcomes") as caught:
        fit_models("prior", DummyClassifier(), history, ["2013-02"], lambda _: None)
    assert "procure.batches" in caught.value.fix
