"""How the model must behave: checks as data, asked of candidate and champion before a merge. Yours to edit.

A check says who is asked (rows of the held-out batches), what is changed about them, what must hold for the scores, and
for which share of the rows. The gate runs each on the candidate and on the champion, every model on its own features; a
candidate that breaks a check which the champion keeps is rejected. Columns are those of `FEATURES` in `features.py`,
with `row_id`, `decision_at`, `day`, `target` and the like beside them for `who`.

Limits leave a distance to what today's models reach, because a refit moves a score a little. A check with too few rows
(`gate.min_check_rows` in `params.yaml`) is named as not judged. Three kinds, after M. T. Ribeiro and others, Beyond
Accuracy: Behavioral Testing of NLP Models with CheckList, ACL 2020.
"""

import polars as pl

from mergeline.vocabulary import Check, Directional, Invariance, MinimumFunctionality

EVERYBODY = pl.lit(True)
DELAY_SHARES = (
    "origin_delayed_2h",
    "origin_delayed_6h",
    "carrier_origin_delayed_2h",
    "carrier_origin_delayed_6h",
    "origin_late_6h",
)
WEATHER = ("humid", "wind_speed", "wind_gust", "precip", "visib")


def raised(*names: str, by: float, limit: float = 1.0) -> dict[str, pl.Expr]:
    """Return the change that raises each feature by `by`, to at most `limit`."""
    return {name: pl.min_horizontal(pl.col(name) + by, pl.lit(limit)) for name in names}


CHECKS: tuple[Check, ...] = (
    Invariance(
        "a minute later",
        who=pl.col("sched_minute") % 60 < 59,
        change={"sched_minute": pl.col("sched_minute") + 1},
        within=0.05,
        share=0.9,
        because="a schedule moved by one minute is the same flight",
    ),
    Invariance(
        "a mile further",
        who=EVERYBODY,
        change={"distance": pl.col("distance") + 1},
        within=0.05,
        share=0.9,
        because="a mile more changes nothing about being late",
    ),
    Invariance(
        "an unknown destination",
        who=EVERYBODY,
        change={"dest": pl.lit("???")},
        within=0.15,
        share=0.95,
        because="a route is opened every month: its first flight must get a sound score",
    ),
    Invariance(
        "no weather report",
        who=EVERYBODY,
        change=dict.fromkeys(WEATHER, pl.lit(None, dtype=pl.Float64)),
        within=0.25,
        share=0.9,
        because="the station is silent for hours at a time; the score must rest on the rest then",
    ),
    Directional(
        "delays at the airport",
        who=pl.col("origin_delayed_2h") < 0.4,
        change=raised(*DELAY_SHARES, by=0.4),
        direction="up",
        slack=0.02,
        share=0.9,
        at_least=0.01,
        because="delays pass from one flight to the next",
    ),
    Directional(
        "a carrier that is late these weeks",
        who=EVERYBODY,
        change=raised("carrier_late_relative_28d", "carrier_late_relative_7d", by=0.1),
        direction="up",
        slack=0.05,
        share=0.9,
        because="a carrier that was late more often than others is late again",
    ),
    Directional(
        "fog and rain",
        who=(pl.col("visib") >= 9) & (pl.col("precip") == 0),
        change={"visib": pl.lit(0.5), "precip": pl.lit(0.2), "humid": pl.lit(95.0)},
        direction="up",
        slack=0.05,
        share=0.9,
        because="airports work more slowly in bad sight and rain",
    ),
    MinimumFunctionality(
        "a calm early morning",
        who=(pl.col("sched_hour") < 8) & (pl.col("origin_late_6h") < 0.2) & (pl.col("origin_delayed_6h") < 0.2),
        low=0.0,
        high=0.4,
        share=0.85,
        because="the day has not begun to run late: anybody would call these flights on time",
    ),
    MinimumFunctionality(
        "an afternoon of delays",
        who=(pl.col("sched_hour") >= 14) & (pl.col("origin_delayed_2h") > 0.5) & (pl.col("origin_late_6h") > 0.5),
        low=0.18,
        high=1.0,
        share=0.65,
        because="every other flight leaves late: their score must not be below that of a usual flight",
    ),
    MinimumFunctionality(
        "no certainty",
        who=EVERYBODY,
        low=0.005,
        high=0.995,
        share=1.0,
        because="two hours before departure nobody can be sure; a score at the edge is a fault upstream",
    ),
)
