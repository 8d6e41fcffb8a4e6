"""Which variant answers a key: a stable hash, so that a key keeps its variant on every replica and after a restart.

Nothing here is yours to edit; the weights are in the desired state.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


def compute_bounds(weights: Sequence[int]) -> tuple[int, ...]:
    """Return the cumulative weights: variant `i` answers the percentiles from bound `i - 1` up to bound `i`."""
    return tuple(accumulate(weights))


def compute_percentile(service: str, key: str) -> int:
    """Return the percentile, 0 to 99, of `key` in `service`.

    Notes
    -----
    The first 8 bytes of SHA-256 over `service:key`, scaled to 100. The service's name is in it so that two services
    split the same keys independently of each other. With two variants a raised weight moves keys one way only.
    """
    digest = hashlib.sha256(f"{service}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 >> 64


def choose(bounds: Sequence[int], percentile: int) -> int:
    """Return the position of the variant that answers `percentile`."""
    return bisect_right(bounds, percentile)
