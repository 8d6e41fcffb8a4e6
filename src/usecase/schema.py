"""What each raw table must be, row by row: columns in order, types, what may be empty, ranges and rules. Yours to edit.

A rule is a polars expression over the row, and the words a person reads when it is broken. Limits on a batch as a whole
(row count, empty cells, new categories, target rate) are in `params.yaml`, group `validate`. One bad record is mended
by a reviewed line in `corrections.csv`, beside this file. Every range has its figures in `docs/data.md`.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl

from mergeline.vocabulary import Table

ORIGINS = ("EWR", "JFK", "LGA")
LOCAL = "America/New_York"
UTC_TIME = pl.Datetime("us", "UTC")
LATE = pl.col("arr_delay") >= 15


def batch_dates(batch: str) -> Sequence[date]:
    """Return the dates, oldest first, of which `batch` holds rows: "2013-02" is a month of local dates.

    Raises
    ------
    ValueError
        If `batch` is not a year and a month.
    """
    first = date.fromisoformat(f"{batch}-01")
    return [first.replace(day=day) for day in range(1, monthrange(first.year, first.month)[1] + 1)]


def between(low: float, high: float) -> pa.Check:
    """Return the check that a value lies in [low, high]."""
    return pa.Check.in_range(low, high, error=f"is between {low} and {high}")


def one_of(*values: str) -> pa.Check:
    """Return the check that a text is one of `values`."""
    return pa.Check.isin(values, error=f"is one of {', '.join(values)}")


def matches(pattern: str, words: str) -> pa.Check:
    """Return the check that the whole text matches `pattern`."""
    return pa.Check.str_matches(f"^(?:{pattern})$", error=words)


def rule(words: str, holds: pl.Expr) -> pa.Check:
    """Return the check that `holds`, an expression over the whole row, is true. Null is not true."""
    return pa.Check(lambda data: data.lazyframe.select(holds), error=words, ignore_na=False)


def clock(column: str, low: int, high: int) -> list[pa.Check]:
    """Return the checks that a column is a local time of day as HHMM in [low, high]; 2400 is midnight at day's end."""
    return [between(low, high), rule("is HHMM, with MM below 60", (pl.col(column) % 100 < 60).fill_null(True))]


def minutes(column: str) -> pl.Expr:
    """Return the minutes since midnight, 0–1440, of an HHMM column."""
    return pl.col(column) // 100 * 60 + pl.col(column) % 100


def differ_by(later: str, earlier: str, delay: str) -> pl.Expr:
    """Return whether two HHMM columns lie `delay` minutes apart, whole days aside; true where one is empty."""
    return ((minutes(later) - minutes(earlier) - pl.col(delay)) % 1440 == 0).fill_null(True)


def only_with(column: str, other: str) -> pl.Expr:
    """Return whether `column` is empty wherever `other` is."""
    return pl.col(column).is_null() | pl.col(other).is_not_null()


def is_local_hour(column: str) -> pl.Expr:
    """Return whether year, month, day and hour are what New York's clocks show at the UTC time in `column`.

    In 2013 the clocks skip 02:00 on 10 March and show 01:00 twice on 3 November; the UTC time tells the two apart.
    """
    local = pl.col(column).dt.convert_time_zone(LOCAL)
    parts = {"year": local.dt.year(), "month": local.dt.month(), "day": local.dt.day(), "hour": local.dt.hour()}
    return pl.all_horizontal(
        pl.col(column).dt.truncate("1h") == pl.col(column), *(pl.col(name) == part for name, part in parts.items())
    )


def column(dtype: Any, *checks: pa.Check | list[pa.Check], nullable: bool = False) -> pa.Column:
    """Return a column that every file must have; `nullable` says whether its cells may be empty."""
    flat = [item for check in checks for item in (check if isinstance(check, list) else [check])]
    return pa.Column(dtype, flat, nullable=nullable)


def table_schema(columns: dict[str, pa.Column], key: list[str]) -> pa.DataFrameSchema:
    """Return the schema of exactly these columns in this order, where no two rows have the same `key`."""
    return pa.DataFrameSchema(columns, unique=key, strict=True, ordered=True)


LOCAL_DATE = {
    "year": column(pl.Int32, between(2013, 2100)),
    "month": column(pl.Int32, between(1, 12)),
    "day": column(pl.Int32, between(1, 31)),
}
LOCAL_HOUR = rule(f"is the year, month, day and hour in {LOCAL}", is_local_hour("time_hour"))

