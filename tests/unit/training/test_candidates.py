"""Tests of `mergeline.training.candidates`: a wrong parameter is named before anything is fitted."""

from collections.abc import Callable

import pytest

from mergeline.errors import MergelineError
from mergeline.params import Train
from mergeline.training.candidates import build_candidates

MakeParams = Callable[..., Train]


def test_parameters_reach_the_estimator_as_they_are(make_params: MakeParams) -> None:
    """Keys are scikit-learn's own; the seed is the group's unless the candidate names another."""
    given = {"hist_gradient_boosting": {"max_iter": 7, "random_state": 1}, "logistic_regression": {"C": 0.5}}
    made = build_candidates(make_params(candidates=given, random_state=4))
    assert list(made) == ["hist_gradient_boosting", "logistic_regression"]
    boosting, logistic = made["hist_gradient_boosting"][-1], made["logistic_regression"][-1]
    assert (boosting.max_iter, boosting.random_state, boosting.early_stopping) == (7, 1, False)
    assert (logistic.C, logistic.random_state) == (0.5, 4)


@pytest.mark.parametrize(
    ("candidates", "place", "fix"),
    [
        ({}, "train.candidates", "name at least one of: prior, logistic_regression, hist_gradient_boosting"),
        (
            {"hist_gradient_bosting": {}},
            "train.candidates.hist_gradient_bosting",
            "did you mean 'hist_gradient_boosting'?",
        ),
        ({"forest": {}}, "train.candidates.forest", "allowed here: hist_gradient_boosting, logistic_regression, prior"),
        (
            {"hist_gradient_boosting": {"max_dept": 3}},
            "train.candidates.hist_gradient_boosting.max_dept",
            "did you mean 'max_depth'? allowed here: categorical_features, class_weight",
        ),
        (
            {"hist_gradient_boosting": {"max_iter": 100, "max_depth": 6.0}},
            "train.candidates.hist_gradient_boosting.max_depth",
            "write an int in the range [1, inf) or None",
        ),
        (
            {"hist_gradient_boosting": {"learning_rate": -0.1}},
            "train.candidates.hist_gradient_boosting.learning_rate",
            "write a float in the range (0.0, inf)",
        ),
        (
            {"hist_gradient_boosting": {"max_iter": True}},
            "train.candidates.hist_gradient_boosting.max_iter",
            "write a number",
        ),
        (
            {"logistic_regression": {"C": "strong"}},
            "train.candidates.logistic_regression.C",
            "write a float in the range",
        ),
        (
            {"logistic_regression": {"solver": "newton"}},
            "train.candidates.logistic_regression.solver",
            "write a str among",
        ),
        ({"prior": {"strategy": "guess"}}, "train.candidates.prior.strategy", "write a str among"),
    ],
)
def test_a_wrong_parameter_is_named(make_params: MakeParams, candidates: dict, place: str, fix: str) -> None:
    """The error names the key in params.yaml and what to write instead."""
    with pytest.raises(MergelineError, match=f"parameter '{place}' ") as caught:
        build_candidates(make_params(candidates=candidates))
    assert caught.value.where == f"params.yaml, key '{place}'"
    assert fix in caught.value.fix
