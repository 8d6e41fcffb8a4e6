"""The body of a request, read whole within its limit, or refused.

Nothing here is yours to edit; the limits are in `limits.py`.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mergeline.serving.faults import Fault
from mergeline.serving.limits import BODY_BYTES

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Refused(Exception):
    """A request that gets no prediction: status and fault."""

    def __init__(self, status: int, what: str, where: str, fix: str) -> None:
        super().__init__(what)
        self.status = status
        self.fault = Fault(what, where, fix)


async def read_body(scope: MutableMapping[str, Any], receive: Receive) -> bytes | None:
    """Return the whole body, or None if the client has gone.

    Raises
    ------
    Refused
        If the body is compressed or larger than the limit; no more of it is read then.
    """
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value != b"identity":
            raise Refused(415, "the body is compressed", "header content-encoding", "send it as it is")
        if name == b"content-length" and int(value) > BODY_BYTES:
            raise _too_large(int(value))
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES:
            raise _too_large(size)
    return b"".join(parts)


def _too_large(size: int) -> Refused:
    fix = f"send at most {BODY_BYTES} bytes, in several requests"
    return Refused(413, f"the body has {size} bytes or more", "body", fix)
