"""The types that a logged model may hold, by estimator: an explicit list, because skops refuses every other.

A type of an estimator that is not listed here goes into `TRUSTED_TYPES` in `src/usecase/model.py`, as its full name.
Types defined in `src/` are trusted as the rest of the code is. What scikit-learn's public classes hold beside plain
arrays are its private ones: trees, links, loss functions. Each entry was found by saving a fitted estimator.
"""

from collections.abc import Iterable
from typing import Any

from mergeline.errors import MergelineError

OWN_PACKAGES = ("mergeline", "usecase")

_ENCODER = ("numpy.dtype",)
_TREE = ("numpy.dtype", "sklearn.tree._tree.Tree")
_HISTOGRAM = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)
TRUSTED: dict[str, tuple[str, ...]] = {
    "AdaBoostClassifier": _TREE,
    "BaggingClassifier": _TREE,
    "CalibratedClassifierCV": (
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
    ),
    "DecisionTreeClassifier": _TREE,
    "ExtraTreesClassifier": _TREE,
    "GradientBoostingClassifier": _TREE,
    "HistGradientBoostingClassifier": _HISTOGRAM,
    "MLPClassifier": ("sklearn.neural_network._stochastic_optimizers.AdamOptimizer",),
    "OneHotEncoder": _ENCODER,
    "OrdinalEncoder": _ENCODER,
    "RandomForestClassifier": _TREE,
    "SimpleImputer": _ENCODER,
    "TargetEncoder": _ENCODER,
}


def find_trusted_types(estimator: Any, extra: Iterable[str] = ()) -> list[str]:
    """Return the types that must be trusted by name to save and load `estimator` with skops, sorted.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    extra : iterable of str
        Full names that the use case trusts besides.

    Raises
    ------
    MergelineError
        If the estimator holds a type that nobody listed, or one that skops cannot store.
    """
    import skops.io

    try:
        needed = set(skops.io.get_untrusted_types(data=skops.io.dumps(estimator)))
    except Exception as error:  # skops raises whatever the object raises when it is taken apart
        raise MergelineError(
            f"skops, in whose form MLflow keeps models, cannot store {type(estimator).__name__}: {error}",
            where="src/usecase/model.py",
            fix="make the estimator of classes and functions that are defined at the top of a module, no lambdas",
        ) from error
    allowed = set(extra)
    for part in (estimator, *estimator.get_params(deep=True).values()):
        allowed.update(TRUSTED.get(type(part).__name__, ()))
    unknown = sorted(name for name in needed - allowed if name.partition(".")[0] not in OWN_PACKAGES)
    if unknown:
        raise MergelineError(
            f"{type(estimator).__name__} holds types that nobody has trusted: {', '.join(unknown)}",
            where="src/usecase/model.py, TRUSTED_TYPES",
            fix=f"if you know them, add: TRUSTED_TYPES = {tuple(unknown)!r}",
        )
    return sorted(needed)
