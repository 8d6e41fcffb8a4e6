"""The use case's definitions: event times, labels, and what a feature may know."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.features.definitions import check_definitions, list_columns, select_features
from mergeline.vocabulary import Latest
from usecase.features import EVENTS, FEATURES, LATE_MINUTES, VIEWS, labels, late_relative, prepare, requests

AIRPORTS = pl.DataFrame(
    {
        "faa": ["BOS", "ORD", "LAX", "PHX"],
        "tzone": ["America/New_York", "America/Chicago", "America/Los_Angeles", "America/Phoenix"],
    }
)
SCHEDULE = (
    "year", "month", "day", "hour", "minute", "sched_dep_time", "sched_arr_time",
    "carrier", "flight", "origin", "dest", "distance", "time_hour",
)  # fmt: skip
OUTCOME = dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"), pl.Int64)


def utc(text: str) -> datetime:
    """Return the UTC time written as `2013-11-03 06:30`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def fly(departs: str, arrives: int, dest: str = "BOS", **more: Any) -> pl.DataFrame:
    """Return one flight from JFK that is due to leave at the UTC time `departs`, with arrival as HHMM local."""
    at = utc(departs)
    row = {
        "year": at.year, "month": at.month, "day": at.day, "hour": at.hour, "minute": at.minute,
        "sched_dep_time": at.hour * 100 + at.minute, "sched_arr_time": arrives, "tailnum": None, "distance": 187,
        "carrier": "B6", "flight": 1, "origin": "JFK", "dest": dest, "time_hour": at.replace(minute=0),
    } | dict.fromkeys(OUTCOME) | more  # fmt: skip
    return pl.DataFrame([row], schema_overrides=OUTCOME)


