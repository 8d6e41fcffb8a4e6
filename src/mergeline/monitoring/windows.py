"""Windows of whole days, what is judged in one, and the form of a judgement.

Nothing here is yours to edit: set `monitor.window_days` in `params.yaml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from mergeline.monitoring.outcomes import DayOutcome
from mergeline.monitoring.tally import Day

State = Literal["ok", "breach", "too few rows", "waiting for labels", "not judged"]
Group = Literal["contract", "drift", "quality", "labels", "traffic"]


@dataclass(frozen=True)
class Check:
    """One judgement.

    Attributes
    ----------
    name : str
        What is judged, the same in every window: "drift: distance".
    group : str
        Kind of trouble: a broken contract and lost labels are to be mended, drift and quality may ask for a retrain.
    state : str
        Only "ok" and "breach" are judgements.
    says : str
        The evidence, for people.
    value, limit : float or None
        What was measured, and from where on it is a breach.
    at_once : bool
        Whether one breach is an alarm: it cannot come about by chance.
    """

    name: str
    group: Group
    state: State
    says: str
    value: float | None = None
    limit: float | None = None
    at_once: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it with rounded figures."""
        figures = {key: None if (number := getattr(self, key)) is None else round(number, 6) for key in FIGURES}
        return {**vars(self), **figures}


FIGURES = ("value", "limit")


@dataclass
class Window:
    """The rows of one bundle from `start` up to, not including, `end`."""

    start: date
    end: date
    closed: bool
    days: list[Day] = field(default_factory=list)
    outcomes: list[DayOutcome] = field(default_factory=list)

    @property
    def middle(self) -> date:
        """Its middle day."""
        return self.start + (self.end - self.start) / 2

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(day.rows for day in self.days)


def start_of(day: date, length: int) -> date:
    """Return the first day of the window of `length` days that holds `day`; day 1 of the calendar is a Monday."""
    return date.fromordinal((day.toordinal() - 1) // length * length + 1)


def list_windows(days: Sequence[date], length: int, now: datetime) -> list[Window]:
    """Return all windows from the first of `days` to the one that holds `now` or the last day, those between too.

    A window that has no rows is there all the same. A window is closed once its last day is over.
    """
    if not days:
        return []
    start = start_of(min(days), length)
    last = max(start_of(max(days), length), start_of(now.date(), length))
    windows = []
    while start <= last:
        end = start + timedelta(days=length)
        windows.append(Window(start, end, now >= datetime.combine(end, time(), UTC)))
        start = end
    return windows
