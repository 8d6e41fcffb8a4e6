"""Time travel: features from a world cut off at the decision equal those from the whole history, on real data.

What was known at a moment is worked out here from the raw columns, not from `EVENTS`: a definition that claims to know
something too early must not be believed. Each leak that no metric catches is planted once, and must be seen.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mergeline.features.batches import compute_rows, make_batch
from mergeline.features.definitions import get_lookbacks
from mergeline.features.walk import Batch, walk
from usecase.features import EVENTS, FEATURES, VIEWS, Tables, prepare

LEAD_MINUTES = 120
MONTHS = ("2013-02", "2013-03")
FEATURE_NAMES = [feature.name for feature in FEATURES]
TEXTS = dict.fromkeys(("carrier", "tailnum", "origin", "dest", "time_hour"), pl.String)
KNOWN_ON_DEPARTURE = ("dep_time", "dep_delay", "tailnum")
KNOWN_ON_ARRIVAL = ("arr_time", "arr_delay", "air_time")
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")

Rewrite = Callable[[pl.DataFrame, pl.Series, tuple[str, ...]], pl.DataFrame]


@pytest.fixture(scope="module")
def world(data_dir: Path) -> dict[str, pl.DataFrame]:
    """Return two months as they came, typed: 1 March and the 23-hour day of 10 March are in the middle."""
    flights = read([data_dir / f"flights/{month}.csv" for month in MONTHS], {})
    weather = read([data_dir / f"weather/{month}.csv" for month in MONTHS], dict.fromkeys(WEATHER, pl.Float64))
    airports = pl.read_csv(data_dir / "airports.csv", columns=["faa", "tzone"], null_values="NA")
    return {"flights": flights, "weather": weather, "airports": airports}


@pytest.fixture(scope="module")
def whole(world: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return all features, from the whole history."""
    return featurise(make_batch("whole", world, LEAD_MINUTES))


@pytest.fixture(scope="module")
def moments(world: dict[str, pl.DataFrame], whole: pl.DataFrame) -> list[datetime]:
    """Return decision moments: drawn ones at which a flight lands, and those where months and clocks change."""
    asked = whole["decision_at"].unique().sort()
    landings = asked.filter(asked.is_in(EVENTS["arrivals"](prepare(world))["known_at"].implode()))
    drawn = landings[np.random.RandomState(13).permutation(landings.len())[:5]]
    march, forward = datetime(2013, 3, 1, 6, tzinfo=UTC), datetime(2013, 3, 10, 5, tzinfo=UTC)
    planned = [asked.filter(asked >= since)[0] for since in (march, forward)]
    return [*drawn, asked.filter(asked.dt.minute() == 0)[-200], *planned]


