"""Features of a scheduled flight, made of what was known when the decision was taken. Yours to edit.

What is stated here is executed elsewhere: offline over whole histories (`mergeline.features`), later online for one
request, both from these same objects. The machinery calls `prepare` once per batch and hands what it returns to
`requests`, to `labels` and to every function in `EVENTS`; it executes `VIEWS` as of each request's `decision_at`;
then `FEATURES` are computed row by row. What each feature means and why it is known by then: docs/features.md.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import polars as pl

from mergeline.errors import MergelineError
from mergeline.vocabulary import Feature, FeatureView, Latest, Window

Tables = Mapping[str, pl.DataFrame]

LATE_MINUTES = 15  # the definition of "late" in the source's on-time statistics
OBSERVATION_LAG = timedelta(hours=1)
WEATHER = ("humid", "wind_speed", "wind_gust", "precip", "visib")
ZONES_MISSING_IN_AIRPORTS = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")

# Round numbers, not fitted to any period: they only steady the shares of small counts.
RATE_PSEUDO_FLIGHTS = 20
SHARE_PSEUDO_FLIGHTS = 3
USUAL_SHARE = 0.2

DEPARTURE = pl.col("scheduled_departure") + pl.duration(minutes="dep_delay")
ARRIVAL = pl.col("scheduled_arrival") + pl.duration(minutes="arr_delay")


def prepare(tables: Tables) -> Tables:
    """Return the tables with `row_id`, `scheduled_departure` and `scheduled_arrival` (UTC) added to the flights.

    Only columns of the published schedule are read.

    Raises
    ------
    MergelineError
        If a destination has no time zone, so that nobody can say when its flights arrive.
    """
    flights = tables["flights"].with_columns(
        row_id=pl.format("{}/{}/{}", pl.col("time_hour").dt.strftime("%Y-%m-%dT%H:%M:%SZ"), "carrier", "flight"),
        scheduled_departure=pl.col("time_hour") + pl.duration(minutes="minute"),
        zone=find_zones(tables["flights"]["dest"], tables["airports"]),
    )
    return {**tables, "flights": flights.with_columns(scheduled_arrival=compute_scheduled_arrival(flights))}


def find_zones(destinations: pl.Series, airports: pl.DataFrame) -> pl.Series:
    """Return the time zone of each destination, or raise a MergelineError that names those without one."""
    known = airports.drop_nulls("tzone")
    zones = dict(zip(known["faa"], known["tzone"], strict=True)) | ZONES_MISSING_IN_AIRPORTS
    if missing := sorted(set(destinations.unique()) - set(zones)):
        raise MergelineError(
            f"no time zone is known for destination {', '.join(missing)}: nobody can say when its flights arrive",
            where="data/airports.csv, column 'tzone'",
            fix="name the zone in ZONES_MISSING_IN_AIRPORTS, src/usecase/features.py",
        )
    return destinations.replace_strict(zones)


def compute_scheduled_arrival(flights: pl.DataFrame) -> pl.Series:
    """Return the first moment (UTC) after departure at which the destination's clocks show `sched_arr_time`.

    Days are counted on the wall clock: "the next day" is 23 or 25 hours away when clocks change.
    """
    minutes = pl.col("sched_arr_time") // 100 * 60 + pl.col("sched_arr_time") % 100
    numbered = flights.select("zone", "scheduled_departure", clock=pl.duration(minutes=minutes)).with_row_index("row")
    parts = [numbered.select("row", arrival="scheduled_departure").clear()]
    for (zone,), part in numbered.partition_by("zone", as_dict=True).items():
        departure = part["scheduled_departure"]
        midnight = departure.dt.convert_time_zone(str(zone)).dt.replace_time_zone(None).dt.truncate("1d")
        same_day = to_utc(midnight + part["clock"], str(zone))
        next_day = to_utc(midnight + part["clock"] + timedelta(days=1), str(zone))
        parts.append(part.select("row", arrival=same_day.zip_with(same_day > departure, next_day)))
    return pl.concat(parts).sort("row")["arrival"]


def to_utc(local: pl.Series, zone: str) -> pl.Series:
    """Return the moments at which the clocks of `zone` show `local`.

    Notes
    -----
    An hour that occurs twice is taken as its second occurrence: an outcome never counts as known too early. An hour
    that is skipped is read off a clock that was not put forward: 02:30 is half an hour after 02:00.
    """
    moments = local.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    if moments.null_count() > local.null_count():
        put_forward = (local + timedelta(hours=1)).dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
        moments = moments.zip_with(moments.is_not_null(), put_forward)
    return moments.dt.convert_time_zone("UTC")


def requests(tables: Tables, lead_minutes: int) -> pl.DataFrame:
    """Return one row per scheduled flight: `row_id`, `decision_at`, `day` and what its schedule says."""
    day = pl.date("year", "month", "day")
    return tables["flights"].select(
        "row_id",
        decision_at=pl.col("scheduled_departure") - pl.duration(minutes=lead_minutes),
        day=day,
        origin="origin",
        dest="dest",
        carrier="carrier",
        sched_hour="hour",
        sched_minute=pl.col("hour") * 60 + pl.col("minute"),
        weekday=day.dt.weekday(),
        distance="distance",
        sched_block=(pl.col("scheduled_arrival") - pl.col("scheduled_departure")).dt.total_minutes(),
    )


def labels(tables: Tables) -> pl.DataFrame:
    """Return `row_id`, `label_at` (UTC) and `target` (1 = late); both null if the flight did not arrive as planned."""
    return tables["flights"].select("row_id", label_at=ARRIVAL, target=(pl.col("arr_delay") >= LATE_MINUTES))


def departures(tables: Tables) -> pl.DataFrame:
    """Return the flights that left, known when they left."""
    return tables["flights"].select(
        "origin", "carrier", known_at=DEPARTURE, delayed=pl.col("dep_delay") >= LATE_MINUTES
    )


def arrivals(tables: Tables) -> pl.DataFrame:
    """Return the flights that landed at their destination, known when they landed."""
    return tables["flights"].select(
        "origin", "dest", "carrier", known_at=ARRIVAL, late=pl.col("arr_delay") >= LATE_MINUTES
    )


def schedule(tables: Tables) -> pl.DataFrame:
    """Return all scheduled flights, counted from the moment at which they should have left."""
    return tables["flights"].select("origin", known_at="scheduled_departure")


def observations(tables: Tables) -> pl.DataFrame:
    """Return the hourly weather at the origins, known an hour after the hour it is filed under."""
    return tables["weather"].select("origin", *WEATHER, known_at=pl.col("time_hour") + OBSERVATION_LAG)


EVENTS: dict[str, Callable[[Tables], pl.DataFrame]] = {
    "departures": departures,
    "arrivals": arrivals,
    "schedule": schedule,
    "observations": observations,
}

SPANS = {f"{hours}h": timedelta(hours=hours) for hours in (2, 3, 6)}
SPANS |= {f"{days}d": timedelta(days=days) for days in (7, 28)}


def count_arrivals(name: str, keys: tuple[str, ...], *spans: str) -> Window:
    """Return the view `{name}_arrivals`: flights that landed, and how many of them were late."""
    lengths = {span: SPANS[span] for span in spans}
    return Window(f"{name}_arrivals", "arrivals", keys, "late", lengths, f"Arrivals and late arrivals, by {name}")


def count_departures(name: str, keys: tuple[str, ...], *spans: str) -> Window:
    """Return the view `{name}_departures`: flights that left, and how many of them were delayed."""
    lengths = {span: SPANS[span] for span in spans}
    return Window(f"{name}_departures", "departures", keys, "delayed", lengths, f"Departures and delays, by {name}")


VIEWS: tuple[FeatureView, ...] = (
    Latest("weather", "observations", ("origin",), WEATHER, SPANS["6h"], "Newest observation at the origin"),
    count_arrivals("network", (), "7d", "28d"),
    count_arrivals("carrier", ("carrier",), "7d", "28d"),
    count_arrivals("origin", ("origin",), "6h", "28d"),
    count_arrivals("route", ("origin", "dest"), "28d"),
    count_arrivals("dest", ("dest",), "7d", "28d"),
    count_departures("origin", ("origin",), "2h", "3h", "6h"),
    count_departures("carrier_origin", ("carrier", "origin"), "2h", "6h"),
    Window("origin_schedule", "schedule", ("origin",), None, {"3h": SPANS["3h"]}, "Flights that should have left"),
)


def categorical(name: str, unit: str, description: str) -> Feature:
    """Return the feature that is the request's column `name`, as text."""
    return Feature(name, "categorical", pl.col(name), unit, description)


