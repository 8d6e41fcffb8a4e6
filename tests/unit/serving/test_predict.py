"""Tests of /predict on its own, without a server: answers, limits, shares, the shadow, and what is noted of each."""

import asyncio
import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mergeline.serving.ids import make_ids
from mergeline.serving.limits import BODY_BYTES, THREAD_BYTES
from mergeline.serving.service import Service
from mergeline.serving.variants import Ready
from unit.serving.bundles import describe_variant, read_log, write_bundle, write_state

ROW = {"inputs": {"origin": "EWR", "distance": 100}}


class Setting:
    """A service that runs in this process."""

    def __init__(self, folder: Path) -> None:
        self.state, self.store, self.log = folder / "production.json", folder / "store", folder / "log"
        self.service = Service(self.state, self.store, self.log, 2**30, interval=60)

    def start(self, *variants: dict[str, Any], shadow: dict[str, Any] | None = None) -> None:
        """Serve the variants."""
        write_state(self.state, *variants, shadow=shadow)
        self.service.start()

    def call(
        self, body: Any, method: str = "POST", headers: Any = (), parts: int = 1
    ) -> tuple[int, Any, dict[str, str]]:
        """Send one request in so many parts; return status, answer and headers."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        size = max(-(-len(raw) // parts), 1)
        chunks = [raw[place : place + size] for place in range(0, len(raw), size)] or [b""]
        messages = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.service.predict({"method": method, "headers": list(headers)}, receive, send))
        start, end = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], json.loads(end["body"]), told

    def count(self, name: str, **labels: str) -> float:
        """Return a figure of /metrics."""
        return self.service.measures.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def setting(tmp_path: Path) -> Any:
    """Return a setting that is stopped at the end."""
    setting = Setting(tmp_path)
    yield setting
    setting.service.stop()


def test_one_row_is_answered_and_logged(setting: Setting, tmp_path: Path) -> None:
    """The answer says score, variant, version and digest; the log has the same under the same id."""
    digest = write_bundle(setting.store, 0.25)
    setting.start(describe_variant("champion", digest))
    status, answer, headers = setting.call({**ROW, "key": "user", "row_id": "flight"})
    assert (status, headers["content-type"]) == (200, "application/json")
    uuid.UUID(answer["id"])
    assert {**answer, "id": ""} == {
        "id": "", "score": 0.25, "variant": "champion", "version": f"v-{digest[:6]}", "digest": digest, "breaches": [],
    }  # fmt: skip
    setting.service.stop()
    (line,) = read_log(setting.log)
    assert (line["id"], line["key"], line["row_id"], line["digest"]) == (answer["id"], "user", "flight", digest)
    assert line["inputs"] == {"origin": "EWR", "distance": 100.0, "wind gust": None}
    assert line["ms"] > 0


@pytest.mark.parametrize("parts", [1, 3])
def test_many_rows_are_answered_in_their_order(setting: Setting, parts: int) -> None:
    """A batch, whole or in parts, small or large, gives an answer and a line per row, each with an id of its own."""
    digest = write_bundle(setting.store, 0.25)
    setting.start(describe_variant("champion", digest))
    for count in (2, THREAD_BYTES // 20):
        body = {"rows": [{**ROW, "row_id": str(number)} for number in range(count)]}
        status, answer, _ = setting.call(body, parts=parts)
        assert status == 200
        assert len({one["id"] for one in answer["predictions"]}) == count
    setting.service.stop()
    lines = read_log(setting.log)
    assert [line["row_id"] for line in lines] == ["0", "1", *map(str, range(count))]
    assert [line["id"] for line in lines[2:]] == [one["id"] for one in answer["predictions"]]
    assert setting.count("mergeline_score_count", variant="champion") == 2 + count


@pytest.mark.parametrize(
    ("inputs", "breaches"),
    [
        ({"origin": "EWR", "distance": 5000}, []),
        ({"origin": "LGA", "distance": 5001}, ["origin", "distance"]),
        ({"origin": "EWR", "distance": -1, "wind gust": 80.5}, ["distance", "wind gust"]),
        ({}, ["origin"]),
    ],
)
def test_what_training_never_saw_is_told(setting: Setting, inputs: dict[str, Any], breaches: list[str]) -> None:
    """Beyond the range, an unseen category, missing where none was missing: answered, told, counted."""
    setting.start(describe_variant("champion", write_bundle(setting.store, 0.25)))
    status, answer, _ = setting.call({"inputs": inputs})
    assert (status, answer["breaches"]) == (200, breaches)
    assert setting.call({"rows": [{"inputs": inputs}]})[1]["predictions"][0]["breaches"] == breaches
    for name in breaches:
        assert setting.count("mergeline_breaches_total", feature=name) == 2


def test_a_key_keeps_its_variant_and_shares_come_out(setting: Setting) -> None:
    """One row or many, a key gets the same variant; without a key the shares hold as well."""
    first, second = (write_bundle(setting.store, score) for score in (0.1, 0.2))
    setting.start(describe_variant("champion", first, 80), describe_variant("challenger", second, 20))
    rows = [{**ROW, "key": f"user-{number}"} for number in range(2000)]
    together = [one["digest"] for one in setting.call({"rows": rows})[1]["predictions"]]
    alone = [setting.call(row)[1]["digest"] for row in rows[:100]]
    assert alone == together[:100]
    without = [one["digest"] for one in setting.call({"rows": [ROW] * 2000})[1]["predictions"]]
    for digests in (together, without):
        assert 320 < Counter(digests)[second] < 480


def test_every_score_is_that_of_the_variant_that_is_named(setting: Setting) -> None:
    """Rows of a batch that go to different variants come back in order, each with its own model's score."""
    scores = {write_bundle(setting.store, score): score for score in (0.1, 0.2)}
    named = zip(("a", "b"), scores, strict=True)
    setting.start(*(describe_variant(name, digest, 50) for name, digest in named))
    answers = setting.call({"rows": [ROW] * 300})[1]["predictions"]
    assert {one["digest"] for one in answers} == set(scores)
    assert all(one["score"] == scores[one["digest"]] for one in answers)