def read(files: list[Path], kinds: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """Return raw files as one typed frame."""
    frame = pl.concat(pl.read_csv(file, null_values="NA", infer_schema=False) for file in files)
    whole_numbers = [name for name in frame.columns if name not in TEXTS | kinds]
    time_hour = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC", time_unit="us")
    return frame.with_columns(pl.col(whole_numbers).cast(pl.Int64), time_hour).cast(kinds)


def featurise(batch: Batch) -> pl.DataFrame:
    """Return identity and features of all requests of `batch`."""
    return compute_rows(batch, batch.events).select("row_id", "decision_at", *FEATURE_NAMES)


def delete(frame: pl.DataFrame, unknown: pl.Series, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return `frame` without the cells that were unknown."""
    return frame.with_columns(pl.when(~unknown).then(pl.col(columns)).name.keep())


def scramble(frame: pl.DataFrame, unknown: pl.Series, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return `frame` with the unknown cells of each column exchanged for each other's; numbers become absurd.

    Delays become 10 weeks and more: what was in the future stays there.
    """
    order = np.arange(frame.height)
    places = np.flatnonzero(unknown.to_numpy())
    order[places] = np.random.RandomState(7).permutation(places)
    absurd = [frame[name] * 3 + 100_000 if frame[name].dtype.is_numeric() else frame[name] for name in columns]
    mixed = pl.DataFrame(absurd)[order]
    return frame.with_columns(column.zip_with(unknown, frame[column.name]) for column in mixed)


def rewrite_after(world: Tables, moment: datetime, rewrite: Rewrite) -> dict[str, pl.DataFrame]:
    """Return the world in which all that was unknown at `moment` is rewritten; the schedule stands."""
    times = prepare(world)["flights"].select(
        left=pl.col("scheduled_departure") + pl.duration(minutes="dep_delay"),
        landed=pl.col("scheduled_arrival") + pl.duration(minutes="arr_delay"),
    )
    flights = rewrite(world["flights"], (times["left"] > moment).fill_null(True), KNOWN_ON_DEPARTURE)
    flights = rewrite(flights, (times["landed"] > moment).fill_null(True), KNOWN_ON_ARRIVAL)
    unseen = world["weather"]["time_hour"] + timedelta(hours=1) > moment
    return {**world, "flights": flights, "weather": rewrite(world["weather"], unseen, WEATHER)}


def find_differences(world: Tables, whole: pl.DataFrame, moments: list[datetime], rewrite: Rewrite) -> set[str]:
    """Return the features that differ for a request decided at one of `moments` once the future is rewritten."""
    found = set()
    for moment in moments:
        then = make_batch("then", rewrite_after(world, moment, rewrite), LEAD_MINUTES)
        now = then.requests.filter(pl.col("decision_at") == moment)
        assert now.height
        features = featurise(Batch("then", now, then.labels, then.events))
        expected = whole.filter(pl.col("decision_at") == moment)
        found |= {name for name in FEATURE_NAMES if not features[name].equals(expected[name])}
    return found


@pytest.mark.parametrize("rewrite", [delete, scramble])
def test_features_do_not_change_with_the_future(
    world: Tables, whole: pl.DataFrame, moments: list[datetime], rewrite: Rewrite
) -> None:
    """Whatever happened after the decision, deleted or scrambled, leaves every feature as it was."""
    assert find_differences(world, whole, moments, rewrite) == set()


def test_events_known_at_the_very_moment_are_among_the_sampled(world: Tables, moments: list[datetime]) -> None:
    """Ties in time are tested: at sampled moments flights land and observations come in."""
    tied = {stream: set(EVENTS[stream](prepare(world))["known_at"]) & set(moments) for stream in EVENTS}
    assert len(tied["arrivals"]) >= 5
    assert tied["observations"]


def rates_see_the_schedule(world: Tables) -> pl.DataFrame:
    """Return arrivals as known when they should have left: a classic mistake."""
    return world["flights"].select(
        "origin", "dest", "carrier", known_at="scheduled_departure", late=pl.col("arr_delay") >= 15
    )


def weather_of_the_departure_hour(world: Tables) -> pl.DataFrame:
    """Return observations as known so early that a decision sees the weather of the hour of departure."""
    known_at = pl.col("time_hour") - pl.duration(minutes=LEAD_MINUTES)
    return world["weather"].select("origin", *WEATHER, known_at=known_at)


@pytest.mark.parametrize(
    ("stream", "leak", "rewrite", "features"),
    [
        ("arrivals", rates_see_the_schedule, scramble, {"carrier_late_relative_7d", "origin_late_6h"}),
        ("observations", weather_of_the_departure_hour, delete, {"humid", "wind_speed"}),
    ],
)
def test_a_planted_leak_is_seen(
    world: Tables,
    moments: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
    stream: str,
    leak: Callable[[Tables], pl.DataFrame],
    rewrite: Rewrite,
    features: set[str],
) -> None:
    """Two leaks that look like an honest improvement of the model turn the test above red."""
    monkeypatch.setitem(EVENTS, stream, leak)
    leaky = featurise(make_batch("whole", world, LEAD_MINUTES))
    assert features <= find_differences(world, leaky, moments[:3], rewrite)


@pytest.mark.parametrize("lead_minutes", [0, LEAD_MINUTES])
def test_month_by_month_equals_the_whole_history(world: Tables, lead_minutes: int) -> None:
    """A month is computed with what its windows reach: no less, and nothing that more history would change."""
    months = [
        make_batch(str(month), {**world, "flights": flights, "weather": weather}, lead_minutes)
        for month in (2, 3)
        for flights, weather in [[world[name].filter(pl.col("month") == month) for name in ("flights", "weather")]]
    ]
    found = pl.concat([compute_rows(month, events) for month, events in walk(months, get_lookbacks(VIEWS))])
    whole = make_batch("whole", world, lead_minutes)
    assert found.sort("decision_at", "row_id").equals(compute_rows(whole, whole.events))


def test_no_feature_depends_on_the_outcome_of_its_own_flight(world: Tables, whole: pl.DataFrame) -> None:
    """Its departure, arrival, air time and tail number may be anything: the features of a flight stay."""
    flights = world["flights"].with_row_index("row")
    chosen = flights["row"].is_in(np.random.RandomState(5).permutation(flights.height)[:1].tolist())
    other = flights.drop("row")
    for columns in (KNOWN_ON_DEPARTURE, KNOWN_ON_ARRIVAL):
        numbers = [name for name in columns if other[name].dtype.is_numeric()]
        other = other.with_columns(pl.when(~chosen).then(pl.col(numbers)).otherwise(777).name.keep())
    batch = make_batch("other", {**world, "flights": other}, LEAD_MINUTES)
    row_id = batch.labels["row_id"].filter(chosen)[0]
    mine = pl.col("row_id") == row_id
    assert featurise(Batch("other", batch.requests.filter(mine), batch.labels, batch.events)).equals(whole.filter(mine))


def test_flown_flights_take_as_long_as_flights_do(world: Tables) -> None:
    """Arrival minus departure minus time in the air is 5 to 235 minutes of taxiing: every time zone is right."""
    flights = prepare(world)["flights"].drop_nulls("air_time")
    left = pl.col("scheduled_departure") + pl.duration(minutes="dep_delay")
    landed = pl.col("scheduled_arrival") + pl.duration(minutes="arr_delay")
    taxi = flights.select((landed - left).dt.total_minutes() - pl.col("air_time")).to_series()
    assert flights.height > 50_000
    assert taxi.is_between(5, 235).all()
