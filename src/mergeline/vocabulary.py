"""The words in which `src/usecase/` describes its tables and features: plain, frozen data, no behaviour.

Nothing here is yours to edit. This is the one module of the machinery that the use case imports; it imports neither.
A definition is executed elsewhere: offline over the whole history (`mergeline.features.offline`), online for one
request, both from the same object.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal


@dataclass(frozen=True)
class Table:
    """One raw table: where its files lie and what a row must be.

    Attributes
    ----------
    name : str
        The table's name, as `tables["flights"]`.
    path : str
        Path below `data/`. With `{batch}` in it the table has one file per batch, without it a single file.
    schema : pandera.polars.DataFrameSchema
        Contract of the typed frame. Its columns, in order, are the header of the file; their dtypes are what the text
        is read as; `unique` names the key.
    null_values : sequence of str
        Texts that mean "no value".
    dates : callable or None
        Maps the typed frame to a Series of the local dates it covers; None if the table has no time.
    missing_dates_allowed : int
        How many of a batch's dates may be without a row.
    """

    name: str
    path: str
    schema: Any
    null_values: Sequence[str] = ("",)
    dates: Callable[[Any], Any] | None = None
    missing_dates_allowed: int = 0


@dataclass(frozen=True)
class Correction:
    """A reviewed correction of one cell of a raw table; the raw file stays as it came.

    Attributes
    ----------
    table, batch : str
        The file; `batch` is "" for a table without batches.
    key : dict of str to str
        Column to raw text, naming exactly one row.
    column, raw, corrected : str
        The cell, its raw text and the text to read in its place.
    reason : str
        Why, for the reviewer.
    """

    table: str
    batch: str
    key: dict[str, str]
    column: str
    raw: str
    corrected: str
    reason: str


@dataclass(frozen=True)
class Latest:
    """Feature view: the newest event of the same key known at the moment of decision.

    Attributes
    ----------
    name : str
        The view's name.
    events : str
        Name of the event stream (a key of `EVENTS` in `features.py`).
    keys : tuple of str
        Entity key: columns that request and event share. Empty: one value for all.
    values : tuple of str
        Columns taken from the event, under their own names.
    freshness : timedelta
        An event older than this counts as no event: its values are null.
    description, owner : str
        For the catalogue.
    """

    name: str
    events: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    freshness: timedelta
    description: str
    owner: str = ""


@dataclass(frozen=True)
class Window:
    """Feature view: count and sum over the events of the same key in the half-open window (T - span, T].

    `T` is the moment of decision; an event belongs to the window by its `known_at`. For each span the view yields two
    columns, `{name}_count_{label}` and `{name}_sum_{label}`, where label is the key of `spans`.

    Attributes
    ----------
    name : str
        The view's name.
    events : str
        Name of the event stream (a key of `EVENTS` in `features.py`).
    keys : tuple of str
        Entity key: columns that request and event share. Empty: one window for all.
    value : str
        Integer or boolean column of the event that is summed; events where it is null do not count.
    spans : dict of str to timedelta
        Label to length of the window.
    description, owner : str
        For the catalogue.
    """

    name: str
    events: str
    keys: tuple[str, ...]
    value: str
    spans: dict[str, timedelta] = field(hash=False)
    description: str = ""
    owner: str = ""


FeatureView = Latest | Window


@dataclass(frozen=True)
class Feature:
    """One input of the model: a pure expression over the request's columns and the views' columns.

    Attributes
    ----------
    name : str
        Column name.
    kind : {"categorical", "numeric"}
        Categorical features are text, numeric ones float64.
    expression : polars.Expr
        What is computed, row by row.
    unit : str
        Unit, or the domain of a category.
    description : str
        For the catalogue.
    """

    name: str
    kind: Literal["categorical", "numeric"]
    expression: Any = field(hash=False, compare=False)
    unit: str
    description: str


Dates = Callable[[str], Sequence[date]]
