"""The contract inside a bundle: the model's inputs by name, and how one value of each is read.

Nothing here is yours to edit: features are defined in `src/usecase/features.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mergeline.errors import MergelineError

LARGEST = 1.7976931348623157e308
"""The largest finite float64; what lies beyond is no number, and counts as missing as it does in the features."""


@dataclass(frozen=True)
class FeatureSpec:
    """One input of the model.

    Attributes
    ----------
    name : str
        Key in the request and column in training.
    kind : {"categorical", "numeric"}
        Text or number; either may be missing.
    categories : tuple of str or None
        Categories seen in training, sorted; None for a number. Any other text is an unseen category.
    low, high : float or None
        Range seen in training; None for a category, or where every value was missing.
    unit, description : str
        For people.
    null_share : float
        Share of missing values in training, 0–1.
    """

    name: str
    kind: str
    categories: tuple[str, ...] | None
    low: float | None
    high: float | None
    unit: str = ""
    description: str = ""
    null_share: float = 0.0


def read_features(contract: Mapping[str, Any]) -> tuple[FeatureSpec, ...]:
    """Return the features that `contract.json` lists, in order."""
    return tuple(
        FeatureSpec(**{**one, "categories": None if one["categories"] is None else tuple(one["categories"])})
        for one in contract["features"]
    )


def explain_value(features: Iterable[FeatureSpec], row: Mapping[str, Any]) -> MergelineError:
    """Return what is wrong with `row`, which a model could not take."""
    for feature in features:
        value = row.get(feature.name)
        wanted = str if feature.kind == "categorical" else (int, float)
        if value is not None and not isinstance(value, wanted):
            return MergelineError(
                f"feature '{feature.name}' is {value!r} ({type(value).__name__})",
                where=f"inputs, feature '{feature.name}'",
                fix="give text or null" if feature.kind == "categorical" else "give a number or null",
            )
    return MergelineError("the inputs cannot be read", where="inputs", fix="give text, numbers and null by name")
