"""The contract of the raw tables: real quirks keep it, each kind of fault breaks the rule made for it."""

from datetime import date

import polars as pl
import pytest

from mergeline.data.contract import find_failures
from mergeline.data.tables import Cells, type_cells
from mergeline.vocabulary import Table
from usecase.features import LATE_MINUTES
from usecase.schema import LATE, TABLES, batch_dates

BY_NAME = {table.name: table for table in TABLES}
FLOWN = "2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z"
CANCELLED = "2013,1,2,NA,1545,NA,NA,1910,NA,AA,133,NA,JFK,LAX,NA,2475,15,45,2013-01-02T20:00:00Z"
HOURLY = "EWR,2013,1,1,1,39.02,26.06,59.37,270,10.357019999999999,NA,0,1012,10,2013-01-01T06:00:00Z"


def read(table: Table, *lines: str) -> pl.DataFrame:
    """Return lines of a raw file as typed rows."""
    columns = list(table.schema.columns)
    rows = [line.split(",") for line in lines]
    return type_cells(Cells("f", pl.DataFrame(rows, schema=columns, orient="row")), table)


def broken(table: str, *lines: str) -> list[tuple[str | None, str]]:
    """Return column and rule of what the lines break."""
    found = find_failures(read(BY_NAME[table], *lines), BY_NAME[table].schema)
    return [(failure.column, failure.rule) for failure in found]


def change(line: str, table: str, **cells: str) -> str:
    """Return the line with some of its cells changed."""
    fields = dict(zip(BY_NAME[table].schema.columns, line.split(","), strict=True))
    return ",".join({**fields, **cells}.values())


@pytest.mark.parametrize(
    "line",
    [
        FLOWN,
        CANCELLED,
        "2013,1,1,1525,1530,-5,1934,1805,NA,MQ,4525,N719MQ,LGA,XNA,NA,1147,15,30,2013-01-01T20:00:00Z",
        "2013,1,1,2016,1930,46,NA,2220,NA,EV,4204,N14168,EWR,OKC,NA,1325,19,30,2013-01-02T00:00:00Z",
        "2013,2,7,2400,2359,1,432,436,-4,B6,727,N559JB,JFK,BQN,186,1576,23,59,2013-02-08T04:00:00Z",
        "2013,1,1,2209,2155,14,2400,2337,23,B6,1109,N216JB,JFK,RDU,86,427,21,55,2013-01-02T02:00:00Z",
        "2013,1,9,641,900,1301,1242,1530,1272,HA,51,N384HA,JFK,HNL,640,4983,9,0,2013-01-09T14:00:00Z",
        "2013,7,27,NA,106,NA,NA,245,NA,US,1632,NA,EWR,LGA,NA,17,1,6,2013-07-27T05:00:00Z",
    ],
    ids=["flown", "cancelled", "diverted", "diverted, no arrival", "2400 out", "2400 in", "a day late", "17 miles"],
)
def test_the_quirks_of_real_flights_keep_the_contract(line: str) -> None:
    """None of them is an error in the record: they are documented in docs/data.md."""
    assert broken("flights", line) == []


def test_both_hours_of_the_night_the_clocks_go_back_keep_the_contract() -> None:
    """01:00 occurs twice on 3 November; the hour skipped on 10 March does not occur."""
    autumn = change(HOURLY, "weather", month="11", day="3", hour="1")
    first, second = (change(autumn, "weather", time_hour=f"2013-11-03T0{hour}:00:00Z") for hour in (5, 6))
    assert broken("weather", first, second) == []
    spring = change(HOURLY, "weather", month="3", day="10", hour="3", time_hour="2013-03-10T07:00:00Z")
    assert broken("weather", spring) == []
    assert broken("weather", change(spring, "weather", hour="2"))


