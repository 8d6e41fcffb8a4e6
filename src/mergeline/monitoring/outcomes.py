"""Predictions joined with their labels: what is needed of each day to judge quality, and what went wrong with labels.

Nothing here is yours to edit. A prediction's last score counts; contradictory labels count for nothing and are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mergeline.monitoring.spill import UNKNOWN_DAY, Records, Spill

BINS = 200
EPOCH = date(1970, 1, 1)


@dataclass
class DayOutcome:
    """Of one day's predictions that have an id: how many, how many have a label, and sums over those.

    Attributes
    ----------
    predicted, repeated : int
        Different ids; rows that were scored again later the same way.
    labelled, late, duplicate, contradictory : int
        With one clear label; with a label after the deadline; with the same label again; with labels 0 and 1.
    score_sum, labelled_score_sum, squared_sum : float
        Sums of all scores, of those with a label, and of (score - label)².
    histogram : ndarray of shape (2, BINS)
        Labelled rows by label and score.
    """

    predicted: int = 0
    repeated: int = 0
    labelled: int = 0
    late: int = 0
    duplicate: int = 0
    contradictory: int = 0
    score_sum: float = 0.0
    labelled_score_sum: float = 0.0
    squared_sum: float = 0.0
    histogram: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, BINS), dtype=np.int64))

    def add(self, other: "DayOutcome") -> None:
        """Add the counts and sums of `other`."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


Outcomes = dict[tuple[int, date], DayOutcome]


def join_labels(predicted: Spill, labelled: Spill, label_days: int) -> tuple[Outcomes, int]:
    """Return the outcomes per series and day, and how many different labels belong to no prediction.

    Parameters
    ----------
    predicted, labelled : Spill
        Closed.
    label_days : int
        A label that came more days after the prediction is late.
    """
    outcomes: Outcomes = {}
    orphans = 0
    for rows, labels in zip(predicted.read(), labelled.read(), strict=True):
        ids, first, copies = np.unique(labels["id"], return_index=True, return_counts=True)
        ordered = labels[np.argsort(labels["id"], kind="stable")]
        starts = np.cumsum(copies) - copies
        ones = np.add.reduceat(ordered["target"].astype(np.int64), starts) if len(ids) else np.zeros(0, np.int64)
        orphans += int((~np.isin(ids, rows["id"])).sum())
        clear = (ones == 0) | (ones == copies)
        for number in np.unique(rows["series"]).tolist():
            own = rows[rows["series"] == number]
            last = _take_last(own)
            places = np.searchsorted(ids, last["id"])
            found = np.zeros(len(last), dtype=bool)
            inside = places < len(ids)
            found[inside] = ids[places[inside]] == last["id"][inside]
            known = np.where(found, places, 0)
            targets = np.full(len(last), -1)
            flags = np.zeros((len(last), 3), dtype=bool)
            if len(ids):
                targets = np.where(found & clear[known], ones[known] > 0, -1)
                came = labels["day"][first][known].astype(np.int64)
                late = (came != UNKNOWN_DAY) & (came - last["day"] > label_days)
                flags = np.stack([late & (targets >= 0), copies[known] > 1, ~clear[known]], axis=1) & found[:, None]
            _add_days(outcomes, number, own, last, targets, flags)
    return outcomes, orphans


def _take_last(rows: Records) -> Records:
    """Return the last record of each id; the log is read in the order of time."""
    reversed_rows = rows[::-1]
    _, places = np.unique(reversed_rows["id"], return_index=True)
    return reversed_rows[places]


def _add_days(
    outcomes: Outcomes,
    series: int,
    rows: Records,
    last: Records,
    targets: NDArray[np.int64],
    flags: NDArray[np.bool_],
) -> None:
    days, place = np.unique(last["day"], return_inverse=True)
    scores, known = last["score"], targets >= 0
    squares = (scores - targets) ** 2
    counted = {
        "predicted": _count(place, len(days)),
        "labelled": _count(place[known], len(days)),
        "late": _count(place[flags[:, 0]], len(days)),
        "duplicate": _count(place[flags[:, 1]], len(days)),
        "contradictory": _count(place[flags[:, 2]], len(days)),
        "score_sum": np.bincount(place, scores, len(days)),
        "labelled_score_sum": np.bincount(place[known], scores[known], len(days)),
        "squared_sum": np.bincount(place[known], squares[known], len(days)),
    }
    # A row that was scored again on another day counts on the last; what it repeats is told on the day of the first.
    inside = rows["day"][np.isin(rows["day"], days)]
    counted["repeated"] = _count(np.searchsorted(days, inside), len(days)) - counted["predicted"]
    bins = np.minimum((scores[known] * BINS).astype(np.int64), BINS - 1)
    flat = _count((place[known] * 2 + targets[known]) * BINS + bins, len(days) * 2 * BINS)
    histograms = flat.reshape(len(days), 2, BINS)
    for number, day in enumerate(days.tolist()):
        sums: dict[str, Any] = {name: values[number].item() for name, values in counted.items()}
        total = outcomes.setdefault((series, EPOCH + timedelta(days=day)), DayOutcome())
        total.add(DayOutcome(**sums, histogram=histograms[number]))


def _count(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.bincount(places, minlength=size)


def sum_outcomes(days: Sequence[DayOutcome]) -> DayOutcome:
    """Return the sum of `days`."""
    total = DayOutcome()
    for day in days:
        total.add(day)
    return total