flights_schema = table_schema(
    {
        **LOCAL_DATE,
        # Empty: cancelled.
        "dep_time": column(pl.Int32, clock("dep_time", 1, 2400), nullable=True),
        "sched_dep_time": column(
            pl.Int32,
            clock("sched_dep_time", 0, 2359),
            rule("equals hour × 100 + minute", pl.col("hour") * 100 + pl.col("minute") == pl.col("sched_dep_time")),
        ),
        "dep_delay": column(
            pl.Int32,
            between(-120, 2880),
            rule("is empty exactly where dep_time is", pl.col("dep_delay").is_null() == pl.col("dep_time").is_null()),
            rule("equals dep_time − sched_dep_time, days aside", differ_by("dep_time", "sched_dep_time", "dep_delay")),
            nullable=True,
        ),
        # Both arrival times are on the clock of the destination.
        "arr_time": column(
            pl.Int32,
            clock("arr_time", 1, 2400),
            rule("is empty where dep_time is", only_with("arr_time", "dep_time")),
            nullable=True,
        ),
        "sched_arr_time": column(pl.Int32, clock("sched_arr_time", 0, 2359)),
        # Empty: cancelled, or diverted (which may have an arr_time, at another airport).
        "arr_delay": column(
            pl.Int32,
            between(-180, 2880),
            rule("is empty where arr_time is", only_with("arr_delay", "arr_time")),
            rule("equals arr_time − sched_arr_time, days aside", differ_by("arr_time", "sched_arr_time", "arr_delay")),
            nullable=True,
        ),
        "carrier": column(pl.String, matches("[0-9A-Z]{2}", "is a carrier code of two characters")),
        "flight": column(pl.Int32, between(1, 9999)),
        # Empty only on flights that never left, so it is known too late to be a feature.
        "tailnum": column(
            pl.String,
            matches("[A-Z][0-9A-Z]{3,5}", "is an aircraft registration"),
            rule("is empty only where dep_time is", pl.col("tailnum").is_not_null() | pl.col("dep_time").is_null()),
            nullable=True,
        ),
        "origin": column(pl.String, one_of(*ORIGINS)),
        "dest": column(pl.String, matches("[A-Z]{3}", "is an airport code of three letters")),
        "air_time": column(
            pl.Int32,
            between(10, 1000),
            rule("is empty exactly where arr_delay is", pl.col("air_time").is_null() == pl.col("arr_delay").is_null()),
            nullable=True,
        ),
        "distance": column(pl.Int32, between(10, 6000)),
        "hour": column(pl.Int32, between(0, 23)),
        "minute": column(pl.Int32, between(0, 59)),
        "time_hour": column(UTC_TIME, LOCAL_HOUR),
    },
    key=["time_hour", "carrier", "flight"],
)

weather_schema = table_schema(
    {
        "origin": column(pl.String, one_of(*ORIGINS)),
        **LOCAL_DATE,
        "hour": column(pl.Int32, between(0, 23)),
        "temp": column(pl.Float64, between(-40, 130), nullable=True),
        "dewp": column(
            pl.Float64,
            between(-60, 100),
            rule("is at most temp", (pl.col("dewp") <= pl.col("temp")).fill_null(True)),
            nullable=True,
        ),
        "humid": column(pl.Float64, between(0, 100), nullable=True),
        "wind_dir": column(pl.Int32, between(0, 360), nullable=True),
        "wind_speed": column(pl.Float64, between(0, 150), nullable=True),
        # Empty: no gust.
        "wind_gust": column(pl.Float64, between(0, 200), nullable=True),
        "precip": column(pl.Float64, between(0, 10)),
        "pressure": column(pl.Float64, between(900, 1100), nullable=True),
        "visib": column(pl.Float64, between(0, 10)),
        "time_hour": column(UTC_TIME, LOCAL_HOUR),
    },
    key=["time_hour", "origin"],
)

airports_schema = table_schema(
    {
        "faa": column(pl.String, matches("[0-9A-Z]{3}", "is an airport code of three characters")),
        "name": column(pl.String),
        "lat": column(pl.Float64, between(-90, 90)),
        "lon": column(pl.Float64, between(-180, 180)),
        "alt": column(pl.Int32, between(-1500, 20000)),
        "tz": column(pl.Int32, between(-12, 14)),
        "dst": column(pl.String, one_of("A", "N", "U")),
        "tzone": column(pl.String, matches("[A-Za-z]+/[A-Za-z_/]+", "is a time zone as Area/Place"), nullable=True),
    },
    key=["faa"],
)

LOCAL_DAY = pl.date("year", "month", "day")
TABLES = (
    Table(name="airports", path="airports.csv", schema=airports_schema, null_values=("NA",)),
    Table(
        name="flights",
        path="flights/{batch}.csv",
        schema=flights_schema,
        null_values=("NA",),
        day=LOCAL_DAY,
        categories=("carrier", "origin", "dest"),
        target=LATE,
    ),
    Table(
        name="weather",
        path="weather/{batch}.csv",
        schema=weather_schema,
        null_values=("NA",),
        day=LOCAL_DAY,
        # The source's weather ends on 30 December: flights of the last day have none.
        known_gaps=(date(2013, 12, 31),),
        categories=("origin",),
    ),
)
