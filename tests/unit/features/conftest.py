"""A small world in the form that the validate stage leaves: two batches, three flights a day, hourly weather."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

FLIGHTS_A_DAY = (("AA", 1, "JFK", 8, 5), ("AA", 2, "JFK", 12, 40), ("UA", 3, "EWR", 23, 90))


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """Return a directory of clean tables with the batches 2013-01 and 2013-02, five days each around their border."""
    days = [datetime(2013, 1, 27) + timedelta(days=n) for n in range(10)]
    for month, batch in ((1, "2013-01"), (2, "2013-02")):
        mine = [day for day in days if day.month == month]
        write(tmp_path / f"clean/flights/{batch}.parquet", [fly(day, *what) for day in mine for what in FLIGHTS_A_DAY])
        write(
            tmp_path / f"clean/weather/{batch}.parquet", [o for day in mine for h in range(24) for o in observe(day, h)]
        )
    write(tmp_path / "clean/airports.parquet", [{"faa": "ORD", "tzone": "America/Chicago"}])
    return tmp_path / "clean"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)


def fly(day: datetime, carrier: str, flight: int, origin: str, hour: int, delay: int) -> dict[str, Any]:
    """Return a flight to Chicago of two hours and a half."""
    local = day.replace(hour=hour, tzinfo=ZoneInfo("America/New_York"))
    lands = (local + timedelta(hours=2, minutes=30)).astimezone(ZoneInfo("America/Chicago"))
    return {
        "year": day.year, "month": day.month, "day": day.day, "hour": hour, "minute": 0,
        "sched_dep_time": hour * 100, "sched_arr_time": lands.hour * 100 + lands.minute,
        "dep_delay": delay, "arr_delay": delay + day.day % 3, "distance": 740,
        "carrier": carrier, "flight": flight, "origin": origin, "dest": "ORD", "time_hour": local.astimezone(UTC),
    }  # fmt: skip


def observe(day: datetime, hour: int) -> list[dict[str, Any]]:
    """Return the weather of an hour at two airports."""
    time_hour = day.replace(hour=hour, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    values = {"humid": 50.0 + hour, "wind_speed": float(day.day), "wind_gust": None, "precip": 0.0, "visib": 10.0}
    return [{"origin": origin, "time_hour": time_hour, **values} for origin in ("JFK", "EWR")]
