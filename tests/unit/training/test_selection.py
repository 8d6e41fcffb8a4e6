"""Tests of `mergeline.training.selection`: the lowest log loss wins, and says by how much."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.params import Train
from mergeline.training.candidates import build_candidates
from mergeline.training.folds import make_folds
from mergeline.training.history import read_history
from mergeline.training.selection import (
    Validated,
    choose_winner,
    compare_candidates,
    compute_mean,
    fit,
    render_table,
    score,
)


def make_results(*figures: float) -> list[Validated]:
    """Return results with these log losses."""
    return [Validated(np.zeros(1), np.zeros(1, dtype=np.int64), figure, 0.7) for figure in figures]


def test_the_lowest_mean_log_loss_wins() -> None:
    """Folds count alike; the reason tells the distance to the second."""
    results = {"a": make_results(0.5, 0.7), "b": make_results(0.55, 0.6), "c": make_results(0.9, 0.9)}
    winner, reason = choose_winner(results)
    assert winner == "b"
    assert reason == "lowest mean log loss 0.575000, 0.025000 below a"
    assert render_table(results, winner).splitlines()[1].split() == ["b", "0.5750", "0.7000", "<-", "chosen"]


def test_of_equals_the_first_named_wins() -> None:
    """A tie is decided by the order in params.yaml, and told."""
    results = {"b": make_results(0.6), "a": make_results(0.6)}
    assert choose_winner(results) == ("b", "named before a, with the same mean log loss 0.600000")
    assert choose_winner({"a": make_results(0.6)}) == ("a", "the only candidate")


def test_candidates_are_compared_on_every_fold_and_stay_unfitted(
    write_features: Callable[..., Path], make_params: Callable[..., Train]
) -> None:
    """The signal is found by both learners, the prior scores its base rate, and a line per fit is told."""
    history = read_history(write_features(3))
    rows = history.select_known("2013-03")
    candidates = build_candidates(make_params(), history.features)
    said: list[str] = []
    results = compare_candidates(candidates, history, rows, make_folds(rows, 2, timedelta(hours=24)), said.append)
    assert len(said) == 6
    assert all(len(folds) == 2 for folds in results.values())
    losses = {name: compute_mean(folds, "log_loss") for name, folds in results.items()}
    assert max(losses["logistic_regression"], losses["hist_gradient_boosting"]) < losses["prior"] - 0.02
    assert compute_mean(results["prior"], "roc_auc") == 0.5
    assert not any(
        hasattr(candidate, "classes_") for candidate in (candidates["prior"], candidates["hist_gradient_boosting"][-1])
    )


def test_a_combination_an_estimator_refuses_when_fitted_names_the_candidate(
    write_features: Callable[..., Path], make_params: Callable[..., Train]
) -> None:
    """Each value is allowed, together they are not: the estimator's own words, and the key."""
    history = read_history(write_features(3))
    rows = history.select_known("2013-03")
    given = {"logistic_regression": {"solver": "liblinear", "l1_ratio": 0.5}}
    candidates = build_candidates(make_params(candidates=given), history.features)
    with pytest.raises(MergelineError, match="candidate 'logistic_regression' cannot be fitted: .*liblinear") as caught:
        compare_candidates(candidates, history, rows, make_folds(rows, 2, timedelta(0)))
    assert caught.value.where == "params.yaml, key 'train.candidates.logistic_regression'"
    assert "leave 'logistic_regression' out" in caught.value.fix


def test_a_category_that_is_missing_everywhere_is_named(
    write_features: Callable[..., Path], make_params: Callable[..., Train]
) -> None:
    """Trees refuse a category without a single value in words that name no column; ours do."""
    nowhere = pl.lit(None, dtype=pl.String).alias("origin")
    history = read_history(write_features(3, lambda _, frame: frame.with_columns(nowhere)))
    candidate = build_candidates(make_params(), history.features)["hist_gradient_boosting"]
    with pytest.raises(MergelineError, match="missing in every row it was given: origin"):
        fit("hist_gradient_boosting", candidate, *history.split(history.select_known("2013-03")))


def test_a_missing_category_is_not_one_more_category(
    write_features: Callable[..., Path], make_params: Callable[..., Train]
) -> None:
    """Trained where it is sometimes missing, a missing origin scores like one never seen."""
    hidden = pl.when(pl.col("row_id").hash() % 3 > 0).then("origin").alias("origin")
    history = read_history(write_features(2, lambda _, frame: frame.with_columns(hidden)))
    rows = history.select_known("2013-02")
    for name, candidate in build_candidates(make_params(), history.features).items():
        fitted = fit(name, candidate, *history.split(rows))
        missing, unseen = (
            score(fitted, history.split(rows.with_columns(pl.lit(value, dtype=pl.String).alias("origin")))[0])
            for value in (None, "XXX")
        )
        assert np.array_equal(missing, unseen)
