"""The types that a logged model may hold, and the signature that it carries."""

import threading
from typing import Any

import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mergeline.errors import MergelineError
from mergeline.tracking.model import find_packages
from mergeline.tracking.signature import build_example, build_signature
from mergeline.tracking.trusted import TRUSTED, find_trusted_types
from usecase.features import FEATURES

TREE_PREDICTOR = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


class Stranger:
    """A type that nobody has listed."""


class Holder(BaseEstimator):
    """An estimator that holds one."""

    def __init__(self, held: Any = None) -> None:
        self.held = held


def test_each_candidate_needs_a_few_types_that_are_listed(estimators: dict[str, Any]) -> None:
    """The lists are short, explicit and complete."""
    needed = {name: set(find_trusted_types(estimator)) for name, estimator in estimators.items()}
    assert needed["prior"] == set()
    assert TREE_PREDICTOR in needed["hist_gradient_boosting"]
    assert "mergeline.training.calibration.SigmoidCalibrated" in needed["calibrated"]
    assert max(map(len, needed.values())) <= 5


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]),
        RandomForestClassifier(2, max_depth=2),
        CalibratedClassifierCV(HistGradientBoostingClassifier(max_iter=2), cv=2),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_that_a_user_is_likely_to_try_are_listed(estimator: Any, rows: pl.DataFrame) -> None:
    """What this list allows is enough to load the model again."""
    import skops.io

    X = rows.select(pl.col("weekday").fill_null(0).abs().cast(pl.Int32), pl.col("distance").fill_null(0)).to_numpy()
    fitted = estimator.fit(X, rows["target"].to_numpy())
    loaded = skops.io.loads(skops.io.dumps(fitted), trusted=find_trusted_types(fitted))
    assert (loaded.predict_proba(X) == fitted.predict_proba(X)).all()


def test_a_type_that_nobody_trusts_is_named_with_what_to_add() -> None:
    """It is refused before a run is begun; adding it to the use case's list is enough."""
    name = f"{Stranger.__module__}.Stranger"
    with pytest.raises(MergelineError, match="nobody has trusted") as raised:
        find_trusted_types(Holder(Stranger()), extra=[f"{Holder.__module__}.Holder"])
    assert "TRUSTED_TYPES = (" in raised.value.fix
    assert name in raised.value.fix
    assert find_trusted_types(Holder(Stranger()), extra=[f"{Holder.__module__}.Holder", name])


def test_what_cannot_be_stored_says_why() -> None:
    """An estimator that holds a lambda or a lock is refused with a way out."""
    for estimator in (make_pipeline(FunctionTransformer(lambda X: X)), Holder(threading.Lock())):
        with pytest.raises(MergelineError) as raised:
            find_trusted_types(estimator)
        assert raised.value.where.startswith("src/usecase/model.py")


def test_the_list_names_only_private_types_of_scikit_learn() -> None:
    """Nothing on it runs a command, opens a file or evaluates text."""
    names = {name for types in TRUSTED.values() for name in types}
    assert {name for name in names if not name.startswith("sklearn.")} == {"numpy.dtype", "functools.partial"}


def test_packages_of_foreign_types_are_pinned_too() -> None:
    """A model that holds another library's types says which package to install."""
    assert find_packages(["sklearn.tree._tree.Tree", "functools.partial"]) == sorted(
        ["numpy", "pandas", "scikit-learn", "scipy", "skops"]
    )
    assert "polars" in find_packages(["polars.dataframe.frame.DataFrame"])


def test_the_signature_says_what_the_contract_says() -> None:
    """Text for categories and doubles for numbers, every column required; out come two doubles a row."""
    signature = build_signature(FEATURES)
    expected = [(one.name, "string" if one.kind == "categorical" else "double", True) for one in FEATURES]
    assert [(one.name, one.type.name, one.required) for one in signature.inputs] == expected
    assert signature.outputs.inputs[0].shape == (-1, 2)


def test_the_example_has_the_columns_of_the_contract_and_keeps_what_is_missing(rows: pl.DataFrame) -> None:
    """A missing value stays missing: no category called "None", no zero."""
    example = build_example(rows, FEATURES, n_rows=50)
    assert list(example.columns) == [feature.name for feature in FEATURES]
    assert example.isna().sum().sum() == rows.head(50).select(list(example.columns)).null_count().sum_horizontal()[0]