def tables(*flights: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the tables with these flights."""
    return {"flights": pl.concat(flights), "airports": AIRPORTS}


def arrival(departs: str, arrives: int, dest: str = "BOS") -> datetime:
    """Return the scheduled arrival in UTC."""
    return prepare(tables(fly(departs, arrives, dest)))["flights"]["scheduled_arrival"][0]


@pytest.mark.parametrize(
    ("departs", "arrives", "dest", "expected"),
    [
        ("2013-01-15 13:00", 910, "BOS", "2013-01-15 14:10"),
        ("2013-01-15 13:00", 940, "ORD", "2013-01-15 15:40"),
        ("2013-07-15 13:00", 1130, "LAX", "2013-07-15 18:30"),
        ("2013-07-15 13:00", 1130, "PHX", "2013-07-15 18:30"),
        ("2013-01-15 13:00", 1350, "SJU", "2013-01-15 17:50"),
        ("2013-07-15 13:00", 1250, "SJU", "2013-07-15 16:50"),
    ],
)
def test_arrival_is_on_the_clock_of_the_destination(departs: str, arrives: int, dest: str, expected: str) -> None:
    """Zones with and without daylight saving; San Juan is missing in airports and on Atlantic time all year."""
    assert arrival(departs, arrives, dest) == utc(expected)


@pytest.mark.parametrize(("arrives", "expected"), [(2359, "04:59"), (2400, "05:00"), (0, "05:00"), (5, "05:05")])
def test_an_arrival_after_midnight_is_on_the_next_day(arrives: int, expected: str) -> None:
    """A flight that leaves at 22:50 lands on the first occurrence of its arrival time; 2400 and 0 are midnight."""
    assert arrival("2013-01-16 03:50", arrives) == utc(f"2013-01-16 {expected}")


@pytest.mark.parametrize(
    ("departs", "arrives", "expected"),
    [
        ("2013-11-04 04:00", 10, "2013-11-04 05:10"),  # the 3rd of November has 25 hours
        ("2013-03-11 03:00", 10, "2013-03-11 04:10"),  # the 10th of March has 23
        ("2013-11-03 03:30", 600, "2013-11-03 11:00"),  # through the night in which clocks go back
        ("2013-03-10 04:30", 600, "2013-03-10 10:00"),  # and forward
    ],
)
def test_the_next_day_is_counted_on_the_wall_clock(departs: str, arrives: int, expected: str) -> None:
    """Adding 24 hours would be an hour off on the two days when clocks change."""
    assert arrival(departs, arrives) == utc(expected)


def test_an_hour_that_occurs_twice_is_taken_as_its_second_occurrence() -> None:
    """No outcome counts as known too early; and 01:40 may well come after 01:50."""
    assert arrival("2013-11-03 04:20", 130) == utc("2013-11-03 06:30")
    assert arrival("2013-11-03 05:50", 140) == utc("2013-11-03 06:40")


def test_an_hour_that_is_skipped_is_read_off_a_clock_that_was_not_put_forward() -> None:
    """02:30 on the 10th of March is half an hour after 02:00."""
    assert arrival("2013-03-10 06:20", 230) == utc("2013-03-10 07:30")


def test_a_destination_without_time_zone_is_named() -> None:
    """A new destination stops the pipeline instead of dropping its outcomes without a word."""
    with pytest.raises(MergelineError) as caught:
        prepare(tables(fly("2013-01-15 13:00", 910), fly("2013-01-15 13:00", 910, "QQQ")))
    assert "destination QQQ" in caught.value.what
    assert "ZONES_MISSING_IN_AIRPORTS" in caught.value.fix


def test_the_request_is_made_of_the_schedule_alone() -> None:
    """Without any column that is known later, `prepare` and `requests` give the same: none of them can leak."""
    flights = fly("2013-01-15 13:30", 940, "ORD", dep_delay=7, arr_delay=3)
    asked = requests(prepare(tables(flights.select(SCHEDULE))), 120)
    assert asked.equals(requests(prepare(tables(flights)), 120))
    assert asked.row(0, named=True) == {
        "row_id": "2013-01-15T13:00:00Z/B6/1",
        "decision_at": utc("2013-01-15 11:30"),
        "day": date(2013, 1, 15),
        "origin": "JFK",
        "dest": "ORD",
        "carrier": "B6",
        "sched_hour": 13,
        "sched_minute": 810,
        "weekday": 2,
        "distance": 187,
        "sched_block": 130,
    }


@pytest.mark.parametrize(("delay", "target"), [(LATE_MINUTES - 1, False), (LATE_MINUTES, True)])
def test_a_flight_is_late_from_fifteen_minutes_on_and_known_when_it_lands(delay: int, target: bool) -> None:
    """The label becomes known at the arrival: schedule plus delay, also when the flight left on time."""
    label = labels(prepare(tables(fly("2013-01-15 13:00", 910, dep_delay=0, arr_delay=delay)))).row(0, named=True)
    assert label["target"] is target
    assert label["label_at"] == utc("2013-01-15 14:10") + timedelta(minutes=delay)


def test_a_flight_that_never_arrives_has_no_label_and_no_arrival() -> None:
    """Cancelled: nothing happened. Diverted: it left, and that is all."""
    cancelled = fly("2013-01-15 13:00", 910)
    diverted = fly("2013-01-15 13:00", 910, flight=2, dep_delay=20)
    world = prepare(tables(cancelled, diverted))
    assert labels(world).select("label_at", "target").rows() == [(None, None)] * 2
    assert EVENTS["arrivals"](world)["known_at"].to_list() == [None, None]
    assert EVENTS["departures"](world).select("known_at", "delayed").rows() == [
        (None, None),
        (utc("2013-01-15 13:20"), True),
    ]
    assert EVENTS["schedule"](world)["known_at"].to_list() == [utc("2013-01-15 13:00")] * 2


def test_an_observation_is_known_an_hour_after_the_hour_it_is_filed_under() -> None:
    """The weather of 12:00 may be used from 13:00 on."""
    row = {"origin": "JFK", "time_hour": utc("2013-01-15 12:00"), "temp": 40.0}
    row |= dict.fromkeys(("humid", "wind_speed", "wind_gust", "precip", "visib"), 1.0)
    observed = EVENTS["observations"]({"weather": pl.DataFrame([row])})
    assert observed["known_at"].to_list() == [utc("2013-01-15 13:00")]


def test_definitions_fit_together_and_none_is_idle() -> None:
    """Every event stream is read by a view, and every value or span of a view by a feature."""
    check_definitions(EVENTS, VIEWS, FEATURES)
    assert {view.events for view in VIEWS} == set(EVENTS)
    read = {name for feature in FEATURES for name in feature.expression.meta.root_names()}
    for view in VIEWS:
        columns = set(list_columns(view))
        parts = view.values if isinstance(view, Latest) else [f"_{label}" for label in view.spans]
        assert all(any(column.endswith(part) for column in columns & read) for part in parts), view.name


def test_every_feature_is_documented(repository: Path) -> None:
    """Each has a unit and a description, and docs/features.md lists these and no other."""
    assert all(feature.unit and feature.description for feature in FEATURES)
    table = (repository / "docs/features.md").read_text(encoding="utf-8").split("## The features")[1].split("\n\n")[1]
    patterns = [name for line in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", line.split("|")[1])]
    listed = [name for pattern in patterns for name in expand(pattern)]
    assert sorted(listed) == sorted(feature.name for feature in FEATURES)


def expand(pattern: str) -> list[str]:
    """Return the names that a pattern like `{a, b}_x` stands for."""
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = [part.split(", ") if place % 2 else [part] for place, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


@pytest.mark.parametrize(
    ("count", "late", "network_count", "network_late", "expected"),
    [
        (100, 30, 1000, 300, 0.0),  # as late as everybody: 0, whatever the level
        (100, 10, 1000, 100, 0.0),
        (80, 40, 1000, 250, (40 - 20) / 100),  # 0.5 against 0.25, shrunk as if 20 more flights were as usual
        (0, 0, 1000, 250, 0.0),  # nothing known: as usual
        (0, 0, 0, 0, None),  # no history at all: missing
    ],
)
def test_late_rates_are_relative_to_the_network(
    count: int, late: int, network_count: int, network_late: int, expected: float | None
) -> None:
    """A rate says how a carrier differs from the others in the same weeks, not which weeks these are."""
    frame = pl.DataFrame(
        {
            "carrier_arrivals_count_28d": [count],
            "carrier_arrivals_sum_28d": [late],
            "network_arrivals_count_28d": [network_count],
            "network_arrivals_sum_28d": [network_late],
        }
    )
    assert select_features(frame, [late_relative("carrier", "28d")]).item() == expected
