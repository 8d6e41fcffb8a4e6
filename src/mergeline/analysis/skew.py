"""How far each batch's column lies from the same column of all earlier batches, and whether that is worth a look.

Nothing here is yours to edit: the limits are in `params.yaml`, group `analyse`. Nothing is stopped here: data that must
not be used are stopped by the validate stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from mergeline.analysis.columns import Column
from mergeline.params import Analyse

MANY = 50


@dataclass(frozen=True)
class Skew:
    """Distances of one column.

    Attributes
    ----------
    table, column : str
        Where.
    limit : float or None
        From which distance it counts as shifted; None if it is only reported.
    basis : str
        Why this limit, or why none.
    distances : dict of str to float
        Batch to population stability index against all earlier batches; batches that are not compared are left out.
    unseen : dict of str to int
        Batch to rows whose category no earlier batch holds; only of categories, only where there are any.
    """

    table: str
    column: str
    limit: float | None
    basis: str
    distances: dict[str, float]
    unseen: dict[str, int]

    @property
    def shifted(self) -> dict[str, float]:
        """Batches whose distance reaches the limit."""
        return {
            batch: value for batch, value in self.distances.items() if self.limit is not None and value >= self.limit
        }


def compute_psi(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the population stability index of two histograms over the same bins: 0 if they have the same shape.

    Notes
    -----
    The sum over bins of (p - q) ln(p / q). Half a row is added to each bin, so that an empty one counts and is finite.
    """
    if len(reference) < 2:
        return 0.0
    totals = [sum(counts) + 0.5 * len(counts) for counts in (reference, current)]
    shares = [((a + 0.5) / totals[0], (b + 0.5) / totals[1]) for a, b in zip(reference, current, strict=True)]
    return sum((q - p) * log(q / p) for p, q in shares)


def compute_skew(table: str, column: Column, nullable: bool, limits: Analyse) -> Skew | None:
    """Return the distances of `column`, or None if there is nothing to compare (text, times, a single batch).

    Parameters
    ----------
    table : str
        Name of its table.
    column : Column
        Its counts.
    nullable : bool
        Whether its contract lets cells be empty.
    limits : Analyse
        From which distance it counts as shifted.
    """
    batches = list(column.compared)
    if len(batches) < 2:
        return None
    limit, basis = choose_limit(column, nullable, limits)
    distances, unseen = {}, {}
    for number, batch in enumerate(batches[1:], start=1):
        earlier = [sum(counts) for counts in zip(*(column.compared[name] for name in batches[:number]), strict=True)]
        current = column.compared[batch]
        if min(sum(earlier), sum(current)) >= limits.min_rows:
            distances[batch] = round(compute_psi(earlier, current), 4)
        new = sum(count for before, count in zip(earlier, current, strict=True) if before == 0)
        if column.kind == "category" and new:
            unseen[batch] = new
    return Skew(table, column.name, limit, basis, distances, unseen)


def choose_limit(column: Column, nullable: bool, limits: Analyse) -> tuple[float | None, str]:
    """Return the limit of a column and the reason.

    Notes
    -----
    No single limit serves: between healthy months a share of a category moves the index by .001, the temperature by 1.
    Figures of this data set: docs/data.md.
    """
    if column.kind == "category":
        if column.distinct > MANY:
            return limits.many_categories_limit, f"text with more than {MANY} values"
        return limits.categories_limit, f"text with up to {MANY} values"
    if column.kind == "whole number" and not nullable:
        return limits.numbers_limit, "whole number that is never empty"
    return None, "measurement: follows the season, only reported"
