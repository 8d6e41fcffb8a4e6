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
    """One raw table: where its files lie and what they must hold.

    Attributes
    ----------
    name : str
        The table's name, as `tables["flights"]`.
    path : str
        Path below `data/`. With `{batch}` in it the table has one file per batch, without it a single file.
    schema : pandera.polars.DataFrameSchema
        Contract of the typed frame. Its columns, in order, are the header of the file; their dtypes are what the text
        is read as (text, whole number, number, date, or time as `2013-02-12T08:00:00Z`); `unique` names the key.
    null_values : sequence of str
        Texts that mean "no value".
    day : polars.Expr or None
        The local date of a row; None if the table has no time. Every date of a batch must have a row.
    known_gaps : sequence of date
        Dates that are known to have no row.
    categories : sequence of str
        Columns whose values are compared with those of earlier batches.
    target : polars.Expr or None
        Whether the row has the outcome to predict, null where it has no label; None if another table holds the target.
    """

    name: str
    path: str
    schema: Any = field(hash=False, compare=False)
    null_values: Sequence[str] = ("",)
    day: Any = field(default=None, hash=False, compare=False)
    known_gaps: Sequence[date] = ()
    categories: Sequence[str] = ()
    target: Any = field(default=None, hash=False, compare=False)


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
    line : int
        Where it is written: line of `corrections.csv`.
    """

    table: str
    batch: str
    key: dict[str, str]
    column: str
    raw: str
    corrected: str
    reason: str
    line: int = 0


@dataclass(frozen=True)
class Latest:
    """Feature view: the newest event of the same key known at the moment of decision.

    An event that became known at that very moment counts. Among events of one key that became known at the same moment
    the greatest counts, their `values` compared in order, null lowest: neither the order of the input nor the number of
    threads decides. The event is taken whole, its nulls included.

    Attributes
    ----------
    name : str
        The view's name.
    events : str
        Name of the event stream (a key of `EVENTS` in `features.py`).
    keys : tuple of str
        Entity key: text columns that request and event share. Empty: one value for all. A null matches nothing.
    values : tuple of str
        Columns taken from the event, under their own names.
    freshness : timedelta
        An event that became known longer ago than this counts as no event: its values are null.
    description, owner : str
        For the catalogue.
    """

    name: str
    events: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    freshness: timedelta
    description: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Window:
    """Feature view: count and sum over the events of the same key in the half-open window (T - span, T].

    `T` is the moment of decision; an event belongs to the window by its `known_at`, and one that became known at `T`
    itself counts. For each span the view yields `{name}_count_{label}` and, if it has a value, `{name}_sum_{label}`,
    where label is the key of `spans`. Both are whole numbers, 0 where there is no event: never null.

    Attributes
    ----------
    name : str
        The view's name.
    events : str
        Name of the event stream (a key of `EVENTS` in `features.py`).
    keys : tuple of str
        Entity key: text columns that request and event share. Empty: one window for all. A null matches nothing.
    value : str or None
        Integer or boolean column of the event that is summed; events where it is null do not count. None: only count.
    spans : dict of str to timedelta
        Label to length of the window, in elapsed time: a day is 24 hours, also when clocks change.
    description, owner : str
        For the catalogue.
    """

    name: str
    events: str
    keys: tuple[str, ...]
    value: str | None
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
        What is computed, row by row. A number that is not finite (0 ÷ 0) counts as missing.
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


@dataclass(frozen=True)
class Invariance:
    """Behaviour check: this change must hardly move the score.

    Attributes
    ----------
    name : str
        The check's name, unique; it stands in the verdict.
    who : polars.Expr
        Over the columns of the features file: the held-out rows that are asked.
    change : dict of str to polars.Expr
        Feature to the value it gets instead, computed from the row.
    within : float
        How far the score may move, up or down (0–1).
    share : float
        Share of the rows that must obey (0–1). Leave a distance to what today's model reaches: a refit moves it.
    because : str
        Why this must hold, for the reviewer.
    """

    name: str
    who: Any = field(hash=False, compare=False)
    change: dict[str, Any] = field(hash=False, compare=False)
    within: float
    share: float
    because: str


@dataclass(frozen=True)
class Directional:
    """Behaviour check: this change must not move the score the wrong way.

    Attributes
    ----------
    name, who, change, share, because
        As for `Invariance`.
    direction : {"up", "down"}
        Which way the score may go.
    slack : float
        How far it may go the other way all the same (0–1): trees are not smooth.
    at_least : float
        How far the mean score over the rows must go the right way (0–1); 0 asks for nothing more than not wrong.
    """

    name: str
    who: Any = field(hash=False, compare=False)
    change: dict[str, Any] = field(hash=False, compare=False)
    direction: Literal["up", "down"]
    slack: float
    share: float
    because: str
    at_least: float = 0.0


@dataclass(frozen=True)
class MinimumFunctionality:
    """Behaviour check: rows that anybody would call have scores in this range.

    Attributes
    ----------
    name, who, share, because
        As for `Invariance`.
    low, high : float
        Smallest and largest allowed score (0–1).
    """

    name: str
    who: Any = field(hash=False, compare=False)
    low: float
    high: float
    share: float
    because: str


Check = Invariance | Directional | MinimumFunctionality
