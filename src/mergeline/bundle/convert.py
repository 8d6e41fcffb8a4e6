"""From a fitted estimator to the form that serves: numbers in JSON where there is such a form, else skops.

Nothing here is yours to edit: estimators are made in `src/usecase/model.py`. Portable are `DummyClassifier` (strategy
"prior"), `LogisticRegression` and `HistGradientBoostingClassifier`, alone or behind a `ColumnTransformer` in a
`Pipeline`, calibrated or not. Whatever comes out is compared with the estimator before it is sealed (`compare.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mergeline.bundle.convert_columns import NotPortableError, Outputs, read_columns
from mergeline.bundle.convert_linear import convert_linear
from mergeline.bundle.convert_trees import convert_trees
from mergeline.bundle.features import FeatureSpec
from mergeline.training.calibration import SigmoidCalibrated

POSITIVE = 1


def convert(estimator: Any, features: Sequence[FeatureSpec]) -> dict[str, Any]:
    """Return the content of `model.json`, without the candidate's name, of an estimator that has a portable form.

    Parameters
    ----------
    estimator : estimator
        Fitted on the features of the contract, by name and in order.
    features : sequence of FeatureSpec
        The contract.

    Raises
    ------
    NotPortableError
        If there is no portable form; the message says what stands in the way.
    """
    calibration = None
    if type(estimator) is SigmoidCalibrated:
        calibration = {"slope": float(estimator.slope), "intercept": float(estimator.intercept)}
        estimator = estimator.estimator_
    if list(getattr(estimator, "classes_", ())) != [0, POSITIVE]:
        raise NotPortableError(f"its classes are {list(getattr(estimator, 'classes_', ()))}, not 0 and 1")
    preparation, classifier = split_pipeline(estimator)
    name = type(classifier).__name__
    if not type(classifier).__module__.startswith("sklearn."):
        raise NotPortableError(f"{name} is not one of scikit-learn's own estimators")
    if name == "DummyClassifier":
        return _convert_prior(classifier, calibration)
    outputs = read_columns(preparation, features)
    return {**_convert_classifier(classifier, outputs), "calibration": calibration}


def split_pipeline(estimator: Any) -> tuple[Any, Any]:
    """Return what prepares the features (None for nothing) and the classifier.

    Raises
    ------
    NotPortableError
        If it is a pipeline of more than these two.
    """
    if type(estimator).__name__ != "Pipeline":
        return None, estimator
    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    if len(steps) > 2:
        raise NotPortableError(f"its pipeline has {len(steps)} steps, not a preparation and a classifier")
    return (None, steps[0]) if len(steps) == 1 else (steps[0], steps[1])


def _convert_classifier(classifier: Any, outputs: Outputs) -> Mapping[str, Any]:
    name = type(classifier).__name__
    if name == "LogisticRegression":
        return convert_linear(classifier, outputs)
    if name == "HistGradientBoostingClassifier":
        return convert_trees(classifier, outputs)
    raise NotPortableError(f"{name} has no portable form")


def _convert_prior(classifier: Any, calibration: Mapping[str, float] | None) -> dict[str, Any]:
    if classifier.strategy != "prior":
        raise NotPortableError(f"DummyClassifier of strategy '{classifier.strategy}' has no portable form")
    probability = float(classifier.class_prior_[list(classifier.classes_).index(POSITIVE)])
    if calibration:
        from mergeline.bundle.sigmoid import calibrate

        probability = calibrate(probability, **calibration)
    return {"form": "prior", "probability": probability}
