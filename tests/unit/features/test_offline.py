"""Feature views over whole histories, against a recount that looks at every event for every request."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mergeline.errors import MergelineError
from mergeline.features import offline
from mergeline.features.definitions import list_columns
from mergeline.features.offline import compute_views
from mergeline.vocabulary import FeatureView, Latest, Window

START = datetime(2013, 3, 10, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
SPANS = {"1": timedelta(minutes=1), "4": timedelta(minutes=4), "99": timedelta(minutes=99)}
VIEWS: tuple[FeatureView, ...] = (
    Window("all", "landed", (), "late", SPANS),
    Window("airline", "landed", ("carrier",), "late", SPANS),
    Window("route", "landed", ("origin", "dest"), "late", SPANS),
    Window("seen", "landed", ("origin",), None, SPANS),
    Latest("sky", "weather", ("origin",), ("wind", "word"), timedelta(minutes=4)),
    Latest("anywhere", "weather", (), ("rain",), timedelta(minutes=2)),
)

names = st.sampled_from(["A", "B", "C", None])
moments = st.integers(0, 9).map(lambda minute: START + timedelta(minutes=minute))
landed = st.fixed_dictionaries(
    {
        "known_at": st.none() | moments,
        "carrier": names,
        "origin": names,
        "dest": names,
        "late": st.sampled_from([0, 1, 3, None]),
    }
)
weather = st.fixed_dictionaries(
    {
        "known_at": st.none() | moments,
        "origin": names,
        "wind": st.sampled_from([1.5, 2.5, None]),
        "word": st.sampled_from(["dry", "wet", None]),
        "rain": st.sampled_from([0.0, 1.0, None]),
    }
)
asked = st.fixed_dictionaries({"decision_at": moments, "carrier": names, "origin": names, "dest": names})

SCHEMAS: dict[str, dict[str, Any]] = {
    "landed": {"known_at": TIME, "carrier": pl.String, "origin": pl.String, "dest": pl.String, "late": pl.Int64},
    "weather": {"known_at": TIME, "origin": pl.String, "wind": pl.Float64, "word": pl.String, "rain": pl.Float64},
    "asked": {"decision_at": TIME, "carrier": pl.String, "origin": pl.String, "dest": pl.String},
}


def frame(kind: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return the rows as a frame of the given kind."""
    return pl.DataFrame(rows, schema=SCHEMAS[kind], orient="row")


def rank(value: Any) -> tuple[Any, ...]:
    """Return what `value` sorts by: null lowest."""
    return () if value is None else (value,)


def recount(view: FeatureView, request: dict[str, Any], events: list[dict[str, Any]]) -> list[Any]:
    """Return the columns of `view` for one request, by the words of its definition."""
    moment = request["decision_at"]
    known = [
        event
        for event in events
        if event["known_at"] is not None
        and event["known_at"] <= moment
        and all(event[key] is not None and event[key] == request[key] for key in view.keys)
    ]
    if isinstance(view, Latest):
        fresh = [event for event in known if moment - event["known_at"] <= view.freshness]
        ranks = [(event["known_at"], *(rank(event[value]) for value in view.values)) for event in fresh]
        newest = fresh[ranks.index(max(ranks))] if fresh else dict.fromkeys(view.values)
        return [newest[value] for value in view.values]
    counted = [event for event in known if view.value is None or event[view.value] is not None]
    inside = {label: [e for e in counted if e["known_at"] > moment - span] for label, span in view.spans.items()}
    counts = [len(found) for found in inside.values()]
    return counts if view.value is None else counts + [sum(e[view.value] for e in found) for found in inside.values()]