def numeric(name: str, unit: str, description: str) -> Feature:
    """Return the feature that is the column `name` of the request or of a view."""
    return Feature(name, "numeric", pl.col(name), unit, description)


def late_relative(per: str, span: str) -> Feature:
    """Return the share of late arrivals minus the whole network's in the same window, shrunk towards 0."""
    count, late = pl.col(f"{per}_arrivals_count_{span}"), pl.col(f"{per}_arrivals_sum_{span}")
    network = pl.col(f"network_arrivals_sum_{span}") / pl.col(f"network_arrivals_count_{span}")
    rate = (late - count * network) / (count + RATE_PSEUDO_FLIGHTS)
    description = f"late arrivals of the same {per} in the last {span}, less the whole network's share"
    return Feature(f"{per}_late_relative_{span}", "numeric", rate, "share, -1 to 1", description)


def share(view: str, span: str) -> pl.Expr:
    """Return the share of a view's events that were late or delayed, shrunk towards `USUAL_SHARE`."""
    count, total = pl.col(f"{view}_count_{span}"), pl.col(f"{view}_sum_{span}")
    return (total + SHARE_PSEUDO_FLIGHTS * USUAL_SHARE) / (count + SHARE_PSEUDO_FLIGHTS)


def delayed(per: str, span: str) -> Feature:
    """Return the share of delayed departures, shrunk."""
    description = f"departures of the same {per} in the last {span} that left {LATE_MINUTES} minutes late or later"
    return Feature(f"{per}_delayed_{span}", "numeric", share(f"{per}_departures", span), "share, 0 to 1", description)


