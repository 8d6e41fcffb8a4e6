"""The other side of a benchmark: validate and featurise as a competent pandas script does it, in one process.

usage: python benchmarks/pandas_pipeline.py DATA OUT BATCH [BATCH ...]
The same contract and the same 29 features as the pipeline, checked against it by `benchmarks/features.py`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

CARIBBEAN = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
WEATHER = ["humid", "wind_speed", "wind_gust", "precip", "visib"]
KEYS = {
    "network": [],
    "carrier": ["carrier"],
    "origin": ["origin"],
    "route": ["origin", "dest"],
    "dest": ["dest"],
    "carrier_origin": ["carrier", "origin"],
}
FLIGHT_RANGES = {
    "month": (1, 12),
    "day": (1, 31),
    "dep_time": (1, 2400),
    "sched_dep_time": (0, 2359),
    "dep_delay": (-120, 2880),
    "arr_time": (1, 2400),
    "sched_arr_time": (0, 2359),
    "arr_delay": (-180, 2880),
    "flight": (1, 9999),
    "air_time": (10, 1000),
    "distance": (10, 6000),
    "hour": (0, 23),
    "minute": (0, 59),
}
WEATHER_RANGES = {
    "temp": (-40, 130),
    "dewp": (-60, 100),
    "humid": (0, 100),
    "wind_dir": (0, 360),
    "wind_speed": (0, 150),
    "wind_gust": (0, 200),
    "precip": (0, 10),
    "pressure": (900, 1100),
    "visib": (0, 10),
}


def main(data: Path, out: Path, batches: list[str]) -> None:
    """Read, check and clean every month, then write the features of every month."""
    airports = pd.read_csv(data / "airports.csv", na_values=["NA"], keep_default_na=False)
    assert airports["faa"].is_unique
    assert airports["lat"].between(-90, 90).all()
    flights = pd.concat([read_flights(data / f"flights/{batch}.csv", batch) for batch in batches], ignore_index=True)
    weather = pd.concat([read_weather(data / f"weather/{batch}.csv", batch) for batch in batches], ignore_index=True)
    check_batches(flights, ["time_hour", "carrier", "flight"], ["carrier", "origin", "dest"])
    check_batches(weather, ["time_hour", "origin"], ["origin"])
    assert (
        flights.groupby("batch")["arr_delay"].agg(lambda delay: (delay.dropna() >= 15).mean()).between(0.05, 0.5).all()
    )
    for name, frame in (("flights", flights), ("weather", weather)):
        (out / "clean").mkdir(parents=True, exist_ok=True)
        frame.to_parquet(out / f"clean/{name}.parquet", index=False)
    features = featurise(flights, weather, airports)
    (out / "features").mkdir(parents=True, exist_ok=True)
    for batch, part in features.groupby("batch", sort=True):
        part.drop(columns="batch").to_parquet(out / f"features/{batch}.parquet", index=False)


def read_flights(path: Path, batch: str) -> pd.DataFrame:
    """Return a month of flights, checked."""
    frame = pd.read_csv(path, na_values=["NA"], keep_default_na=False, parse_dates=["time_hour"])
    check_ranges(frame, FLIGHT_RANGES)
    check_local_hour(frame)
    assert not frame.duplicated(["time_hour", "carrier", "flight"]).any()
    assert frame["carrier"].str.fullmatch("[0-9A-Z]{2}").all()
    assert frame["dest"].str.fullmatch("[A-Z]{3}").all()
    assert frame["origin"].isin(["EWR", "JFK", "LGA"]).all()
    assert frame["tailnum"].dropna().str.fullmatch("[A-Z][0-9A-Z]{3,5}").all()
    assert (frame["hour"] * 100 + frame["minute"] == frame["sched_dep_time"]).all()
    assert (frame["dep_delay"].isna() == frame["dep_time"].isna()).all()
    assert (frame["air_time"].isna() == frame["arr_delay"].isna()).all()
    assert not (frame["arr_delay"].notna() & frame["arr_time"].isna()).any()
    assert not (frame["arr_time"].notna() & frame["dep_time"].isna()).any()
    assert not (frame["tailnum"].isna() & frame["dep_time"].notna()).any()
    for later, earlier, delay in (
        ("dep_time", "sched_dep_time", "dep_delay"),
        ("arr_time", "sched_arr_time", "arr_delay"),
    ):
        assert (frame[later].dropna() % 100 < 60).all()
        gap = (minutes(frame[later]) - minutes(frame[earlier]) - frame[delay]).dropna()
        assert (gap % 1440 == 0).all()
    return frame.assign(batch=batch)


def read_weather(path: Path, batch: str) -> pd.DataFrame:
    """Return a month of weather, checked, its one impossible wind speed made missing."""
    frame = pd.read_csv(path, na_values=["NA"], keep_default_na=False, parse_dates=["time_hour"])
    frame.loc[(frame["origin"] == "EWR") & (frame["wind_speed"].round() == 1048), "wind_speed"] = np.nan
    check_ranges(frame, WEATHER_RANGES)
    check_local_hour(frame)
    assert not frame.duplicated(["time_hour", "origin"]).any()
    assert not (frame["dewp"] > frame["temp"]).any()
    assert frame["origin"].isin(["EWR", "JFK", "LGA"]).all()
    return frame.assign(batch=batch)


def check_batches(frame: pd.DataFrame, key: list[str], watched: list[str]) -> None:
    """Check every month beside the ones before it: keys, days, rows, empty cells and new categories."""
    assert not frame.duplicated(key).any()
    batches = frame.groupby("batch", sort=True)
    rows, nulls = batches.size(), batches.agg(lambda column: column.isna().mean())
    seen = {name: set(frame.loc[frame["batch"] == rows.index[0], name]) for name in watched}
    for place, batch in enumerate(rows.index):
        part = batches.get_group(batch)
        assert part["day"].nunique() == pd.Period(batch).days_in_month
        for name in watched if place else []:
            assert (~part[name].isin(seen[name])).mean() <= 0.02
            seen[name] |= set(part[name])
        if place:
            assert 0.75 <= rows.iloc[place] / rows.iloc[:place].median() <= 1.35
            assert (nulls.iloc[place] <= nulls.iloc[:place].max() + 0.1).all()


def check_ranges(frame: pd.DataFrame, ranges: dict[str, tuple[float, float]]) -> None:
    """Check that every value lies in its range."""
    for column, (low, high) in ranges.items():
        assert frame[column].dropna().between(low, high).all(), column


def check_local_hour(frame: pd.DataFrame) -> None:
    """Check that year, month, day and hour are New York's at `time_hour`."""
    local = frame["time_hour"].dt.tz_convert("America/New_York").dt
    for part in ("year", "month", "day", "hour"):
        assert (getattr(local, part) == frame[part]).all(), part


