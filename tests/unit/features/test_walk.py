"""Batches one by one, against all of them at once."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.features.walk import Batch, walk

START = datetime(2013, 1, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")


def moment(day: float) -> datetime:
    """Return the moment `day` days after the start."""
    return START + timedelta(days=day)


def make_batch(name: str, decisions: list[float], known: list[float]) -> Batch:
    """Return a batch with requests and events on the given days."""
    requests = pl.DataFrame({"decision_at": [moment(day) for day in decisions]}, schema={"decision_at": TIME})
    events = pl.DataFrame({"known_at": [moment(day) for day in known]}, schema={"known_at": TIME})
    return Batch(name, requests, requests.clear(), {"landed": events})


def gather(batches: list[Batch], lookback: timedelta) -> list[list[datetime]]:
    """Return per batch the times of the events that `walk` hands out with it."""
    return [events["landed"]["known_at"].sort().to_list() for _, events in walk(batches, {"landed": lookback})]


days = st.lists(st.integers(0, 6), max_size=4)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), days, days), max_size=6), st.integers(0, 12))
@example([(0, [], []), (1, [], []), (1, [], [-30])], 3)
def test_each_batch_gets_exactly_the_events_that_its_views_can_see(
    shapes: list[tuple[int, list[int], list[int]]], lookback: int
) -> None:
    """Whatever overlaps: all events from the first decision less the look-back to the last one, or a clear error."""
    starts = accumulate(step for step, _, _ in shapes)
    batches = [
        make_batch(f"b{number}", [start, *(start + day for day in asked)], [start - 2 + day for day in known])
        for number, (start, (_, asked, known)) in enumerate(zip(starts, shapes, strict=True))
    ]
    everything = sorted(known for batch in batches for known in batch.events["landed"]["known_at"])
    try:
        found = gather(batches, timedelta(days=lookback))
    except MergelineError:
        pairs = [(a, b) for n, a in enumerate(batches) for b in batches[n + 2 :]]
        assert any(b.first_known and b.first_known <= a.last_decision for a, b in pairs)
        return
    for batch, events in zip(batches, found, strict=True):
        oldest = batch.first_decision - timedelta(days=lookback)
        assert events == [known for known in everything if oldest <= known <= batch.last_decision]


def test_a_window_reaches_over_a_whole_batch() -> None:
    """28 days before the first decision of March lies the last day of January: February alone will not do."""
    january = make_batch("2013-01", [0, 30.9], [10, 31.2])
    february = make_batch("2013-02", [31, 58.9], [40])
    march = make_batch("2013-03", [59, 89.9], [60])
    assert moment(31.2) in gather([january, february, march], timedelta(days=28))[2]


def test_an_outcome_that_is_weeks_late_is_not_forgotten() -> None:
    """An event of January that becomes known in March counts in March and not in February."""
    batches = [make_batch("1", [0, 30], [70]), make_batch("2", [31, 58], []), make_batch("3", [59, 89], [])]
    assert gather(batches, timedelta(days=7)) == [[], [], [moment(70)]]


def test_an_event_of_the_next_batch_may_be_known_before_the_last_decision() -> None:
    """With no lead, a flight of the next month that leaves early has left when the last flight of this one is due."""
    batches = [make_batch("1", [0, 30.99], []), make_batch("2", [31, 58], [30.98])]
    assert gather(batches, timedelta(days=7))[0] == [moment(30.98)]


def test_batches_out_of_order_are_refused() -> None:
    """The message names both batches and where they are listed."""
    batches = [make_batch("2013-02", [31, 58], []), make_batch("2013-01", [0, 30], [])]
    with pytest.raises(MergelineError) as caught:
        gather(batches, timedelta(days=7))
    assert "'2013-01' begins before '2013-02'" in caught.value.what
    assert "oldest first" in caught.value.fix


def test_an_event_far_ahead_of_its_batch_is_refused() -> None:
    """A walk that has passed a batch cannot add to it: a wrong date is named, not swallowed."""
    batches = [make_batch("1", [0, 30], []), make_batch("2", [31, 58], []), make_batch("3", [59, 89], [29])]
    with pytest.raises(MergelineError) as caught:
        gather(batches, timedelta(days=7))
    assert "'3' holds an event from within '1'" in caught.value.what