def departed(per: str, span: str) -> Feature:
    """Return the number of departures."""
    count = pl.col(f"{per}_departures_count_{span}")
    return Feature(f"{per}_departed_{span}", "numeric", count, "flights", f"departures of the same {per}, last {span}")


FEATURES: tuple[Feature, ...] = (
    categorical("origin", "IATA code", "airport of departure"),
    categorical("dest", "IATA code", "airport of arrival"),
    categorical("carrier", "IATA code", "airline"),
    numeric("sched_hour", "h, 0 to 23, local", "hour of the scheduled departure"),
    numeric("sched_minute", "min, 0 to 1439, local", "minute of the day of the scheduled departure"),
    numeric("weekday", "1 to 7, Monday is 1", "day of the week"),
    numeric("distance", "miles", "distance flown"),
    numeric("sched_block", "min", "scheduled time from departure to arrival"),
    numeric("humid", "%", "relative humidity"),
    numeric("wind_speed", "mph", "wind speed"),
    numeric("wind_gust", "mph", "speed of gusts; missing: there were none"),
    numeric("precip", "inches", "precipitation in the hour"),
    numeric("visib", "miles", "visibility"),
    late_relative("carrier", "28d"),
    late_relative("origin", "28d"),
    late_relative("route", "28d"),
    late_relative("dest", "28d"),
    late_relative("carrier", "7d"),
    late_relative("dest", "7d"),
    delayed("origin", "2h"),
    departed("origin", "2h"),
    delayed("origin", "6h"),
    departed("origin", "6h"),
    delayed("carrier_origin", "2h"),
    departed("carrier_origin", "2h"),
    delayed("carrier_origin", "6h"),
    departed("carrier_origin", "6h"),
    Feature(
        "origin_backlog_3h",
        "numeric",
        pl.col("origin_schedule_count_3h") - pl.col("origin_departures_count_3h"),
        "flights",
        "flights that should have left the origin in the last 3h, less those that did leave in that time",
    ),
    Feature(
        "origin_late_6h",
        "numeric",
        share("origin_arrivals", "6h"),
        "share, 0 to 1",
        "late arrivals in the last 6h among the flights that came from the origin",
    ),
)