def minutes(clock: pd.Series) -> pd.Series:
    """Return minutes since midnight of HHMM."""
    return clock // 100 * 60 + clock % 100


def add_times(flights: pd.DataFrame, airports: pd.DataFrame) -> pd.DataFrame:
    """Return the flights with departure and arrival moments in UTC, scheduled and real."""
    zones = airports.set_index("faa")["tzone"].to_dict() | CARIBBEAN
    flights = flights.assign(
        departure=flights["time_hour"] + pd.to_timedelta(flights["minute"], unit="min"),
        zone=flights["dest"].map(zones),
        clock=pd.to_timedelta(minutes(flights["sched_arr_time"]), unit="min"),
    )
    arrivals = []
    for zone, part in flights.groupby("zone"):
        midnight = part["departure"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
        moments = [
            (midnight + part["clock"] + pd.Timedelta(days=days))
            .dt.tz_localize(zone, ambiguous=np.zeros(len(part), bool), nonexistent="shift_forward")
            .dt.tz_convert("UTC")
            for days in (0, 1)
        ]
        arrivals.append(moments[0].where(moments[0] > part["departure"], moments[1]))
    flights["arrival"] = pd.concat(arrivals)
    flights["left_at"] = flights["departure"] + pd.to_timedelta(flights["dep_delay"], unit="min")
    flights["landed_at"] = flights["arrival"] + pd.to_timedelta(flights["arr_delay"], unit="min")
    return flights


def featurise(flights: pd.DataFrame, weather: pd.DataFrame, airports: pd.DataFrame) -> pd.DataFrame:
    """Return the features of every flight as known two hours before its scheduled departure."""
    flights = add_times(flights, airports)
    flights["decision_at"] = flights["departure"] - pd.Timedelta(minutes=120)
    flights["row_id"] = (
        flights["time_hour"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        + "/"
        + flights["carrier"]
        + "/"
        + flights["flight"].astype(str)
    )
    flights = flights.sort_values(["decision_at", "row_id"], ignore_index=True)
    arrivals = flights.dropna(subset="landed_at").assign(
        value=lambda f: (f["arr_delay"] >= 15).astype(int), at="landed_at"
    )
    departures = flights.dropna(subset="left_at").assign(value=lambda f: (f["dep_delay"] >= 15).astype(int))
    arrivals = arrivals.assign(at=arrivals["landed_at"]).sort_values("at")
    departures = departures.assign(at=departures["left_at"]).sort_values("at")
    planned = flights.assign(at=flights["departure"], value=1).sort_values("at")
    columns = {
        "sched_hour": flights["hour"].astype(float),
        "sched_minute": (flights["hour"] * 60 + flights["minute"]).astype(float),
        "weekday": (pd.to_datetime(flights[["year", "month", "day"]]).dt.day_of_week + 1).astype(float),
        "distance": flights["distance"].astype(float),
        "sched_block": (flights["arrival"] - flights["departure"]).dt.total_seconds() / 60,
    }
    known = weather.assign(at=weather["time_hour"] + pd.Timedelta(hours=1)).sort_values("at")[
        ["origin", "at", *WEATHER]
    ]
    latest = pd.merge_asof(
        flights[["decision_at", "origin"]],
        known,
        left_on="decision_at",
        right_on="at",
        by="origin",
        tolerance=pd.Timedelta("6h"),
    )
    columns |= {name: latest[name].to_numpy() for name in WEATHER}
    network = {span: count_window(flights, arrivals, [], span) for span in ("7D", "28D")}
    for name, span in (
        ("carrier", "28D"),
        ("origin", "28D"),
        ("route", "28D"),
        ("dest", "28D"),
        ("carrier", "7D"),
        ("dest", "7D"),
    ):
        count, late = count_window(flights, arrivals, KEYS[name], span)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = network[span][1] / network[span][0]
        columns[f"{name}_late_relative_{span.lower()}"] = (late - count * rate) / (count + 20)
    for name in ("origin", "carrier_origin"):
        for span in ("2h", "6h"):
            count, late = count_window(flights, departures, KEYS[name], span)
            columns[f"{name}_delayed_{span}"] = (late + 0.6) / (count + 3)
            columns[f"{name}_departed_{span}"] = count.astype(float)
    left, _ = count_window(flights, departures, ["origin"], "3h")
    due, _ = count_window(flights, planned, ["origin"], "3h")
    columns["origin_backlog_3h"] = (due - left).astype(float)
    count, late = count_window(flights, arrivals, ["origin"], "6h")
    columns["origin_late_6h"] = (late + 0.6) / (count + 3)
    target = (flights["arr_delay"] >= 15).astype("Int8").mask(flights["arr_delay"].isna())
    head = flights[["batch", "row_id", "decision_at", "landed_at", "origin", "dest", "carrier"]]
    return pd.concat([head, target.rename("target"), pd.DataFrame(columns, index=flights.index)], axis=1)


def count_window(
    flights: pd.DataFrame, events: pd.DataFrame, keys: list[str], span: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return count and sum of the events of the same key in (decision − span, decision]."""
    events = events[["at", "value", *keys]]
    groups = events.groupby(keys) if keys else events
    running = events.assign(
        total=groups["value"].cumsum(), count=groups.cumcount() + 1 if keys else np.arange(1, len(events) + 1)
    )
    asked = flights[["decision_at", *keys]]
    found = []
    for moment in (asked["decision_at"], asked["decision_at"] - pd.Timedelta(span)):
        edges = asked.assign(moment=moment)
        joined = pd.merge_asof(edges, running, left_on="moment", right_on="at", by=keys or None)
        found.append(joined[["count", "total"]].fillna(0).to_numpy())
    difference = found[0] - found[1]
    return difference[:, 0], difference[:, 1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
