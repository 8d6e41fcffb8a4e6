"""Tests of the service as a process: its calls, its limits, its stop."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from e2e.serving.process import SRC, Process, ask, serving
from unit.serving.bundles import describe_variant, read_log, write_bundle, write_state

ROW = {"inputs": {"origin": "EWR", "distance": 100}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Return a service with one champion."""
    folder = tmp_path_factory.mktemp("service")
    write_state(folder / "production.json", describe_variant("champion", write_bundle(folder / "store", 0.25)))
    with serving(folder, "--patience", "1") as process:
        yield process


def test_every_call_answers(service: Process) -> None:
    """Health, version, metrics, the page, the document and a prediction, over HTTP."""
    assert service.call("GET", "/health/live") == (200, {"status": "live", "reason": ""})
    assert service.call("GET", "/health/ready") == (200, {"status": "ready", "reason": ""})
    status, answer = service.call("POST", "/predict", ROW)
    assert (status, answer["score"], answer["digest"]) == (200, 0.25, service.get_serving())
    assert service.get_figures()["mergeline_requests_total", ("200",)] >= 1
    status, page = service.call("GET", "/docs")
    assert status == 200
    assert "wind gust" in page
    assert "<script" not in page
    assert "https://" not in page
    version = service.get_version()
    assert version["problem"] is None
    assert version["deployment"]["variants"][0]["form"] == "prior"


def test_the_document_is_valid_and_says_what_the_decoder_does(service: Process) -> None:
    """OpenAPI 3.1, with the contract's fields, kinds and limits."""
    _, document = service.call("GET", "/openapi.json")
    validate(document)
    inputs = document["components"]["schemas"]["Inputs"]
    assert list(inputs["properties"]) == ["origin", "distance", "wind gust"]
    assert inputs["additionalProperties"] is False
    assert inputs["properties"]["distance"]["description"] == "distance flown, miles"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/predict", None, 405),
        ("PUT", "/predict", ROW, 405),
        ("POST", "/predict", b"{", 422),
        ("POST", "/predict", b'{"inputs": {"distance": NaN}}', 422),
        ("POST", "/predict", b"\xff\xfe\x00", 422),
        ("POST", "/predict", b" " * (9 * 2**20), 413),
        ("GET", "/nothing", None, 404),
        ("POST", "/version", b"", 405),
    ],
)
def test_refusals_have_the_house_form(service: Process, method: str, path: str, body: Any, status: int) -> None:
    """What, where and fix; never a trace."""
    found, answer = service.call(method, path, body)
    assert found == status
    assert set(answer) == {"what", "where", "fix"}
    assert "Traceback" not in json.dumps(answer)


