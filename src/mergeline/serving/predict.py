"""POST /predict: from the bytes of a request to the bytes of its answer.

Nothing here is yours to edit. This is the path that is hot, so it is plain ASGI below FastAPI: one decode that checks
every field, one score, one encode; the log, the shadow and the metrics take what they need without waiting.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from mergeline.serving.bodies import Receive, Refused, Send, read_body
from mergeline.serving.deployment import Deployment
from mergeline.serving.faults import Fault, explain
from mergeline.serving.ids import make_id, make_ids
from mergeline.serving.limits import THREAD_BYTES
from mergeline.serving.measures import Measures
from mergeline.serving.prediction_log import Line, PredictionLog
from mergeline.serving.shadow import ShadowScorer
from mergeline.serving.variants import Ready
from mergeline.serving.watcher import Watcher

logger = logging.getLogger("mergeline.serving")


class Prediction(msgspec.Struct):
    """The answer for one row.

    Attributes
    ----------
    id : str
        Names this prediction in the log.
    score : float
        Probability of the positive class, 0 to 1.
    variant, version, digest : str
        Which model answered.
    breaches : tuple of str
        Inputs outside what training saw: treat the score with care.
    """

    id: str
    score: float
    variant: str
    version: str
    digest: str
    breaches: tuple[str, ...]


class Predictions(msgspec.Struct):
    """The answers for many rows, in their order."""

    predictions: list[Prediction]


class Predict:
    """The endpoint.

    Parameters
    ----------
    watcher : Watcher
        Knows what serves.
    log, shadow, measures
        Take note.
    """

    def __init__(self, watcher: Watcher, log: PredictionLog, shadow: ShadowScorer, measures: Measures) -> None:
        self._watcher = watcher
        self._log = log
        self._shadow = shadow
        self._measures = measures
        self._encode = msgspec.json.Encoder().encode
        self._counted = {
            status: measures.requests.labels(str(status)) for status in (200, 405, 413, 415, 422, 500, 503)
        }
        # One thread: a second would only wait for the interpreter's lock.
        self._beside = ThreadPoolExecutor(1, "batches")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        extra: list[tuple[bytes, bytes]] = []
        try:
            if scope["method"] != "POST":
                extra = [(b"allow", b"POST")]
                raise Refused(405, f"/predict does not take {scope['method']}", "method", "send POST")
            body = await read_body(scope, receive)
            if body is None:
                return
            status, answer = 200, await self._answer(body)
        except Refused as refused:
            status, answer = refused.status, self._encode(refused.fault)
            if status == 503:
                extra = [(b"retry-after", b"5")]
        except Exception:  # the caller learns that it failed; how, only the service's log tells
            logger.exception("a prediction failed")
            status, answer = 500, self._encode(Fault("the model could not score this request", "service", "report it"))
        self._counted[status].inc()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer)), *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, body: bytes) -> bytes:
        deployment = self._watcher.deployment
        if deployment is None:
            raise Refused(503, "no model serves yet", "service", "GET /version says why; try again later")
        if len(body) > THREAD_BYTES:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._beside, self._answer_body, deployment, body)
        return self._answer_body(deployment, body)

    def _answer_body(self, deployment: Deployment, body: bytes) -> bytes:
        started, at = time.perf_counter(), time.time()
        try:
            one, many = deployment.contract.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            fault = explain(body, error, deployment.contract.features)
            raise Refused(422, fault.what, fault.where, fault.fix) from error
        content = (
            self._answer_one(deployment, one, at, started)
            if many is None
            else self._answer_many(deployment, many, at, started)
        )
        self._measures.seconds.observe(time.perf_counter() - started)
        return content

    def _answer_one(self, deployment: Deployment, row: Any, at: float, started: float) -> bytes:
        number = make_id()
        ready = deployment.choose(row.key or number)
        score, breaches = ready.score_one(deployment.contract.name_inputs(row.inputs))
        ms = round((time.perf_counter() - started) * 1000, 4)
        line = Line(number, at, row.key, row.row_id, ready.name, ready.digest, False, row.inputs, score, ms, breaches)
        ready.counted.inc()
        self._measures.scores.observe(ready.name, score)
        self._note(deployment, [line])
        return self._encode(_predict(ready, line))

    def _answer_many(self, deployment: Deployment, rows: list[Any], at: float, started: float) -> bytes:
        numbers = make_ids(len(rows))
        by_variant: dict[Ready, list[int]] = defaultdict(list)
        for position, row in enumerate(rows):
            by_variant[deployment.choose(row.key or numbers[position])].append(position)
        lines: list[Any] = [None] * len(rows)
        answers: list[Any] = [None] * len(rows)
        for ready, positions in by_variant.items():
            scores, breaches = ready.score_many([rows[position].inputs for position in positions])
            ms = round((time.perf_counter() - started) * 1000 / len(rows), 4)
            for position, score, breached in zip(positions, scores.tolist(), breaches, strict=True):
                row = rows[position]
                lines[position] = line = Line(
                    numbers[position], at, row.key, row.row_id, ready.name, ready.digest, False, row.inputs, score, ms,
                    breached,
                )  # fmt: skip
                answers[position] = _predict(ready, line)
            ready.counted.inc(len(positions))
            self._measures.scores.observe_many(ready.name, scores)
        self._note(deployment, lines)
        return self._encode(Predictions(answers))

    def _note(self, deployment: Deployment, lines: list[Line]) -> None:
        self._log.put(lines)
        if deployment.shadow is not None:
            self._shadow.put(deployment.shadow, lines)
        breaches = [name for line in lines for name in line.breaches]
        if breaches:
            self._measures.count_breaches(breaches)


def _predict(ready: Ready, line: Line) -> Prediction:
    return Prediction(line.id, line.score, ready.name, ready.wanted.version, ready.digest, line.breaches)
