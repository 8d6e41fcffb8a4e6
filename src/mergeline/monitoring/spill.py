"""Rows of the log and their labels, laid out in parts on disk by a hash of their id, so that each part joins in memory.

Nothing here is yours to edit. However long the log, memory holds one part of it at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

PARTS = 64
SEED = 13
PREDICTED = np.dtype([("id", "u8"), ("series", "i4"), ("day", "i4"), ("score", "f8")])
LABELLED = np.dtype([("id", "u8"), ("day", "i4"), ("target", "i1")])
UNKNOWN_DAY = -(2**31)

Records = NDArray[np.void]


class Spill:
    """Records of one type in `PARTS` files; a context manager.

    Parameters
    ----------
    folder : Path
        Made; the files in it stay until it is removed.
    dtype : numpy.dtype
        Of a record, with a field `id`.
    """

    def __init__(self, folder: Path, dtype: np.dtype[np.void]) -> None:
        folder.mkdir(parents=True)
        self._dtype = dtype
        self._paths = [folder / f"{number}" for number in range(PARTS)]
        self._handles: list[IO[bytes]] = []

    def __enter__(self) -> "Spill":
        self._handles = [path.open("wb") for path in self._paths]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.close()

    def add(self, records: Records) -> None:
        """Append `records`, each to the part that its id belongs to, in order."""
        parts = (records["id"] % PARTS).astype(np.int64)
        order = np.argsort(parts, kind="stable")
        bounds = np.searchsorted(parts[order], np.arange(PARTS + 1))
        ordered = records[order]
        for number, handle in enumerate(self._handles):
            chosen = ordered[bounds[number] : bounds[number + 1]]
            if len(chosen):
                handle.write(chosen.tobytes())

    def read(self) -> Iterator[Records]:
        """Yield the parts; call it after the block."""
        for path in self._paths:
            yield np.fromfile(path, dtype=self._dtype)


def hash_ids(ids: pl.Series) -> NDArray[np.uint64]:
    """Return 64 bits for each id, the same within this process.

    Notes
    -----
    Two of ten million ids fall together with a probability of about 3 in a million.
    """
    return ids.hash(SEED).to_numpy()


def count_days(days: pl.Series) -> NDArray[np.int32]:
    """Return the days of a Date column as numbers since 1970-01-01."""
    return days.to_physical().to_numpy()


def make_predicted(frame: pl.DataFrame, series: int) -> Records:
    """Return the records of the rows of `frame` that have a `row_id`; `series` says whose they are."""
    known = frame.filter(pl.col("row_id").is_not_null())
    records = np.empty(len(known), dtype=PREDICTED)
    records["id"] = hash_ids(known["row_id"])
    records["series"] = series
    records["day"] = count_days(known["day"])
    records["score"] = known["score"].to_numpy()
    return records
