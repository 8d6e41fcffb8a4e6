"""Ids of predictions: what joins an answer, its line in the log and, later, its outcome.

Nothing here is yours to edit.
"""

import os


def make_id() -> str:
    """Return a random UUID (version 4)."""
    return make_ids(1)[0]


def make_ids(count: int) -> list[str]:
    """Return `count` UUIDs that differ from each other in their last 12 digits, and from all others by chance."""
    digits = os.urandom(16).hex()
    head = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-"
    if count == 1:
        return [head + digits[20:]]
    first = int(digits[20:], 16)
    return [f"{head}{(first + number) % 2**48:012x}" for number in range(count)]
