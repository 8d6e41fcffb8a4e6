"""The HTTP connection, with patience: a client that sends or reads too slowly is let go.

Nothing here is yours to edit. uvicorn has a limit on idle connections and none on slow ones; a few hundred half-sent
requests would hold a service for ever.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mergeline.serving.limits import HEAD_BYTES

LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """One connection; `sweep` is called twice a second."""

    waiting_since: float | None = None
    stuck_since: float | None = None
    head_bytes: int | None = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.waiting_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Take in what came, unless the head of the request is too large."""
        if self.head_bytes is not None:
            self.head_bytes += min(len(data), HEAD_BYTES + 1)
        super().data_received(data)
        if self.head_bytes is not None and self.head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a request."""
        super().on_message_begin()
        self.waiting_since = self.loop.time()
        if self.head_bytes is None:
            self.head_bytes = 0

    def on_headers_complete(self) -> None:
        """Stop counting: what follows is the body, which has a limit of its own."""
        self.head_bytes = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop waiting: the request is whole."""
        self.waiting_since = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self.stuck_since = self.loop.time()

    def resume_writing(self) -> None:
        """Stop waiting: the client reads."""
        super().resume_writing()
        self.stuck_since = None

    def sweep(self, now: float, patience: float) -> None:
        """Close the connection if the client took longer than `patience` (s)."""
        if self.stuck_since is not None and now - self.stuck_since > patience:
            self.transport.abort()
        late = self.waiting_since is not None and now - self.waiting_since > patience
        if late and not self.transport.is_closing():
            self.transport.write(LATE)
            self.transport.close()


async def sweep_connections(connections: set[Any], patience: float, interval: float = 0.5) -> None:
    """Look after all connections until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(interval)
        now = loop.time()
        for connection in list(connections):
            connection.sweep(now, patience)
