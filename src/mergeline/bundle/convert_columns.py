"""What a fitted preparation makes of the features, column by column: read off by asking it, not by knowing its kind.

Nothing here is yours to edit. A text feature has finitely many values: the preparation is asked for each, for a missing
and for an unseen one, and a column that changes with one feature alone belongs to it. Numbers have infinitely many: of
these the chains of `SimpleImputer`, `StandardScaler`, `RobustScaler` and `VarianceThreshold` are known, in any order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.estimator import UNSEEN_TEXT
from mergeline.bundle.features import FeatureSpec


class NotPortableError(Exception):
    """The estimator has no portable form; the message says why."""


@dataclass(frozen=True)
class TextColumn:
    """A column made of one text feature: its value per category, for a missing and for an unseen one (NaN may occur).

    A column that no feature changes has `feature` -1 and the same value everywhere.
    """

    feature: int
    values: tuple[float, ...]
    missing: float
    unseen: float


@dataclass(frozen=True)
class NumberColumn:
    """A column made of one number.

    Attributes
    ----------
    feature : int
        The feature's place.
    impute : float
        What stands for a missing value; NaN where it stays missing.
    flag : bool
        Whether the column is 1 where the value is missing and 0 elsewhere, instead of the value.
    scales : tuple of (float, float)
        Centre and scale of each scaler, in order: (value - centre) ÷ scale.
    """

    feature: int
    impute: float = np.nan
    flag: bool = False
    scales: tuple[tuple[float, float], ...] = ()

    def compute(self, value: float) -> float:
        """Return what the column holds where the feature has `value`; NaN is missing."""
        if self.flag:
            value = float(np.isnan(value))
        elif np.isnan(value):
            value = self.impute
        for center, scale in self.scales:
            value = (value - center) / scale
        return value


@dataclass(frozen=True)
class Outputs:
    """Columns that the classifier sees, in order."""

    features: tuple[FeatureSpec, ...]
    columns: tuple[TextColumn | NumberColumn, ...] = field(repr=False)


def read_columns(preparation: Any, features: Sequence[FeatureSpec]) -> Outputs:
    """Return the columns that `preparation`, fitted, makes of the features; None leaves them as they are.

    Raises
    ------
    NotPortableError
        If it does to them what cannot be told apart feature by feature.
    """
    places = {feature.name: place for place, feature in enumerate(features)}
    if preparation is None:
        blocks: list[tuple[Any, Sequence[str]]] = [("passthrough", list(places))]
    elif type(preparation).__name__ == "ColumnTransformer":
        blocks = [(fitted, _name_columns(names, features)) for _, fitted, names in preparation.transformers_]
    else:
        blocks = [(preparation, list(places))]
    columns: list[TextColumn | NumberColumn] = []
    for transformer, names in blocks:
        if (isinstance(transformer, str) and transformer == "drop") or not len(names):
            continue
        specs = [features[places[name]] for name in names]
        kinds = {spec.kind for spec in specs}
        if kinds == {"categorical"}:
            columns += _read_texts(transformer, specs, [places[name] for name in names])
        elif kinds == {"numeric"}:
            columns += _read_numbers(transformer, [NumberColumn(places[name]) for name in names])
        else:
            raise NotPortableError(f"{type(transformer).__name__} takes text and numbers at once")
    return Outputs(tuple(features), tuple(columns))


def _name_columns(names: Any, features: Sequence[FeatureSpec]) -> list[str]:
    if isinstance(names, str):
        return [names]
    listed = [features[int(name)].name if isinstance(name, int | np.integer) else name for name in names]
    known = {feature.name for feature in features}
    if not all(isinstance(name, str) and name in known for name in listed):
        raise NotPortableError("its ColumnTransformer chooses columns otherwise than by name")
    return listed


def _read_texts(transformer: Any, specs: Sequence[FeatureSpec], places: Sequence[int]) -> Iterator[TextColumn]:
    if isinstance(transformer, str):
        raise NotPortableError("text reaches the classifier as it is")
    import pandas as pd  # type: ignore[import-untyped]

    # Row 0: everything missing. Then per feature: each category, and an unseen one, all else missing.
    asked = [(place, text) for place, spec in enumerate(specs) for text in (*(spec.categories or ()), UNSEEN_TEXT)]
    frame = {
        spec.name: pd.Series([None, *(text if at == place else None for at, text in asked)], dtype="str")
        for place, spec in enumerate(specs)
    }
    found = np.asarray(transformer.transform(pd.DataFrame(frame)), dtype=np.float64)
    owners = np.array([-1, *(place for place, _ in asked)])
    for column in found.T:
        differs = ~_equal(column, column[0])
        changing = sorted(set(owners[differs].tolist()))
        if len(changing) > 1:
            raise NotPortableError(f"{type(transformer).__name__} mixes text features in one column")
        if not changing:
            yield TextColumn(-1, (), float(column[0]), float(column[0]))
            continue
        values = column[owners == changing[0]].tolist()
        yield TextColumn(places[changing[0]], tuple(values[:-1]), float(column[0]), values[-1])


def _equal(values: NDArray[np.float64], value: float) -> NDArray[np.bool_]:
    return (values == value) | (np.isnan(values) & np.isnan(value))


def _read_numbers(transformer: Any, columns: list[NumberColumn]) -> list[NumberColumn]:
    name = type(transformer).__name__
    if isinstance(transformer, str) and transformer == "passthrough":
        return columns
    if not type(transformer).__module__.startswith("sklearn."):
        raise NotPortableError(f"{name} is not one of scikit-learn's own transformers")
    if name == "Pipeline":
        for _, step in transformer.steps:
            columns = _read_numbers("passthrough" if step is None else step, columns)
        return columns
    if name == "VarianceThreshold":
        return [column for column, kept in zip(columns, transformer.get_support(), strict=True) if kept]
    if name == "SimpleImputer":
        return _impute(transformer, columns)
    if name in ("StandardScaler", "RobustScaler"):
        n = len(columns)
        centers = getattr(transformer, "mean_" if name == "StandardScaler" else "center_", None)
        scales = zip(
            np.zeros(n) if centers is None or not _centers(transformer) else centers,
            np.ones(n) if transformer.scale_ is None else transformer.scale_,
            strict=True,
        )
        pairs = [(float(center), float(scale)) for center, scale in scales]
        return [replace(one, scales=(*one.scales, pair)) for one, pair in zip(columns, pairs, strict=True)]
    raise NotPortableError(f"{name} has no portable form")


def _centers(scaler: Any) -> bool:
    return bool(getattr(scaler, "with_mean", getattr(scaler, "with_centering", True)))


def _impute(imputer: Any, columns: list[NumberColumn]) -> list[NumberColumn]:
    if not (isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)):
        raise NotPortableError("SimpleImputer fills other values than missing ones")
    if any(column.scales or column.flag or not np.isnan(column.impute) for column in columns):
        raise NotPortableError("SimpleImputer stands behind another step")
    fills = np.asarray(imputer.statistics_, dtype=np.float64)
    kept = [
        replace(column, impute=0.0 if np.isnan(fill) else float(fill))
        for column, fill in zip(columns, fills, strict=True)
        if imputer.keep_empty_features or not np.isnan(fill)
    ]
    if not imputer.add_indicator:
        return kept
    if imputer.indicator_.features != "missing-only":
        raise NotPortableError("its indicator of missing values is not that of SimpleImputer")
    return [*kept, *(replace(columns[place], flag=True) for place in imputer.indicator_.features_.tolist())]
