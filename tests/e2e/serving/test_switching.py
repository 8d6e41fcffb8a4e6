"""Tests of deploying under load: no failed request, and no answer from a bundle that was not deployed just then."""

import itertools
import shutil
import threading
import time
from pathlib import Path

import pytest

from e2e.serving.process import Process, ask, serving
from unit.serving.bundles import describe_variant, read_log, write_bundle, write_state

ROW = {"inputs": {"origin": "EWR", "distance": 100}}
BATCH = {"rows": [ROW] * 30}


class Load:
    """Clients that ask without a pause, and keep what each was answered."""

    def __init__(self, process: Process, clients: int = 4) -> None:
        self.answers: list[tuple[str, float]] = []
        self.failures: list[str] = []
        self._process = process
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _ask(self, number: int) -> None:
        connection = self._process.connect()
        for turn in itertools.count(number):
            if self._stopping.is_set():
                return
            body = BATCH if turn % 10 == 0 else ROW
            try:
                status, answer = ask(connection, "POST", "/predict", body)
            except Exception as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if status == 200:
                self.answers += [(one["digest"], one["score"]) for one in answer.get("predictions", [answer])]
            else:
                self.failures.append(f"{status} {answer}")


def deploy(process: Process, digest: str) -> None:
    """Ask for `digest` and wait until it serves."""
    write_state(process.state, describe_variant("champion", digest))
    process.wait_for(lambda: process.get_serving() == digest)


def rehearse(folder: Path, deployments: int, rollbacks: int, seconds: float) -> None:
    """Deploy and roll back under load, a broken bundle now and then, and check every answer."""
    scores = [round(0.01 + 0.9 * number / deployments, 4) for number in range(deployments + 1)]
    bundles = {write_bundle(folder / "store", score): score for score in scores}
    first, *later = bundles
    broken = write_bundle(folder / "store", 0.99, golden=0.98)
    write_state(folder / "production.json", describe_variant("champion", first))
    order = list(later)
    for turn in range(rollbacks):
        order.insert((turn + 1) * len(order) // (rollbacks + 1) + 1, first)
    with serving(folder) as process:
        process.wait_for(process.get_serving)
        with Load(process) as load:
            started = time.monotonic()
            for turn, digest in enumerate(order):
                deploy(process, digest)
                if turn % 5 == 1:
                    write_state(process.state, describe_variant("champion", broken))
                    process.wait_for(lambda: process.get_version()["problem"])
                    assert process.get_serving() == digest
                time.sleep(max(0.0, started + (turn + 1) * seconds / len(order) - time.monotonic()))
        assert process.get_figures()["mergeline_requests_total", ("500",)] == 0
    assert load.failures == []
    assert {digest for digest, _ in load.answers} <= set(bundles)
    assert len({digest for digest, _ in load.answers}) > len(bundles) // 2
    assert all(score == bundles[digest] for digest, score in load.answers)
    assert len(read_log(process.log)) == len(load.answers)


def test_deployments_under_load_fail_no_request(tmp_path: Path) -> None:
    """Five deployments and two roll-backs within seconds, a broken bundle among them."""
    rehearse(tmp_path, deployments=5, rollbacks=2, seconds=2.5)


@pytest.mark.slow
def test_a_minute_of_deployments_fails_no_request(tmp_path: Path) -> None:
    """Sixty seconds of load, 20 deployments, 5 roll-backs."""
    rehearse(tmp_path, deployments=20, rollbacks=5, seconds=60)


def test_two_variants_and_a_shadow_are_switched_as_one(tmp_path: Path) -> None:
    """Under load, a split is put in, turned round and taken out: answers only ever come from bundles of a state."""
    bundles = {write_bundle(tmp_path / "store", score): score for score in (0.1, 0.2, 0.3)}
    first, second, third = bundles
    write_state(tmp_path / "production.json", describe_variant("champion", first))
    with serving(tmp_path) as process:
        process.wait_for(process.get_serving)
        with Load(process, clients=2) as load:
            for weight in (10, 50, 90):
                write_state(
                    process.state,
                    describe_variant("champion", second, 100 - weight),
                    describe_variant("challenger", first, weight),
                    shadow=describe_variant("candidate", third, None),
                )
                process.wait_for(
                    lambda weight=weight: process.get_version()["deployment"]["variants"][-1]["weight"] == weight
                )
                time.sleep(0.2)
    assert load.failures == []
    assert {digest for digest, _ in load.answers} == {first, second}
    assert all(score == bundles[digest] for digest, score in load.answers)
    assert {line["digest"] for line in read_log(process.log) if line["shadow"]} == {third}


def test_a_store_that_is_away_keeps_the_old_serving(tmp_path: Path) -> None:
    """The next bundle cannot be had: the old answers, the reason is told, and once it can be had it serves."""
    first, second = (write_bundle(tmp_path / "store", score) for score in (0.1, 0.2))
    write_state(tmp_path / "production.json", describe_variant("champion", first))
    with serving(tmp_path) as process:
        process.wait_for(process.get_serving)
        shutil.move(process.store, tmp_path / "away")
        write_state(process.state, describe_variant("champion", second))
        process.wait_for(lambda: process.get_version()["problem"])
        problem = process.get_version()["problem"]
        assert f"bundle {second[:12]}… is not in the store" in problem["what"]
        assert process.call("POST", "/predict", ROW)[1]["digest"] == first
        shutil.move(tmp_path / "away", process.store)
        process.wait_for(lambda: process.get_serving() == second)
        assert process.get_version()["problem"] is None
    assert "the deployment before goes on serving" in process.errors
