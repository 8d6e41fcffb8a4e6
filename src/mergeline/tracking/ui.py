"""MLflow's pages on the logged runs, on this machine alone.

Nothing here is yours to edit. MLflow as it comes starts 15 processes and takes 3 GB; with one worker and no job
runners it is two processes and half a gigabyte, and up in seconds.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.tracking.store import (
    RUNS,
    find_sqlite_file,
    find_tracking_uri,
    hide_password,
    locking,
    make_database,
    set_quiet,
)

HOST = "127.0.0.1"


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.tracking.ui", description="Open MLflow on the logged runs; Ctrl-C ends it."
    )
    parser.add_argument("--port", type=int, default=5000, help="port on this machine (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Become MLflow's server on the SQLite file; where runs go to a server, print its address and return 0."""
    options = make_parser().parse_args(argv)
    uri = find_tracking_uri()
    if uri.startswith(("http://", "https://")):
        print(f"runs go to a server (MLFLOW_TRACKING_URI), which has the pages itself: {hide_password(uri)}")
    else:
        become_server(uri, options.port)
    return 0


def become_server(uri: str, port: int) -> None:
    """Replace this process by MLflow's server on the store at `uri`: whoever started it can stop it by its id.

    Raises
    ------
    MergelineError
        If something already listens on `port`.
    """
    check_port_is_free(port)
    if find_sqlite_file(uri):
        with locking(uri):
            make_database(uri)
    print(f"MLflow on http://{HOST}:{port} in 10 to 30 s; Ctrl-C ends it", flush=True)
    set_quiet()
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    command = build_command(uri, port)
    os.execv(command[0], command)


def build_command(uri: str, port: int) -> list[str]:
    """Return the command that serves the store at `uri`."""
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--workers", "1"]
    return [*server, "--artifacts-destination", str(RUNS), "--host", HOST, "--port", str(port)]


def check_port_is_free(port: int) -> None:
    """Raise a `MergelineError` if something already listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise MergelineError(
                f"port {port} cannot be had: {error.strerror}",
                where=f"{HOST}:{port}",
                fix=f"close what listens there, or take another: python -m mergeline.tracking.ui --port {port + 1}",
            ) from error


if __name__ == "__main__":
    run(main)
