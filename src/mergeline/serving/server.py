"""uvicorn, set up for this service: its loop and parser in C, patient connections, a clean stop.

Nothing here is yours to edit.
"""

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mergeline.errors import MergelineError
from mergeline.serving.limits import CONNECTIONS, IDLE_SECONDS, WAIT_SECONDS
from mergeline.serving.protocol import PatientProtocol, sweep_connections

logger = logging.getLogger("mergeline.serving")
STOP_SECONDS = 20


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port` (0: a free one).

    Raises
    ------
    MergelineError
        If the port is taken, not allowed, or the address is not this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        fix = "stop what listens there, or choose another: --port 0 takes a free one"
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            fix = "give an address of this machine: --host 127.0.0.1, or 0.0.0.0 for all"
        raise MergelineError(f"cannot listen: {error.strerror}", where=f"{host}:{port}", fix=fix) from error
    listener.listen(2048)
    return listener


class Server(uvicorn.Server):
    """A server that exits with status 0 when it is told to stop, and lets go of clients slower than `patience` (s)."""

    def __init__(self, app: Any, patience: float = WAIT_SECONDS) -> None:
        self._patience = patience
        config = uvicorn.Config(
            app,
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        super().__init__(config)

    def run_on(self, listener: socket.socket) -> None:
        """Serve on `listener` until a signal."""
        host, port = listener.getsockname()[:2]
        logger.info("listening on http://%s:%s (GET /docs tells how to call it)", host, port)
        self.run(sockets=[listener])

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and look after the connections meanwhile."""
        sweeper = asyncio.create_task(sweep_connections(self.server_state.connections, self._patience))
        try:
            await super().serve(sockets)
        finally:
            sweeper.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT for a wish to stop; uvicorn's own raises them again once it has stopped cleanly."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
