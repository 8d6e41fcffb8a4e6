"""How far a window's distribution lies from the reference, against what is usual and what its own days vary by.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mergeline.monitoring.layout import Counts

SMALLEST_SHARE = 1e-4
"""Smallest share that a bin is taken to have: an empty bin must not make the index infinite."""


@dataclass(frozen=True)
class Drift:
    """A distance and what it must exceed.

    Attributes
    ----------
    psi : float
        Population stability index of window and reference, at least 0.
    noise : float
        Index that is expected if nothing changed, because the days of a window differ.
    usual : float
        Largest index between one reference batch and the next.
    """

    psi: float
    noise: float
    usual: float

    def limit(self, drift_limit: float, usual_factor: float, noise_factor: float) -> float:
        """Return from which index on this counts as drift."""
        return max(drift_limit, usual_factor * self.usual, noise_factor * self.noise)


def compute_drift(days: Sequence[Counts], reference: Counts, batches: Sequence[Counts]) -> Drift:
    """Return how far the sum of `days` lies from `reference`.

    Parameters
    ----------
    days : sequence of ndarray of shape (n_bins,)
        Counts per day of the window; days without rows are passed over.
    reference : ndarray of shape (n_bins,)
        Counts of the reference.
    batches : sequence of ndarray of shape (n_bins,)
        Counts of the reference's batches, in order.
    """
    present = np.asarray([day for day in days if day.sum()], dtype=float)
    usual = max((compute_psi(late, early) for early, late in pairwise(batches)), default=0.0)
    return Drift(compute_psi(present.sum(axis=0), reference), compute_noise(present, reference), usual)


def compute_psi(current: NDArray[np.generic], reference: NDArray[np.generic]) -> float:
    """Return the population stability index of two histograms over the same bins; 0 if either is empty.

    Notes
    -----
    The sum over bins of (p - q) ln(p / q), that is Jeffreys' divergence (Kullback & Leibler, 1951).
    """
    if not current.sum() or not reference.sum():
        return 0.0
    p, q = (np.maximum(counts / counts.sum(), SMALLEST_SHARE) for counts in (current, reference))
    return float(((p - q) * np.log(p / q)).sum())


def compute_noise(days: NDArray[np.float64], reference: NDArray[np.generic]) -> float:
    """Return the index to expect of a window whose days differ as these do, if nothing changed.

    Notes
    -----
    Close to its minimum the index is the sum of (p - q)²/q, whose expectation is the sum of var(p)/q. The variance of
    the window's share is that of the days' shares ÷ days: rows of one day are not independent, days more nearly are.
    """
    if len(days) < 2 or not reference.sum():
        return 0.0
    shares = days / days.sum(axis=1, keepdims=True)
    expected = np.maximum(reference / reference.sum(), SMALLEST_SHARE)
    return float((shares.var(axis=0, ddof=1) / len(days) / expected).sum())
