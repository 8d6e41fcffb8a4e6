"""Which batches of the bundle's reference profile a window is compared with.

Nothing here is yours to edit: set `monitor.reference` and `monitor.trailing_batches` in `params.yaml`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mergeline.params import Monitor

_MONTH = re.compile(r"\d{4}-(\d{2})$")


@dataclass(frozen=True)
class Chosen:
    """Batches, and in words why these."""

    batches: tuple[str, ...]
    how: str


def choose_batches(batches: Sequence[str], middle: date, params: Monitor) -> Chosen:
    """Return the reference of the window around `middle`; no batches if there are none.

    Parameters
    ----------
    batches : sequence of str
        Names of the profile's batches; those named as a month (`2013-04`) have a season.
    middle : date
        Middle day of the window.
    params : Monitor
        Which reference is wanted. Where no batch has the window's season, the trailing ones take its place.
    """
    ordered = sorted(batches)
    if not ordered:
        return Chosen((), "there is no reference")
    if params.reference == "season":
        same = [name for name in ordered if (found := _MONTH.match(name)) and int(found[1]) == middle.month]
        if same:
            return Chosen((same[-1],), f"same season: {same[-1]}")
    earlier = [name for name in ordered if name < f"{middle:%Y-%m}"] or ordered
    taken = tuple(earlier[-params.trailing_batches :])
    instead = f" (no batch of month {middle.month} in the bundle)" if params.reference == "season" else ""
    return Chosen(taken, f"trailing: {taken[0]} to {taken[-1]}{instead}")
