"""A service as it really runs: a process of its own on a free port of the loopback, asked over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

SRC = Path(__file__).resolve().parents[3] / "src"


class Process:
    """A running service with its files in `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.state, self.store, self.log = folder / "production.json", folder / "store", folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        places = ["--state", self.state, "--store", self.store, "--log", self.log, "--port", self.port]
        command = [sys.executable, "-m", "mergeline.serving.serve", *map(str, places), "--interval", "0.05", *arguments]
        self._errors = (folder / "stderr.txt").open("wb")
        environment = {**os.environ, "PYTHONPATH": str(SRC)}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=self._errors)

    @property
    def errors(self) -> str:
        """What the service wrote to stderr."""
        return (self.folder / "stderr.txt").read_text()

    def connect(self, timeout: float = 30.0) -> http.client.HTTPConnection:
        """Return a connection that stays open from request to request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and answer of one request on a connection of its own."""
        connection = self.connect()
        try:
            return ask(connection, method, path, body)
        finally:
            connection.close()

    def get_version(self) -> Any:
        """Return what /version says."""
        return self.call("GET", "/version")[1]

    def get_serving(self) -> str | None:
        """Return the digest of the first variant that serves."""
        deployment = self.get_version()["deployment"]
        return deployment["variants"][0]["digest"] if deployment else None

    def get_figures(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Return /metrics by name and label values."""
        text = self.call("GET", "/metrics")[1]
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}

    def wait_for(self, what: Any, seconds: float = 30.0) -> None:
        """Wait until `what()` is true."""
        end = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, self.errors
            try:
                if what():
                    return
            except OSError:
                pass
            assert time.monotonic() < end, self.errors
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(30)
        self._errors.close()
        return status


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Return status and answer of a request; JSON is decoded."""
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection.request(method, path, raw, {"content-type": "application/json"} if raw is not None else {})
    response = connection.getresponse()
    content = response.read()
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status, json.loads(content) if is_json else content.decode()


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Process]:
    """Run a service until the block ends, once it answers."""
    process = Process(folder, *arguments)
    try:
        process.wait_for(lambda: process.call("GET", "/health/live")[0] == 200)
        yield process
    finally:
        process.stop()
