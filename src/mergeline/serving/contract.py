"""What a request may hold, derived from the bundles that serve: one schema for decoding, for /docs and for clients.

Nothing here is yours to edit: features are stated in `src/usecase/features.py`, and a bundle carries their contract.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from mergeline.bundle.features import FeatureSpec
from mergeline.errors import MergelineError
from mergeline.serving.limits import NUMBER, ROWS, TEXT

Text = Annotated[str, Meta(min_length=1, max_length=TEXT)]
KEY = "whose prediction it is (a user, a device): chooses the variant; without it the prediction's id does"
ROW_ID = "your name for the row, kept in the log so that its outcome can be joined later"


class Contract:
    """The types of a request, for one set of bundles.

    Attributes
    ----------
    features : dict of str to FeatureSpec
        By name, in the order of the first bundle that has them.
    row, rows : type
        The two bodies that /predict takes.
    """

    def __init__(self, features: Iterable[FeatureSpec]) -> None:
        self.features = {feature.name: feature for feature in features}
        self._names = tuple(self.features)
        # A feature's name need not be one that Python takes for an attribute.
        fields = [(f"f{number}", _type_of(feature), None) for number, feature in enumerate(self.features.values())]
        renamed = {f"f{number}": name for number, name in enumerate(self._names)}
        inputs = msgspec.defstruct("Inputs", fields, forbid_unknown_fields=True, gc=False, rename=renamed)
        names = [
            ("key", Annotated[Text | None, Meta(description=KEY)], None),
            ("row_id", Annotated[Text | None, Meta(description=ROW_ID)], None),
        ]
        self.row = msgspec.defstruct("Row", [("inputs", inputs), *names], forbid_unknown_fields=True, gc=False)
        many = Annotated[list[self.row], Meta(min_length=1, max_length=ROWS)]  # type: ignore[name-defined]
        self.rows = msgspec.defstruct("Rows", [("rows", many)], forbid_unknown_fields=True)
        # One decoder for both bodies: which of the two it is shows in the fields that are set.
        either = [("inputs", inputs | UnsetType, UNSET), *names, ("rows", many | UnsetType, UNSET)]
        body = msgspec.defstruct("Body", either, forbid_unknown_fields=True, gc=False)
        self._decode = msgspec.json.Decoder(body).decode

    def decode(self, content: bytes) -> tuple[Any, list[Any] | None]:
        """Return the row that `content` holds and None, or None and its rows.

        Raises
        ------
        msgspec.DecodeError, UnicodeDecodeError, RecursionError
            If it is neither; `faults.py` says what is wrong in words.
        """
        body: Any = self._decode(content)
        if body.rows is UNSET:
            if body.inputs is UNSET:
                raise msgspec.ValidationError("Object missing required field `inputs`")
            return body, None
        for name in ("inputs", "key", "row_id"):
            if getattr(body, name) not in (UNSET, None):
                raise msgspec.ValidationError(f"Object contains unknown field `{name}` beside `rows`")
        return None, body.rows

    def name_inputs(self, inputs: Any) -> dict[str, Any]:
        """Return the decoded `inputs` of a row as a dict with every feature, None where there was none."""
        return dict(zip(self._names, astuple(inputs), strict=True))


def merge_features(contracts: Iterable[tuple[str, Iterable[FeatureSpec]]]) -> list[FeatureSpec]:
    """Return the features of all variants, each once: a request may hold any of them, a model reads its own.

    Raises
    ------
    MergelineError
        If a feature is text for one variant and a number for another.
    """
    merged: dict[str, FeatureSpec] = {}
    for variant, features in contracts:
        for feature in features:
            if (first := merged.setdefault(feature.name, feature)).kind != feature.kind:
                raise MergelineError(
                    f"feature '{feature.name}' is {feature.kind} for variant '{variant}' and {first.kind} for another",
                    where="the desired state",
                    fix="deploy variants side by side only if their features mean the same",
                )
    return list(merged.values())


def _type_of(feature: FeatureSpec) -> Any:
    description = ", ".join(part for part in (feature.description, feature.unit) if part)
    if feature.kind == "categorical":
        seen = {"examples": list(feature.categories[:3])} if feature.categories else None
        return Annotated[
            Annotated[str, Meta(max_length=TEXT)] | None, Meta(description=description, extra_json_schema=seen)
        ]
    bounds = {"x-seen": [feature.low, feature.high]} if feature.low is not None else None
    bounded = Annotated[float, Meta(ge=-NUMBER, le=NUMBER)]
    return Annotated[bounded | None, Meta(description=description, extra_json_schema=bounds)]
