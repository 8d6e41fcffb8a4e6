"""The service against `mlflow models serve` and against a plain FastAPI app, on the same model, one after the other.

Each server runs alone, with one thread of computation, asked by wrk where that is installed, else by a few
sockets. Figures are those of the client. The model is that of `artifacts/`: run `make` first.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from load import drive, time_requests
from measuring import ROOT, RUNS, compare, fresh_folder, make_environment
from servers import MODEL, find_model, make_mlflow, make_ours, make_plain

SECONDS = float(os.environ.get("MERGELINE_BENCH_SECONDS", "10"))
BATCH = 1000


def measure() -> list[dict[str, Any]]:
    """Return throughput, latency, memory and start-up side by side, and a batch against the model itself."""
    folder = fresh_folder("serving")
    rows = read_rows(BATCH)
    ours, plain, mlflow = (make(folder, rows) for make in (make_ours, make_plain, make_mlflow))
    found: dict[str, Mapping[str, float]] = {}
    for name, start in (("ours", ours), ("plain", plain), ("mlflow", mlflow)):
        found[name] = measure_server(start, rows, is_ours=name == "ours")
        print(f"serving: {name} {dict(found[name])}", flush=True)
    equal = measure_at_equal_load(ours, mlflow, found["mlflow"]["rate"] / 2)
    mine, theirs = found["ours"], found["mlflow"]
    direct = time_directly(rows)
    return [
        compare(
            "single rows a second ÷ mlflow models serve", mine["rate"], theirs["rate"], "rows/s", 10, at_least=True
        ),
        compare(
            "single rows a second ÷ plain FastAPI", mine["rate"], found["plain"]["rate"], "rows/s", 5, at_least=True
        ),
        compare("p99 at the same load ÷ mlflow models serve", *equal, "ms", 1 / 8),
        compare("resident memory ÷ mlflow models serve", mine["megabytes"], theirs["megabytes"], "MB", 1 / 3),
        compare("start to first answer ÷ mlflow models serve", mine["start"], theirs["start"], "s", 1 / 6),
        compare("p99 ÷ p50 as fast as it goes, a core kept busy", mine["busy_p99"], mine["busy_p50"], "ms", 3),
        compare(f"{BATCH:,} rows over HTTP ÷ predict_proba on a frame", mine["batch"], direct, "ms", 1.3),
    ]


def measure_server(start: Callable[[], Any], rows: Sequence[Mapping[str, Any]], *, is_ours: bool) -> dict[str, float]:
    """Return the figures of one server; what only ours has to keep is measured of ours alone."""
    starts = []
    for _ in range(max(RUNS // 2, 1)):
        with start() as server:
            starts.append(server.first_answer)
    with start() as server:
        drive(server, 2.0)
        rate, _, _ = drive(server, SECONDS)
        figures = {"rate": rate, "megabytes": server.megabytes, "start": median(starts)}
        if is_ours:
            with busy_core():
                _, busy_p50, busy_p99 = drive(server, SECONDS)
            body = json.dumps({"rows": [{"inputs": row} for row in rows]}).encode()
            batch = median(time_requests(server, body, 20))
            figures |= {"busy_p50": busy_p50, "busy_p99": busy_p99, "batch": batch}
    return figures


def measure_at_equal_load(ours: Callable[[], Any], other: Callable[[], Any], rate: float) -> tuple[float, float]:
    """Return p99 (ms) of both when both are asked `rate` times a second."""
    latencies = []
    for start in (ours, other):
        with start() as server:
            drive(server, 2.0, rate=rate)
            latencies.append(drive(server, SECONDS, rate=rate)[2])
    return latencies[0], latencies[1]


def read_rows(count: int) -> list[dict[str, Any]]:
    """Return the inputs of the first rows of the newest batch, whole ones first."""
    import polars as pl

    names = [feature["name"] for feature in json.loads((MODEL / "model.json").read_text())["features"]]
    newest = max((ROOT / "artifacts/features").glob("*.parquet"))
    rows = pl.read_parquet(newest).select(names).head(5 * count).to_dicts()
    return sorted(rows, key=lambda row: None in row.values())[:count]


def time_directly(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the time (ms) that the estimator itself takes for the rows as a frame, in a process of its own."""
    code = (
        "import joblib, json, pandas as pd, sys, time\nfrom statistics import median\n"
        "model, frame = joblib.load(sys.argv[1]), pd.DataFrame(json.load(sys.stdin))\n"
        "def call():\n    started = time.perf_counter(); model.predict_proba(frame)\n"
        "    return (time.perf_counter() - started) * 1000\n"
        "call(); print(median(call() for _ in range(20)))\n"
    )
    environment = make_environment() | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code, str(find_model())]
    done = subprocess.run(command, input=json.dumps(rows), env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep a core busy with another process."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    from run import main

    sys.exit(main([Path(__file__).stem]))