@settings(max_examples=100, deadline=None)
@given(st.lists(asked, max_size=8), st.lists(landed, max_size=25), st.lists(weather, max_size=12))
def test_views_equal_a_recount_of_every_event(
    requests: list[dict[str, Any]], arrivals: list[dict[str, Any]], observations: list[dict[str, Any]]
) -> None:
    """Borders, ties, gaps, nulls and unsorted input are what the vocabulary says they are."""
    events = {"landed": arrivals, "weather": observations}
    computed = compute_views(
        frame("asked", requests), {name: frame(name, rows) for name, rows in events.items()}, VIEWS
    )
    for view in VIEWS:
        expected = [recount(view, request, events[view.events]) for request in requests]
        assert [list(row) for row in computed.select(list_columns(view)).rows()] == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(asked, min_size=1, max_size=8),
    st.lists(landed, max_size=25),
    st.lists(weather, max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_input_does_not_matter(
    requests: list[dict[str, Any]], arrivals: list[dict[str, Any]], observations: list[dict[str, Any]], random: Any
) -> None:
    """Shuffled events and shuffled requests give the same values, in the order of the requests."""
    events = {"landed": frame("landed", arrivals), "weather": frame("weather", observations)}
    before = compute_views(frame("asked", requests), events, VIEWS)
    order = random.sample(range(len(requests)), len(requests))
    shuffled = {name: rows[random.sample(range(rows.height), rows.height)] for name, rows in events.items()}
    assert_frame_equal(compute_views(frame("asked", requests)[order], shuffled, VIEWS), before[order])


def at(minute: float, **values: Any) -> dict[str, Any]:
    """Return an event known `minute` minutes after the start."""
    return {"known_at": START + timedelta(minutes=minute), **values}


def ask(minute: float) -> pl.DataFrame:
    """Return one request, from airport A, `minute` minutes after the start."""
    row = {"decision_at": START + timedelta(minutes=minute), "carrier": "A", "origin": "A", "dest": "A"}
    return frame("asked", [row])


def latest_wind(minute: float, *observations: dict[str, Any]) -> float | None:
    """Return the wind that the view `sky` gives at `minute`."""
    rows = [{"origin": "A", "word": None, "rain": None, **observation} for observation in observations]
    return compute_views(ask(minute), {"weather": frame("weather", rows)}, VIEWS[4:5])["wind"][0]


def test_an_event_known_at_the_very_moment_counts() -> None:
    """The moment of decision itself belongs to the past, one microsecond later does not."""
    instant = timedelta(microseconds=1) / timedelta(minutes=1)
    assert latest_wind(5, at(5, wind=9.0)) == 9.0
    assert latest_wind(5, at(5 + instant, wind=9.0)) is None


def test_an_observation_is_fresh_up_to_its_limit_and_stale_after_it() -> None:
    """At an age of exactly the freshness limit the value stands; a microsecond later it is missing."""
    instant = timedelta(microseconds=1) / timedelta(minutes=1)
    assert latest_wind(5, at(1, wind=9.0)) == 9.0
    assert latest_wind(5 + instant, at(1, wind=9.0)) is None


def test_the_newest_event_is_taken_whole() -> None:
    """A missing value in the newest event is missing; an older event does not fill it."""
    assert latest_wind(5, at(3, wind=9.0), at(4, wind=None)) is None


def test_of_tied_events_the_greatest_counts() -> None:
    """Two observations of one moment: the order of rows does not decide, the values do."""
    low, high = at(4, wind=1.0), at(4, wind=2.0)
    assert latest_wind(5, low, high) == latest_wind(5, high, low) == 2.0


def test_many_keys_do_not_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the product of the key domains grows too large, keys are numbered anew; the counts stay."""
    monkeypatch.setattr(offline, "LARGEST_CODE", 2)
    rows = [at(n / 100, carrier="A", origin=f"o{n % 7}", dest=f"d{n % 5}", late=1) for n in range(100)]
    request = ask(5).with_columns(origin=pl.lit("o3"), dest=pl.lit("d3"))
    computed = compute_views(request, {"landed": frame("landed", rows)}, VIEWS[2:3])
    assert computed["route_count_99"][0] == len([n for n in range(100) if n % 7 == 3 and n % 5 == 3])


@pytest.mark.parametrize(
    ("view", "fix"),
    [
        (Window("v", "landed", ("plane",), None, SPANS), "use one of: decision_at, carrier, origin, dest"),
        (Window("v", "landed", (), "delay", SPANS), "use one of: known_at, carrier, origin, dest, late"),
        (Window("v", "landed", (), "carrier", SPANS), "cast it to an integer or a boolean"),
        (Window("v", "landed", ("late",), None, SPANS), "cast it to pl.String"),
    ],
)
def test_a_view_that_does_not_fit_is_named(view: FeatureView, fix: str) -> None:
    """A missing or wrong column is a fault that says which view reads it and what to write instead."""
    requests = ask(5).with_columns(late=1) if view.keys == ("late",) else ask(5)
    with pytest.raises(MergelineError) as caught:
        compute_views(requests, {"landed": frame("landed", [])}, [view])
    assert "view 'v'" in caught.value.what
    assert fix in caught.value.fix


def test_local_times_are_refused() -> None:
    """A `known_at` without time zone is a fault, not a guess."""
    events = frame("landed", []).with_columns(pl.col("known_at").dt.replace_time_zone(None))
    with pytest.raises(MergelineError) as caught:
        compute_views(ask(5), {"landed": events}, VIEWS[:1])
    assert "convert it to UTC" in caught.value.fix
