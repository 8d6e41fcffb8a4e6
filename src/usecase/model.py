"""The candidates: small functions that return unfitted scikit-learn estimators. Yours to edit.

A candidate takes part when `train.candidates` in `params.yaml` names it; its keys there are the estimator's own and
pass straight through. The train stage compares the candidates on folds ordered in time, and fits the best. To add one,
write a function `make_…` and list it in `CANDIDATES`; it may be any classifier with `predict_proba`. Whatever prepares
the features belongs into the estimator (a pipeline), so that the same preparation serves.

Features arrive as a frame with the columns of `features.py` by name: categorical ones as text, numeric ones as float64.
Any may be missing, and a category may be one never seen. Fit on pandas frames, score either: fitted on polars, the
encoders of scikit-learn 1.9 take a null for one more category, and pandas' NaN for an unknown one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

Kind = Literal["categorical", "numeric"]
Features = Sequence[tuple[str, Kind]]

TRUSTED_TYPES: tuple[str, ...] = ()
"""Full names of types, beyond scikit-learn's own, that a stored model of yours may hold (MLflow asks for them)."""


def make_prior(features: Features, random_state: int, /, **parameters: Any) -> BaseEstimator:
    """Return a model that gives every row the base rate of its training data: what any other must beat."""
    return DummyClassifier(**{"strategy": "prior", "random_state": random_state} | parameters)


def make_logistic_regression(features: Features, random_state: int, /, **parameters: Any) -> BaseEstimator:
    """Return a logistic regression on one-hot categories and standardised numbers, with a flag where one was missing.

    Notes
    -----
    The Newton solver ends at the optimum itself, so that processors which round differently give the same scores to 14
    digits (the model file's bytes still depend on the processor's generation); it is also the cheapest here.
    """
    numeric = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    # Codes first: they make an unseen category and a missing one the same thing, in polars and in pandas.
    categorical = make_pipeline(make_encoder(), OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    return Pipeline(
        [
            ("prepare", make_columns(features, categorical, numeric)),
            (
                "classify",
                LogisticRegression(**{"solver": "newton-cholesky", "random_state": random_state} | parameters),
            ),
        ]
    )


def make_hist_gradient_boosting(features: Features, random_state: int, /, **parameters: Any) -> BaseEstimator:
    """Return boosted trees on numbers as they are and on categories as codes; missing values go where they fit.

    Notes
    -----
    Categories are codes in alphabetical order, split like numbers. Splits by sets of categories
    (`categorical_features: [0, 1, 2]` in `params.yaml`; categories stand first) do worse on the folds that choose
    (mean log loss .5059 against .5009) and the same on the held-out months 4 to 6 (.5041): with little data they
    memorise the small destinations. Early stopping is off: it would judge on rows drawn at random, which share their
    days with the training rows. The variance threshold takes out numbers that are alike or missing everywhere, such as
    a feature younger than the training period: the trees would refuse a column without a single value.
    """
    defaults = {"early_stopping": False, "random_state": random_state}
    return Pipeline(
        [
            ("prepare", make_columns(features, make_encoder(), VarianceThreshold())),
            ("classify", HistGradientBoostingClassifier(**defaults | parameters)),
        ]
    )


def make_encoder() -> OrdinalEncoder:
    """Return an encoder of text to codes 0, 1, 2 …, in which a category that is missing or was never seen is NaN."""
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, dtype=np.float64
    )


def make_columns(features: Features, categorical: Any, numeric: Any) -> ColumnTransformer:
    """Return a transformer that applies `categorical` and `numeric` to the columns of that kind, in this order."""
    return ColumnTransformer(
        [
            (kind, transformer, [name for name, of_kind in features if of_kind == kind])
            for kind, transformer in (("categorical", categorical), ("numeric", numeric))
        ],
        sparse_threshold=0,
    )


CANDIDATES: dict[str, Callable[..., BaseEstimator]] = {
    "prior": make_prior,
    "logistic_regression": make_logistic_regression,
    "hist_gradient_boosting": make_hist_gradient_boosting,
}
"""Name in `params.yaml` to the function that makes the estimator."""


def make_candidates(
    candidates: Mapping[str, Mapping[str, Any]], *, features: Features, random_state: int
) -> dict[str, BaseEstimator]:
    """Return name to unfitted estimator, in the order of `candidates`.

    Parameters
    ----------
    candidates : mapping of str to mapping
        `train.candidates` of `params.yaml`: name to the estimator's parameters.
    features : sequence of (str, {"categorical", "numeric"})
        Name and kind of the features.
    random_state : int
        Seed of everything that draws; a candidate's own `random_state` goes before it.

    Raises
    ------
    KeyError
        If a name is not in `CANDIDATES`.
    TypeError
        If the estimator has no such parameter.
    """
    return {name: CANDIDATES[name](features, random_state, **dict(given)) for name, given in candidates.items()}
