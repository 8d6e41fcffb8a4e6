"""Counting the log by bundle and day: all that monitoring keeps of a row, its id for the labels apart.

Nothing here is yours to edit. The size of a tally is the number of days, whatever the number of rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from mergeline.monitoring.layout import Counts, Layout

NEW_NAMES = 5


@dataclass
class Day:
    """What one bundle did on one day (UTC)."""

    counts: Counts
    rows: int = 0
    score_sum: float = 0.0
    absent: dict[str, int] = field(default_factory=dict)
    breaches: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """Whose rows: bundle, and whether it answered or only scored for the log."""

    digest: str
    shadow: bool


class Tally:
    """Counts of the log's rows.

    Parameters
    ----------
    layouts : mapping of str to Layout
        By digest. Rows of other bundles are only counted as such.
    """

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        self.layouts = dict(layouts)
        self.days: dict[Key, dict[date, Day]] = {}
        self.strangers: dict[str, int] = {}
        self.last_at: str | None = None

    def add(self, frame: pl.DataFrame, raw: bytes) -> None:
        """Count the rows of `frame`, which was read from `raw`."""
        if not len(frame):
            return
        latest = frame["at"].max()
        self.last_at = max(self.last_at or "", str(latest))
        for (digest, shadow), part in frame.partition_by("digest", "shadow", as_dict=True).items():
            layout = self.layouts.get(str(digest))
            if layout is None:
                self.strangers[str(digest)] = self.strangers.get(str(digest), 0) + len(part)
            else:
                self._add_part(Key(layout.bundle.digest, bool(shadow)), layout, part, raw)

    def _add_part(self, key: Key, layout: Layout, part: pl.DataFrame, raw: bytes) -> None:
        dates = part["day"].unique().sort()
        rows = np.searchsorted(dates.to_numpy(), part["day"].to_numpy())
        inputs = {name: part["inputs"].struct.field(name) for name in (block.name for block in layout.features)}
        counted = layout.count(inputs, part["score"], rows, len(dates))
        sizes = np.bincount(rows, minlength=len(dates))
        sums = np.bincount(rows, weights=part["score"].to_numpy(), minlength=len(dates))
        days = self.days.setdefault(key, {})
        for number, moment in enumerate(dates.to_list()):
            day = days.setdefault(moment, Day(np.zeros(layout.width, dtype=np.int64)))
            day.counts += counted[number]
            day.rows += int(sizes[number])
            day.score_sum += float(sums[number])
        self._note_absent(days, layout, inputs, part, raw)
        _note_breaches(days, part)
        _note_unseen(days, layout, inputs, part)

    def _note_absent(
        self, days: dict[date, Day], layout: Layout, inputs: Mapping[str, pl.Series], part: pl.DataFrame, raw: bytes
    ) -> None:
        """Note rows of inputs that the log does not even name; a null that it names is a missing value."""
        for block in layout.features:
            if inputs[block.name].null_count() == len(part) and f'"{block.name}"'.encode() not in raw:
                for moment, count in part.group_by("day").len().iter_rows():
                    absent = days[moment].absent
                    absent[block.name] = absent.get(block.name, 0) + count


def _note_breaches(days: dict[date, Day], part: pl.DataFrame) -> None:
    told = part.select("day", "breaches").explode("breaches").drop_nulls().group_by("day", "breaches").len()
    for moment, name, count in told.iter_rows():
        breaches = days[moment].breaches
        breaches[name] = breaches.get(name, 0) + count


def _note_unseen(days: dict[date, Day], layout: Layout, inputs: Mapping[str, pl.Series], part: pl.DataFrame) -> None:
    """Keep the names of a few unseen categories for people; how many rows have one is in the counts."""
    for block in layout.features:
        if block.edges is None:
            column = inputs[block.name]
            new = ~column.is_in(list(block.categories)) & column.is_not_null()
            if new.any():
                found = pl.DataFrame({"day": part["day"], "name": column}).filter(new).unique().sort("day", "name")
                for moment, name in found.iter_rows():
                    kept = days[moment].unseen.setdefault(block.name, set())
                    if len(kept) < NEW_NAMES:
                        kept.add(name)


def sum_days(days: Iterable[Day]) -> Day:
    """Return one `Day` that holds all of `days`, at least one."""
    listed = list(days)
    total = Day(np.sum([day.counts for day in listed], axis=0))
    for day in listed:
        total.rows += day.rows
        total.score_sum += day.score_sum
        for mine, theirs in ((total.absent, day.absent), (total.breaches, day.breaches)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
        for name, found in day.unseen.items():
            total.unseen[name] = set(sorted(total.unseen.get(name, set()) | found)[:NEW_NAMES])
    return total
