"""Feature views over whole histories, exact to the microsecond: what was known at each moment, and nothing later.

Nothing here is yours to edit: the views are stated in `src/usecase/features.py`. A window is the difference of two
running totals of whole numbers, so its result does not depend on how much history there is, on the order of the rows
or on the number of threads.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from mergeline.features.definitions import check_view
from mergeline.vocabulary import FeatureView, Latest, Window

Whole = npt.NDArray[np.int64]
Side = Literal["left", "right"]
NOW = timedelta(0)
LARGEST_CODE = 2**30  # times a 32-bit number or the number of events, it stays below 2**63


def compute_views(
    requests: pl.DataFrame, events: Mapping[str, pl.DataFrame], views: Sequence[FeatureView]
) -> pl.DataFrame:
    """Return `requests`, in their order, with the columns of every view added as known at each `decision_at`.

    Parameters
    ----------
    requests : pl.DataFrame
        `decision_at` (Datetime, us, UTC, no nulls) and the key columns of the views. Fastest in order of time.
    events : mapping of str to pl.DataFrame
        By stream: `known_at` (Datetime, us, UTC), keys and values. Order and ties do not matter. An event whose
        `known_at` is null has not happened.
    views : sequence of Latest and Window
        Defined in `mergeline.vocabulary`, borders, ties and nulls included.

    Raises
    ------
    MergelineError
        If a view reads a column that is not there or of the wrong kind.
    """
    for view in views:
        check_view(view, requests, events[view.events])
    keys = pl.col(sorted({key for view in views for key in view.keys})).cast(pl.Categorical)
    asked = requests.select("decision_at", keys)
    streams = {name: _Stream(events[name].sort("known_at"), asked) for name in {view.events for view in views}}
    columns: list[pl.Series] = []
    for view in views:
        if isinstance(view, Window):
            columns += _count_windows(view, streams[view.events])
        else:
            in_order = events[view.events].sort("known_at", *view.values, nulls_last=False)
            columns += _find_latest(view, _Stream(in_order, asked))
    return requests.with_columns(columns)


class _Stream:
    """Events in order of time, and the moments that are asked for."""

    def __init__(self, events: pl.DataFrame, requests: pl.DataFrame) -> None:
        self.events = events.drop_nulls("known_at")
        self.requests = requests
        self._known_at = self.events["known_at"].to_physical().to_numpy()
        self._moments = requests["decision_at"].to_physical().to_numpy()
        self._counts: dict[tuple[timedelta, Side], Whole] = {}
        self._numbers: dict[str, Whole] = {}

    def number(self, key: str) -> Whole:
        """Return per event, and then per request, a number that is equal where `key` is; -1 for null.

        Both at once: categories are numbered anew as soon as no frame that holds them is left.
        """
        if key not in self._numbers:
            both = pl.concat([frame[key].cast(pl.Categorical) for frame in (self.events, self.requests)])
            self._numbers[key] = both.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return self._numbers[key]

    def count_known(self, age: timedelta, side: Side) -> Whole:
        """Return per request how many events were known `age` before the moment, that instant included if "right"."""
        if (age, side) not in self._counts:
            moments = self._moments - age // timedelta(microseconds=1)
            self._counts[age, side] = np.searchsorted(self._known_at, moments, side=side).astype(np.int64)
        return self._counts[age, side]


@dataclass(frozen=True)
class _Index:
    """Events and requests of a stream, both ordered by key, and by time within a key."""

    stream: _Stream
    events: Whole  # row numbers
    place: Whole  # key and row number as one number, ascending
    requests: Whole  # row numbers
    asked: Whole  # key of a request, in the unit of `place`

    def count_known(self, age: timedelta, side: Side = "right") -> Whole:
        """Return per request where the events of its key that were known `age` before the moment end in `events`."""
        return np.searchsorted(self.place, self.asked + self.stream.count_known(age, side)[self.requests])

    def restore(self, values: Whole) -> Whole:
        """Return `values` in the order in which the requests came."""
        restored = np.empty_like(values)
        restored[self.requests] = values
        return restored


def _make_index(view: FeatureView, stream: _Stream, values: Iterable[str] = ()) -> _Index:
    event_codes, request_codes = np.split(_encode(view.keys, stream), [stream.events.height])
    kept = event_codes >= 0
    for value in values:
        kept &= stream.events[value].is_not_null().to_numpy()
    events = np.flatnonzero(kept)
    events = events[_sort(event_codes[events])]
    requests = _sort(request_codes)
    unit = stream.events.height + 1
    return _Index(stream, events, event_codes[events] * unit + events, requests, request_codes[requests] * unit)


def _encode(keys: Sequence[str], stream: _Stream) -> Whole:
    """Return per event, and then per request, a number that is equal where all keys are; -1 if one of them is null."""
    codes = np.zeros(stream.events.height + stream.requests.height, np.int64)
    missing = np.zeros(len(codes), bool)
    for key in keys:
        number = stream.number(key)
        missing |= number < 0
        codes = codes * (number.max(initial=0) + 1) + number
        if codes.max(initial=0) > LARGEST_CODE:
            codes = np.unique(codes, return_inverse=True)[1]
    codes[missing] = -1
    return codes


def _sort(codes: Whole) -> Whole:
    """Return the stable order of `codes`; numpy sorts 16-bit numbers in linear time."""
    lowest = codes.min(initial=0)
    return np.argsort((codes - lowest).astype(np.min_scalar_type(codes.max(initial=0) - lowest)), kind="stable")


def _count_windows(view: Window, stream: _Stream) -> list[pl.Series]:
    counted = [] if view.value is None else [view.value]
    index = _make_index(view, stream, counted)
    until = index.count_known(NOW)
    since = {label: index.count_known(span) for label, span in view.spans.items()}
    columns = [pl.Series(f"{view.name}_count_{label}", index.restore(until - start)) for label, start in since.items()]
    for value in counted:
        total = np.append(0, np.cumsum(stream.events[value].cast(pl.Int64).fill_null(0).to_numpy()[index.events]))
        columns += [
            pl.Series(f"{view.name}_sum_{label}", index.restore(total[until] - total[start]))
            for label, start in since.items()
        ]
    return columns


def _find_latest(view: Latest, stream: _Stream) -> list[pl.Series]:
    index = _make_index(view, stream)
    until, since = index.count_known(NOW), index.count_known(view.freshness, "left")
    newest = np.append(index.events, -1)[np.where(until > since, until - 1, -1)]
    rows = pl.Series(index.restore(newest)).replace(-1, None)
    return [stream.events[value].gather(rows) for value in view.values]