def test_the_shadow_scores_for_the_log_alone(setting: Setting) -> None:
    """The caller gets the champion's score; the shadow's is in the log under the same id."""
    champion, shadow = (write_bundle(setting.store, score) for score in (0.1, 0.9))
    setting.start(describe_variant("champion", champion), shadow=describe_variant("candidate", shadow, None))
    answers = [setting.call(ROW)[1] for _ in range(20)] + setting.call({"rows": [ROW] * 100})[1]["predictions"]
    assert {one["score"] for one in answers} == {0.1}
    setting.service.stop()
    by_shadow = {line["id"]: line for line in read_log(setting.log) if line["shadow"]}
    assert set(by_shadow) == {one["id"] for one in answers}
    assert {(line["score"], line["variant"], line["digest"]) for line in by_shadow.values()} == {
        (0.9, "candidate", shadow)
    }


def test_a_shadow_that_fails_or_lags_costs_no_answer(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that the shadow cannot score or take are counted; answers go on."""
    champion, shadow = (write_bundle(setting.store, score) for score in (0.1, 0.9))

    def explode(*_: object) -> None:
        raise ZeroDivisionError

    setting.start(describe_variant("champion", champion), shadow=describe_variant("candidate", shadow, None))
    monkeypatch.setattr(Ready, "score_many", explode)
    setting.service.shadow._limit = 5
    assert {setting.call(ROW)[0] for _ in range(50)} == {200}
    setting.service.stop()
    assert setting.count("mergeline_shadow_dropped_rows_total") == 50
    assert len(read_log(setting.log)) == 50


@pytest.mark.parametrize(
    ("body", "options", "status", "where"),
    [
        (ROW, {"method": "GET"}, 405, "method"),
        (b"x" * (BODY_BYTES + 1), {"parts": 9}, 413, "body"),
        (b"", {"headers": [(b"content-length", b"%d" % (BODY_BYTES + 1))]}, 413, "body"),
        (ROW, {"headers": [(b"content-encoding", b"gzip")]}, 415, "header content-encoding"),
        ({"inputs": {"distanc": 1}}, {}, 422, "inputs.distanc"),
    ],
)
def test_refusals_have_one_form(setting: Setting, body: Any, options: Any, status: int, where: str) -> None:
    """Whatever is refused says what, where and how to mend it, and is counted."""
    setting.start(describe_variant("champion", write_bundle(setting.store, 0.25)))
    found, answer, headers = setting.call(body, **options)
    assert (found, answer["where"], set(answer)) == (status, where, {"what", "where", "fix"})
    assert headers.get("allow") == ("POST" if status == 405 else None)
    assert setting.count("mergeline_requests_total", status=str(status)) == 1


def test_before_a_model_serves_the_caller_is_told_to_come_back(setting: Setting) -> None:
    """No deployment yet: 503 with a time to wait."""
    setting.service.start()
    status, answer, headers = setting.call(ROW)
    assert (status, headers["retry-after"], answer["where"]) == (503, "5", "service")


def test_a_model_that_fails_shows_no_trace(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller of a failing model gets 500 in the house form and nothing of the inside."""
    setting.start(describe_variant("champion", write_bundle(setting.store, 0.25)))

    def explode(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Ready, "score_one", explode)
    status, answer, _ = setting.call(ROW)
    assert status == 500
    assert "secret" not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)


def test_ids_are_uuids_and_differ() -> None:
    """Ids of a batch are version-4 UUIDs, all different."""
    numbers = make_ids(1000)
    assert len(set(numbers)) == 1000
    assert {uuid.UUID(number).version for number in numbers} == {4}
    assert uuid.UUID(make_ids(1)[0]).variant == uuid.RFC_4122
