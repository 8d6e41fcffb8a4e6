"""The shadow: a model that scores what was answered, for the log alone, on a thread of its own.

Nothing here is yours to edit. The queue is bounded; rows that it cannot take are dropped and counted, never waited for.
"""

import logging
import time
from collections import deque
from threading import Event, Lock, Thread

import msgspec

from mergeline.serving.limits import SHADOW_QUEUE_ROWS
from mergeline.serving.measures import Measures
from mergeline.serving.prediction_log import Line, PredictionLog
from mergeline.serving.variants import Ready

logger = logging.getLogger("mergeline.serving")
PAUSE_SECONDS = 0.05
CHUNK = 64


class ShadowScorer:
    """Scores lines once more, with another model.

    Parameters
    ----------
    log : PredictionLog
        Takes the lines with `shadow: true`, under the id of the answer that they shadow.
    measures : Measures
        Counts what was scored and what was dropped.
    limit : int
        Rows that may wait.
    """

    def __init__(self, log: PredictionLog, measures: Measures, limit: int = SHADOW_QUEUE_ROWS) -> None:
        self._log = log
        self._measures = measures
        self._limit = limit
        self._queue: deque[tuple[Ready, Line]] = deque()
        self._lock = Lock()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        """Begin to score."""
        self._thread.start()

    def put(self, ready: Ready, lines: list[Line]) -> None:
        """Queue answered `lines` for the shadow model `ready`, or drop and count them; never blocks, never raises."""
        with self._lock:
            if fits := len(self._queue) + len(lines) <= self._limit:
                self._queue.extend((ready, line) for line in lines)
        if not fits:
            self._measures.shadow_dropped.inc(len(lines))

    def stop(self, seconds: float = 10.0) -> None:
        """Score what is queued and end the thread, within `seconds`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            self._score_queued()
        self._score_queued()

    def _score_queued(self) -> None:
        while self._queue:
            ready, first = self._queue.popleft()
            lines = [first]
            while self._queue and len(lines) < CHUNK and self._queue[0][0] is ready:
                lines.append(self._queue.popleft()[1])
            try:
                self._log.put(_score(ready, lines))
            except Exception:  # a shadow that fails must not end the thread: it is there to be found out
                logger.exception("shadow '%s' (%s) failed on %d rows", ready.name, ready.digest[:12], len(lines))
                self._measures.shadow_dropped.inc(len(lines))


def _score(ready: Ready, lines: list[Line]) -> list[Line]:
    started = time.perf_counter()
    scores, breaches = ready.score_many([line.inputs for line in lines])
    ms = round((time.perf_counter() - started) * 1000 / len(lines), 4)
    ready.counted.inc(len(lines))
    told = {"variant": ready.name, "digest": ready.digest, "shadow": True, "ms": ms}
    return [
        msgspec.structs.replace(line, score=score, breaches=breached, **told)
        for line, score, breached in zip(lines, scores.tolist(), breaches, strict=True)
    ]
