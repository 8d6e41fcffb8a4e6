"""The servers that the serving benchmark compares: ours, `mlflow models serve`, and a plain FastAPI app."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import ROOT, make_environment

MODEL = ROOT / "artifacts/model"
PLAIN = '''"""A service as one writes it in an afternoon: FastAPI, joblib, a one-row frame."""
import joblib, json, pandas as pd, sys
from fastapi import FastAPI

model = joblib.load(sys.argv[1])
app = FastAPI()

@app.post("/predict")
def predict(row: dict) -> dict:
    return {"score": float(model.predict_proba(pd.DataFrame([row["inputs"]]))[0, 1])}

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
'''
LOGGED = """import joblib, json, mlflow.sklearn, sys
mlflow.sklearn.save_model(
    joblib.load(sys.argv[1]), sys.argv[2], serialization_format="cloudpickle", pyfunc_predict_fn="predict_proba",
    pip_requirements=["mlflow"],
)
"""


@dataclass
class Server:
    """A running server and how it is asked."""

    port: int
    path: str
    body: bytes
    pid: int
    first_answer: float

    def ask(self, body: bytes | None = None) -> bytes:
        """Return the answer to one request."""
        url = f"http://127.0.0.1:{self.port}{self.path}"
        request = urllib.request.Request(url, body or self.body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return bytes(response.read())

    @property
    def megabytes(self) -> float:
        """Resident memory of the server with its children (MB)."""
        return sum(read_resident(pid) for pid in list_family(self.pid))


@contextmanager
def running(command: Sequence[str], folder: Path, port: int, path: str, body: bytes) -> Iterator[Server]:
    """Run a server until the block ends; its start is the time to the first answer to a prediction."""
    environment = make_environment() | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    log = (folder / "server.log").open("ab")
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    server = Server(port, path, body, process.pid, 0.0)
    try:
        while True:
            try:
                server.ask()
                break
            except OSError as error:
                if process.poll() is not None or time.perf_counter() - started > 180:
                    sys.exit(f"{command} does not answer: {error}\n{(folder / 'server.log').read_text()[-2000:]}")
                time.sleep(0.01)
        server.first_answer = time.perf_counter() - started
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        log.close()


def make_ours(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Callable[[], Any]:
    """Return what starts our service on the bundle of `artifacts/`."""
    from mergeline.serving.local import Place, deploy_local

    place = Place(folder / "ours")
    deploy_local(ROOT / "artifacts/bundle", place, "flights")
    body = json.dumps({"inputs": rows[0]}).encode()

    def start() -> Any:
        port = find_port()
        arguments = ["--state", place.state, "--store", place.store, "--log", place.log, "--port", port]
        command = [sys.executable, "-m", "mergeline.serving.serve", *map(str, arguments)]
        return running(command, folder, port, "/predict", body)

    return start


def make_plain(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Callable[[], Any]:
    """Return what starts the plain FastAPI app on the estimator."""
    (folder / "plain.py").write_text(PLAIN)
    body = json.dumps({"inputs": rows[0]}).encode()

    def start() -> Any:
        port = find_port()
        command = [sys.executable, str(folder / "plain.py"), str(find_model()), str(port)]
        return running(command, folder, port, "/predict", body)

    return start


def make_mlflow(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Callable[[], Any]:
    """Return what starts `mlflow models serve` on the same estimator."""
    command = [sys.executable, "-c", LOGGED, str(find_model()), str(folder / "logged")]
    environment = make_environment() | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    names = list(rows[0])
    data = {"dataframe_split": {"columns": names, "data": [[rows[0][name] for name in names]]}}
    body = json.dumps(data).encode()

    def start() -> Any:
        port = find_port()
        command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "--model-uri"]
        command += [str(folder / "logged"), "--host", "127.0.0.1", "--port", str(port)]
        return running(command, folder, port, "/invocations", body)

    return start


def find_model() -> Path:
    """Return the estimator that ships."""
    return MODEL / json.loads((MODEL / "model.json").read_text())["ships"]


def find_port() -> int:
    """Return a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def list_family(pid: int) -> list[int]:
    """Return `pid` and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in list_family(int(child)))]


def read_resident(pid: int) -> float:
    """Return the resident memory of a process (MB)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0
