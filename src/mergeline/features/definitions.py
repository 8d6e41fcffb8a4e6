"""What the definitions in `usecase/features.py` amount to: their columns, how far they look back, their faults.

Nothing here is yours to edit: events, views and features are stated in `src/usecase/features.py`. Both readers of the
definitions, offline and online, make the model's inputs out of requests and views by `select_features`.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

import polars as pl

from mergeline.errors import MergelineError
from mergeline.vocabulary import Feature, FeatureView, Latest, Window

DEFINITIONS = "src/usecase/features.py"
TIME = pl.Datetime("us", "UTC")


def list_columns(view: FeatureView) -> list[str]:
    """Return the names of the columns that `view` yields, in order."""
    if isinstance(view, Latest):
        return list(view.values)
    kinds = ("count",) if view.value is None else ("count", "sum")
    return [f"{view.name}_{kind}_{label}" for kind in kinds for label in view.spans]


def get_lookbacks(views: Sequence[FeatureView]) -> dict[str, timedelta]:
    """Return by event stream how long before a decision the oldest event may have become known that still matters."""
    lookbacks: dict[str, timedelta] = {}
    for view in views:
        lengths = [view.freshness] if isinstance(view, Latest) else view.spans.values()
        lookbacks[view.events] = max(lookbacks.get(view.events, timedelta(0)), *lengths)
    return lookbacks


def check_definitions(events: Collection[str], views: Sequence[FeatureView], features: Sequence[Feature]) -> None:
    """Return if the definitions fit together.

    Raises
    ------
    MergelineError
        If a view reads an unknown event stream, or two views yield a column of the same name, or two features have the
        same name.
    """
    for view in views:
        if view.events not in events:
            raise _fault(
                f"view '{view.name}' reads events '{view.events}', which do not exist",
                f"name one of EVENTS: {', '.join(sorted(events))}",
            )
    for kind, names in (
        ("views", [view.name for view in views]),
        ("views yield columns", [column for view in views for column in list_columns(view)]),
        ("features", [feature.name for feature in features]),
    ):
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise _fault(f"two {kind} are named '{repeated[0]}'", "give each a name of its own")


def check_view(view: FeatureView, requests: pl.DataFrame, events: pl.DataFrame) -> None:
    """Return if requests and events have the columns that `view` reads, else raise a MergelineError that says why."""
    values = view.values if isinstance(view, Latest) else [view.value] if view.value else []
    columns = [(name, "requests", requests) for name in ("decision_at", *view.keys)]
    columns += [(name, f"events '{view.events}'", events) for name in ("known_at", *view.keys, *values)]
    for name, owner, frame in columns:
        kind = frame.schema.get(name)
        if kind is None:
            fault, fix = "is missing", f"add it, or use one of: {', '.join(frame.columns)}"
        elif name in ("known_at", "decision_at") and kind != TIME:
            fault, fix = f"is {kind}, not {TIME}", "convert it to UTC, in microseconds"
        elif name in view.keys and kind not in (pl.String, pl.Categorical):
            fault, fix = f"is {kind}, and a key must be text", "cast it to pl.String"
        elif name in values and isinstance(view, Window) and not (kind.is_integer() or kind == pl.Boolean):
            fault, fix = f"is {kind}, and only whole numbers add up exactly", "cast it to an integer or a boolean"
        else:
            continue
        raise _fault(f"column '{name}' of {owner}, read by view '{view.name}', {fault}", fix)


def select_features(frame: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Return the model's inputs, one column per feature in order, computed row by row from request and view columns.

    Categorical features are text, numeric ones Float64; null means missing, and so does a result that is not finite.

    Raises
    ------
    MergelineError
        If a feature reads a column that neither the request nor a view has.
    """
    for feature in features:
        if unknown := sorted(set(feature.expression.meta.root_names()) - set(frame.columns)):
            raise _fault(
                f"feature '{feature.name}' reads column '{unknown[0]}', which no request or view has",
                f"use one of: {', '.join(sorted(frame.columns))}",
            )
    return frame.select(_finish(feature) for feature in features)


def _finish(feature: Feature) -> pl.Expr:
    if feature.kind == "categorical":
        return feature.expression.cast(pl.String).alias(feature.name)
    number = feature.expression.cast(pl.Float64)
    # -0.0 is written as 0.0: equal inputs then have equal bytes.
    return pl.when(number == 0).then(0.0).when(number.is_finite()).then(number).alias(feature.name)


def _fault(what: str, fix: str) -> MergelineError:
    return MergelineError(what, where=DEFINITIONS, fix=fix)