def test_the_process_loads_no_library_of_the_pipeline(service: Process) -> None:
    """Neither scikit-learn, pandas, polars, pandera, DVC, MLflow nor the use case is in the service."""
    heavy = "sklearn scipy pandas polars pandera dvc mlflow joblib matplotlib ruamel usecase"
    code = (
        "import sys; from pathlib import Path\n"
        "import mergeline.serving.serve, mergeline.serving.server, mergeline.serving.app\n"
        "service = mergeline.serving.app.Service(*map(Path, sys.argv[1:]), 2**20)\n"
        "service.start(); service.stop(); assert service.watcher.deployment\n"
        f"print('loaded:', *sorted(set('{heavy}'.split()) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, str(service.state), str(service.store), str(service.folder / "log2")]
    done = subprocess.run(command, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "loaded:"


def test_a_taken_port_is_an_error_for_people(service: Process) -> None:
    """The message says how to mend it, without a trace."""
    places = ["--state", service.state, "--store", service.store, "--log", service.log, "--port", service.port]
    command = [sys.executable, "-m", "mergeline.serving.serve", *map(str, places)]
    done = subprocess.run(command, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "choose another: --port 0 takes a free one" in done.stderr
    assert "Traceback" not in done.stderr


def test_slow_clients_are_let_go_and_others_served(service: Process) -> None:
    """Half a head, half a body and silence are each closed after the limit; a quick client meanwhile is answered."""
    half_head = b"POST /predict HTTP/1.1\r\nhost: x\r\n"
    half_body = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"
    clients = []
    for sent in (half_head, half_body, b""):
        client = socket.create_connection(("127.0.0.1", service.port))
        client.settimeout(30)
        client.sendall(sent)
        clients.append(client)
    started = time.monotonic()
    assert service.call("POST", "/predict", ROW)[0] == 200
    for client in clients:
        assert client.recv(1000).startswith(b"HTTP/1.1 408")
        client.close()
    assert 0.9 < time.monotonic() - started < 10


def test_a_head_without_end_is_refused(service: Process) -> None:
    """A head beyond its limit gets 431 at once."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nx: ")
        with contextlib.suppress(OSError):  # the answer comes before the last of it
            for _ in range(20):
                client.sendall(b"y" * 1024)
                time.sleep(0.005)
        assert client.recv(1000).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("raw", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"POST /predict HTTP/9.9\r\n\r\n"])
def test_what_is_not_http_is_refused(service: Process, raw: bytes) -> None:
    """A broken request line gets 400 and the next client an answer."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        client.sendall(raw)
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    assert service.call("POST", "/predict", ROW)[0] == 200


def test_sigterm_answers_what_is_under_way_and_loses_no_line(tmp_path: Path) -> None:
    """Stopped in full flight: every answer that a client got is in the log, and the exit status is 0."""
    write_state(tmp_path / "production.json", describe_variant("champion", write_bundle(tmp_path / "store", 0.25)))
    answered: list[set[str]] = [set() for _ in range(4)]
    with serving(tmp_path) as process:

        def call(into: set[str]) -> None:
            connection = process.connect()
            try:
                while True:
                    status, answer = ask(connection, "POST", "/predict", ROW)
                    assert status == 200
                    into.add(answer["id"])
            except OSError:
                return
            except Exception as error:
                if type(error).__name__ not in ("RemoteDisconnected", "BadStatusLine", "CannotSendRequest"):
                    raise

        threads = [threading.Thread(target=call, args=(into,)) for into in answered]
        for thread in threads:
            thread.start()
        process.wait_for(lambda: sum(map(len, answered)) > 500)
        assert process.stop() == 0
        for thread in threads:
            thread.join(10)
    got = set().union(*answered)
    logged = [line["id"] for line in read_log(process.log)]
    assert got <= set(logged)
    assert len(logged) == len(set(logged))


def test_a_full_disk_for_the_log_costs_no_answer(tmp_path: Path) -> None:
    """The log's folder cannot be written: counted and told, and every request is answered."""
    write_state(tmp_path / "production.json", describe_variant("champion", write_bundle(tmp_path / "store", 0.25)))
    (tmp_path / "log").write_text("a file where the folder should be")
    with serving(tmp_path) as process:
        connection = process.connect()
        assert {ask(connection, "POST", "/predict", ROW)[0] for _ in range(200)} == {200}
        process.wait_for(lambda: process.get_figures()["mergeline_log_failing", ()] == 1)
        assert process.call("POST", "/predict", ROW)[0] == 200
        (tmp_path / "log").unlink()
        process.wait_for(lambda: process.get_figures()["mergeline_log_failing", ()] == 0)
    assert len(read_log(process.log)) == 201


def test_without_a_state_the_process_lives_and_is_not_ready(tmp_path: Path) -> None:
    """Not ready, with the reason, until a first state comes; then ready without a restart."""
    with serving(tmp_path) as process:
        status, answer = process.call("GET", "/health/ready")
        assert (status, answer) == (503, {"status": "not ready", "reason": "there is no desired state"})
        assert process.call("POST", "/predict", ROW)[0] == 503
        assert process.call("GET", "/docs")[0] == process.call("GET", "/openapi.json")[0] == 200
        write_state(process.state, describe_variant("champion", write_bundle(process.store, 0.25)))
        process.wait_for(lambda: process.call("GET", "/health/ready")[0] == 200)


def test_the_store_may_vanish(tmp_path: Path) -> None:
    """What serves is in memory: without store and state file it answers, and /version says what is missing."""
    write_state(tmp_path / "production.json", describe_variant("champion", write_bundle(tmp_path / "store", 0.25)))
    with serving(tmp_path) as process:
        shutil.rmtree(process.store)
        process.state.unlink()
        process.wait_for(lambda: process.get_version()["problem"])
        assert process.call("POST", "/predict", ROW)[0] == 200
        assert process.call("GET", "/health/ready")[0] == 200
