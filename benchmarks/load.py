"""Load for a server: as much as it takes, by wrk where that is installed, or a given rate, by a few sockets."""

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from statistics import quantiles

from measuring import fresh_folder
from servers import Server

CLIENTS = 8


def drive(server: Server, seconds: float, rate: float | None = None) -> tuple[float, float, float]:
    """Return requests a second, p50 and p99 (ms); without a `rate` as many as the server takes."""
    if rate is None and shutil.which("wrk"):
        return drive_by_wrk(server, seconds)
    clients = CLIENTS if rate is None else 2
    latencies: list[list[float]] = [[] for _ in range(clients)]
    started = time.perf_counter()
    threads = [
        threading.Thread(target=keep_asking, args=(server, seconds, rate and rate / clients, into))
        for into in latencies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [latency for one in latencies for latency in one]
    percentiles = quantiles(together, n=100)
    return len(together) / (time.perf_counter() - started), percentiles[49] * 1000, percentiles[98] * 1000


def drive_by_wrk(server: Server, seconds: float) -> tuple[float, float, float]:
    """Return what wrk measures with `CLIENTS` connections; an answer other than 2xx stops the benchmark."""
    folder = fresh_folder("serving-wrk")
    (folder / "body.json").write_bytes(server.body)
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.body = io.open("{folder}/body.json"):read("*a")\n'
    )
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:g}s", "--latency", "-s", str(script)]
    url = f"http://127.0.0.1:{server.port}{server.path}"
    told = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told:
        sys.exit(f"{url} answers with errors:\n{told}\n{server.ask().decode()}")
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    p50, p99 = (
        float(value) * units[unit]
        for value, unit in (re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told).groups() for share in (50, 99))  # type: ignore[union-attr]
    )
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1)), p50, p99  # type: ignore[union-attr]


def keep_asking(server: Server, seconds: float, rate: float | None, into: list[float]) -> None:
    """Ask over one connection until the time is up; at a `rate`, lateness counts as latency."""
    head = f"POST {server.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
    request = head.encode() + f"{len(server.body)}\r\n\r\n".encode() + server.body
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = due = time.perf_counter()
        while due < begun + seconds:
            time.sleep(max(0.0, due - time.perf_counter()))
            due = due if rate else time.perf_counter()
            client.sendall(request)
            read_answer(client)
            into.append(time.perf_counter() - due)
            due = due + 1 / rate if rate else time.perf_counter()


def time_requests(server: Server, body: bytes, count: int) -> list[float]:
    """Return the times (ms) of `count` requests with that body, one after the other on one connection."""
    head = f"POST {server.path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    times = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            started = time.perf_counter()
            client.sendall(head.encode() + body)
            read_answer(client)
            times.append((time.perf_counter() - started) * 1000)
    return times


def read_answer(client: socket.socket) -> None:
    """Read one answer with a content-length; another status than 200 stops the benchmark."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += client.recv(65536)
    head, body = content.split(b"\r\n\r\n", 1)
    if b" 200 " not in head.split(b"\r\n")[0]:
        sys.exit(content.decode(errors="replace"))
    length = int(re.search(rb"content-length: (\d+)", head, flags=re.IGNORECASE).group(1))  # type: ignore[union-attr]
    while len(body) < length:
        body += client.recv(65536)
