"""MLflow's pages: up on a free port, fed by the store, gone with the process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.tracking import log_run
from mergeline.tracking.ui import build_command, check_port_is_free, main

PATIENCE = 120  # seconds; it takes 8 on an idle machine


@pytest.fixture
def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url: str, content: dict | None = None) -> str | None:
    """Return what `url` answers, or None if nobody is there."""
    body = json.dumps(content).encode() if content is not None else None
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.URLError:
        return None


def test_the_pages_answer_take_runs_and_end_with_their_process(
    workspace: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make ui` serves the store; logging to it by MLFLOW_TRACKING_URI makes one run; stopping it frees the port."""
    address = f"http://127.0.0.1:{free_port}"
    command = [sys.executable, "-m", "mergeline.tracking.ui", "--port", str(free_port)]
    with (workspace / ".git/ui.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while fetch(f"{address}/health") is None:
            assert server.poll() is None, (workspace / ".git/ui.log").read_text()
            assert time.monotonic() < deadline, "it did not answer"
            time.sleep(0.2)
        assert "<!doctype html>" in (fetch(address) or "").lower()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert log_run.main([]) == 0
        assert log_run.main([]) == 0
        (workspace / ".mergeline/tracked.json").unlink()
        assert log_run.main([]) == 0
        found = json.loads(fetch(f"{address}/api/2.0/mlflow/runs/search", {"experiment_ids": ["1"]}) or "{}")
        assert [run["info"]["status"] for run in found["runs"]] == ["FINISHED"]
        assert {path.name for path in workspace.iterdir() if path.name.startswith("ml")} == {
            *("mlflow.db", "mlflow.db.lock", "mlruns")
        }
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
    deadline = time.monotonic() + 20
    while fetch(f"{address}/health") is not None:
        assert time.monotonic() < deadline, "it goes on after its process has ended"
        time.sleep(0.2)


def test_one_worker_and_this_machine_alone() -> None:
    """As it comes, MLflow would start 15 processes."""
    command = build_command("sqlite:////a b/mlflow.db", 5001)
    options = dict(zip(command[4::2], command[5::2], strict=True))
    assert options["--workers"] == "1"
    assert options["--host"] == "127.0.0.1"
    assert options["--port"] == "5001"
    assert options["--backend-store-uri"] == "sqlite:////a b/mlflow.db"


def test_a_port_in_use_is_named_with_another_to_take(free_port: int) -> None:
    """Nothing is started beside what listens there."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port))
        listener.listen()
        with pytest.raises(MergelineError, match=f"port {free_port}") as raised:
            check_port_is_free(free_port)
        assert f"--port {free_port + 1}" in raised.value.fix
    check_port_is_free(free_port)


def test_where_runs_go_to_a_server_its_address_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server has the pages itself; a password in its address stays out of sight."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@mlflow.example")
    assert main(["--port", "5000"]) == 0
    printed = capsys.readouterr().out
    assert "https://mlflow.example" in printed
    assert "secret" not in printed


def test_the_helps_name_what_to_do(repository: Path) -> None:
    """Both commands explain themselves without importing MLflow."""
    for module, word in (("log_run", "MLFLOW_TRACKING_URI"), ("ui", "--port")):
        command = [sys.executable, "-m", f"mergeline.tracking.{module}", "--help"]
        environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert word in done.stdout
