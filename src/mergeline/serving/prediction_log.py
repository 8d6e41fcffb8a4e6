"""The prediction log: one JSON line per scored row, written beside the requests, never in their way.

Nothing here is yours to edit. Requests put what they scored into a bounded queue; one thread writes it out. A full
queue or disk costs log lines, which are counted, never an answer. A clean stop writes all that is queued.
"""

import logging
import time
from collections import deque
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any

import msgspec

from mergeline.serving.limits import LOG_QUEUE_ROWS
from mergeline.serving.log_files import LogFiles
from mergeline.serving.measures import Measures

logger = logging.getLogger("mergeline.serving")
FLUSH_SECONDS = 0.1
RETRY_SECONDS = 1.0
CHUNK = 500


class Line(msgspec.Struct, gc=False):
    """One scored row, as it stands in the log; `at` is Unix time until it is written."""

    id: str
    at: float | str
    key: str | None
    row_id: str | None
    variant: str
    digest: str
    shadow: bool
    inputs: Any
    score: float
    ms: float
    breaches: tuple[str, ...]


class PredictionLog:
    """A log that never blocks.

    Parameters
    ----------
    files : LogFiles
        Where the lines go.
    measures : Measures
        Counts what was written and what was lost.
    limit : int
        Rows that may wait.
    """

    def __init__(self, files: LogFiles, measures: Measures, limit: int = LOG_QUEUE_ROWS) -> None:
        self._files = files
        self._measures = measures
        self._limit = limit
        self._queue: deque[Line] = deque()
        self._waiting = 0
        self._failing = False
        self._lock = Lock()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="prediction-log", daemon=True)
        self._encode = msgspec.json.Encoder().encode

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, lines: list[Line]) -> None:
        """Queue `lines`, or count them as dropped if the queue is full; never blocks, never raises."""
        with self._lock:
            fits = self._waiting + len(lines) <= self._limit
            if fits:
                self._waiting += len(lines)
                self._queue.extend(lines)
        if not fits:
            self._measures.log_dropped.labels("queue").inc(len(lines))

    def stop(self, seconds: float = 30.0) -> None:
        """Write all that is queued, close the file and end the thread, within `seconds`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self._waiting:
            self._measures.log_dropped.labels("stop").inc(self._waiting)
            logger.error("the log lost %d predictions: they could not be written before the stop", self._waiting)

    def _run(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            if not self._write_queued():
                self._stopping.wait(RETRY_SECONDS)
        self._write_queued()
        self._files.close()

    def _write_queued(self) -> bool:
        """Write chunk by chunk until the queue is empty; return False, with the rest still queued, if that fails."""
        while self._queue:
            count = min(len(self._queue), CHUNK)
            content = b"".join(self._encode_line(self._queue[position]) for position in range(count))
            kept, error = self._files.write(content)
            self._forget(count if error is None else content.count(b"\n", 0, kept))
            if error is not None and not kept:
                self._note_failure(error)
                return False
            self._failing = False
            self._measures.log_failing.set(0)
        self._measures.log_removed.inc(self._files.take_removed())
        return True

    def _forget(self, count: int) -> None:
        """Take the first `count` lines, which are written, off the queue."""
        for _ in range(count):
            self._queue.popleft()
        with self._lock:
            self._waiting -= count
        self._measures.logged.inc(count)

    def _note_failure(self, error: OSError) -> None:
        if not self._failing:
            logger.error("the prediction log cannot be written: %s; serving goes on", error.strerror)
        self._failing = True
        self._measures.log_failing.set(1)

    def _encode_line(self, line: Line) -> bytes:
        if isinstance(line.at, float):
            line.at = f"{datetime.fromtimestamp(line.at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        return bytes(self._encode(line)) + b"\n"


def now() -> float:
    """Return the wall-clock time, for the log alone: durations are taken from the monotonic clock."""
    return time.time()