@pytest.mark.parametrize(
    ("base", "cells", "column", "rule"),
    [
        (FLOWN, {"year": "2012"}, "year", "is between 2013 and 2100"),
        (FLOWN, {"month": "13"}, "month", "is between 1 and 12"),
        (FLOWN, {"day": "32"}, "day", "is between 1 and 31"),
        (FLOWN, {"dep_time": "2401", "dep_delay": "1126"}, "dep_time", "is between 1 and 2400"),
        (FLOWN, {"dep_time": "477"}, "dep_time", "is HHMM, with MM below 60"),
        (FLOWN, {"sched_arr_time": "779"}, "sched_arr_time", "is HHMM, with MM below 60"),
        (FLOWN, {"minute": "16"}, "sched_dep_time", "equals hour × 100 + minute"),
        (FLOWN, {"dep_delay": "NA"}, "dep_delay", "is empty exactly where dep_time is"),
        (FLOWN, {"dep_delay": "3"}, "dep_delay", "equals dep_time − sched_dep_time, days aside"),
        (FLOWN, {"dep_delay": "5762"}, "dep_delay", "is between -120 and 2880"),
        (CANCELLED, {"arr_time": "830"}, "arr_time", "is empty where dep_time is"),
        (FLOWN, {"arr_delay": "12"}, "arr_delay", "equals arr_time − sched_arr_time, days aside"),
        (FLOWN, {"arr_time": "NA"}, "arr_delay", "is empty where arr_time is"),
        (FLOWN, {"air_time": "NA"}, "air_time", "is empty exactly where arr_delay is"),
        (FLOWN, {"arr_delay": "NA"}, "air_time", "is empty exactly where arr_delay is"),
        (FLOWN, {"air_time": "9"}, "air_time", "is between 10 and 1000"),
        (FLOWN, {"carrier": "ua"}, "carrier", "is a carrier code of two characters"),
        (FLOWN, {"carrier": "UAL"}, "carrier", "is a carrier code of two characters"),
        (FLOWN, {"carrier": "NA"}, "carrier", "is not empty"),
        (FLOWN, {"flight": "0"}, "flight", "is between 1 and 9999"),
        (FLOWN, {"tailnum": "NA"}, "tailnum", "is empty only where dep_time is"),
        (FLOWN, {"tailnum": ""}, "tailnum", "is an aircraft registration"),
        (FLOWN, {"origin": "PHL"}, "origin", "is one of EWR, JFK, LGA"),
        (FLOWN, {"dest": "IA"}, "dest", "is an airport code of three letters"),
        (FLOWN, {"distance": "0"}, "distance", "is between 10 and 6000"),
        (
            FLOWN,
            {"time_hour": "2013-01-01T05:00:00Z"},
            "time_hour",
            "is the year, month, day and hour in America/New_York",
        ),
        (
            FLOWN,
            {"time_hour": "2013-01-01T10:15:00Z"},
            "time_hour",
            "is the year, month, day and hour in America/New_York",
        ),
    ],
)
def test_a_fault_in_a_flight_breaks_its_rule(base: str, cells: dict[str, str], column: str, rule: str) -> None:
    """Each rule goes red for the fault it is made for."""
    assert (column, rule) in broken("flights", change(base, "flights", **cells))


@pytest.mark.parametrize(
    ("cells", "column", "rule"),
    [
        ({"origin": "PHL"}, "origin", "is one of EWR, JFK, LGA"),
        ({"temp": "131"}, "temp", "is between -40 and 130"),
        ({"dewp": "39.1"}, "dewp", "is at most temp"),
        ({"humid": "100.1"}, "humid", "is between 0 and 100"),
        ({"wind_dir": "361"}, "wind_dir", "is between 0 and 360"),
        ({"wind_speed": "1048.36058"}, "wind_speed", "is between 0 and 150"),
        ({"wind_gust": "-1"}, "wind_gust", "is between 0 and 200"),
        ({"precip": "NA"}, "precip", "is not empty"),
        ({"pressure": "29.92"}, "pressure", "is between 900 and 1100"),
        ({"visib": "11"}, "visib", "is between 0 and 10"),
        ({"hour": "2"}, "time_hour", "is the year, month, day and hour in America/New_York"),
    ],
)
def test_a_fault_in_an_observation_breaks_its_rule(cells: dict[str, str], column: str, rule: str) -> None:
    """Each rule goes red for the fault it is made for."""
    assert broken("weather", HOURLY) == []
    assert (column, rule) in broken("weather", change(HOURLY, "weather", **cells))


def test_rows_with_one_key_break_the_contract() -> None:
    """One carrier's flight number occurs once an hour, an airport is observed once an hour."""
    assert broken("flights", FLOWN, FLOWN) == [(None, "time_hour, carrier, flight together occur once")]
    assert broken("weather", HOURLY, HOURLY) == [(None, "time_hour, origin together occur once")]


def test_a_month_has_all_its_local_dates() -> None:
    """Leap years included."""
    assert batch_dates("2013-02")[-1] == date(2013, 2, 28)
    assert batch_dates("2016-02")[-1] == date(2016, 2, 29)
    assert len(batch_dates("2013-12")) == 31


@pytest.mark.parametrize("batch", ["2013", "2013-13", "2013-1", "january"])
def test_what_is_no_month_is_no_batch(batch: str) -> None:
    """A misspelt batch is not taken for another."""
    with pytest.raises(ValueError, match="."):
        batch_dates(batch)


def test_late_means_the_same_here_and_in_the_features() -> None:
    """The target rate that is watched is that of the target that is learned; without arrival there is no label."""
    frame = pl.DataFrame({"arr_delay": [LATE_MINUTES - 1, LATE_MINUTES, None]})
    assert frame.select(LATE).to_series().to_list() == [False, True, None]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_whether_it_may_be_empty(table: Table) -> None:
    """Key columns never are; the schema is strict and ordered, so no column is added or moved unseen."""
    assert table.schema.strict is True
    assert table.schema.ordered is True
    assert not any(table.schema.columns[name].nullable for name in table.schema.unique)
    assert set(table.categories) <= set(table.schema.columns)
