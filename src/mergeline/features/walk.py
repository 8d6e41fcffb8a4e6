"""Batches in order of time, each with the events that its views can see: one by one, as if all were computed at once.

Nothing here is yours to edit: what an event is, `src/usecase/features.py` says. A flight of one month may land in the
next, and a window of 28 days may reach over all of February into January: which batches matter is therefore read off
the times of their events, not off their names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import cast

import polars as pl

from mergeline.errors import MergelineError


@dataclass(frozen=True)
class Batch:
    """What one batch of raw data yields: requests (at least one), their labels, and events by stream."""

    name: str
    requests: pl.DataFrame
    labels: pl.DataFrame
    events: dict[str, pl.DataFrame]

    @property
    def first_decision(self) -> datetime:
        return cast(datetime, self.requests["decision_at"].min())

    @property
    def last_decision(self) -> datetime:
        return cast(datetime, self.requests["decision_at"].max())

    @property
    def first_known(self) -> datetime | None:
        moments = [events["known_at"].min() for events in self.events.values()]
        return min((cast(datetime, moment) for moment in moments if moment is not None), default=None)

    def has_known_since(self, oldest: Mapping[str, datetime]) -> bool:
        """Return whether an event of any stream became known at that stream's `oldest` moment or later."""
        return any((self.events[stream]["known_at"] >= moment).any() for stream, moment in oldest.items())


def walk(
    batches: Iterable[Batch], lookbacks: Mapping[str, timedelta]
) -> Iterator[tuple[Batch, dict[str, pl.DataFrame]]]:
    """Yield each batch with all events, of whichever batch, that its views can see, by stream.

    Held in memory are the batches within reach of the look-back, and one ahead: with a short lead, an event of the next
    batch may be known before the last decision of this one (a flight may leave before its time).

    Parameters
    ----------
    batches : iterable of Batch
        Oldest first.
    lookbacks : mapping of str to timedelta
        By stream, how old an event may be and still matter.

    Raises
    ------
    MergelineError
        If the batches are not in order of time, so that one walk would miss events.
    """
    reached: list[Batch] = []
    done: Batch | None = None  # the one with the latest decision of all that were yielded
    current: Batch | None = None
    for following in chain(batches, [None]):
        ahead = [] if following is None else [following]
        for batch in ahead:
            _check_order(done, current, batch)
        if current is not None:
            oldest = _get_oldest(current, lookbacks)
            reached = [batch for batch in reached if batch.has_known_since(oldest)]
            yield current, _gather([*reached, current, *ahead], oldest, current.last_decision)
            reached.append(current)
            done = max(done or current, current, key=lambda batch: batch.last_decision)
        current = following


def _get_oldest(batch: Batch, lookbacks: Mapping[str, timedelta]) -> dict[str, datetime]:
    return {stream: batch.first_decision - lookback for stream, lookback in lookbacks.items()}


def _gather(batches: Sequence[Batch], oldest: Mapping[str, datetime], newest: datetime) -> dict[str, pl.DataFrame]:
    return {
        stream: pl.concat([b.events[stream].filter(pl.col("known_at").is_between(since, newest)) for b in batches])
        for stream, since in oldest.items()
    }


def _check_order(done: Batch | None, current: Batch | None, following: Batch) -> None:
    if current and following.first_decision < current.first_decision:
        what = f"batch '{following.name}' begins before '{current.name}', which is listed before it"
    elif done and following.first_known and following.first_known <= done.last_decision:
        what = f"batch '{following.name}' holds an event from within '{done.name}', more than one batch before it"
    else:
        return
    raise MergelineError(
        what,
        where="params.yaml, key 'procure.batches'",
        fix="list the batches oldest first; if they are, look for a row in the wrong batch, or a wrong date",
    )
