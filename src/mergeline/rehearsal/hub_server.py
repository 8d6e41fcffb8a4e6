"""Serving the stand-in for GitHub on a loopback port that the system picks.

Nothing here is yours to edit. Plain HTTP by default; HTTPS with a certificate made for the occasion where a real `cml`
is used, which accepts nothing else.
"""

import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from mergeline.errors import MergelineError
from mergeline.rehearsal import hub_artifacts, hub_pulls
from mergeline.rehearsal.events import REPOSITORY
from mergeline.rehearsal.hub import Answer, Hub, Refusal, Request

ROUTES = (*hub_pulls.ROUTES, *hub_artifacts.ROUTES)


@contextmanager
def serving(hub: Hub, certificate: tuple[Path, Path] | None = None) -> Iterator[None]:
    """Answer calls for `hub` while the block runs; `hub.base` is then the address."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https://localhost" if certificate else "http://127.0.0.1"
    hub.base = f"{scheme}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost and its key in `folder`, good for two days; return both paths."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MergelineError(
            "openssl cannot make a certificate, and a real cml talks to https addresses only",
            where="openssl on PATH",
            fix="install openssl, or rehearse with the stand-in: make rehearse CML=stand-in",
        ) from error
    return certificate, key


def respond(hub: Hub, request: Request) -> Answer:
    """Return the answer to `request` and note the call."""
    path = re.sub(rf"^(?:/api/v3)?/repos/{re.escape(REPOSITORY)}(?=/|$)", "/repos/R", request.path)
    path = path.removeprefix("/api/v3")
    unknown = False
    with hub.lock:
        try:
            hub.check_faults(request)
            for method, pattern, handler in ROUTES:
                found = re.fullmatch(pattern, path)
                if found and method == request.method:
                    answer = handler(hub, request, *map(unquote, found.groups()))
                    break
            else:
                unknown = True
                raise Refusal(404, "Not Found")
        except Refusal as refusal:
            answer = Answer({"message": refusal.message}, status=refusal.status)
        call = {"method": request.method, "path": path, "status": answer.status, "agent": request.agent}
        hub.calls.append({**call, "unknown": unknown})
    return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *_: object) -> None:
        """Print nothing: calls are noted in the hub."""

    def _respond(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = self.command in ("POST", "PATCH")
        answer = respond(
            self.hub,
            Request(
                method=self.command,
                path=address.path,
                query=dict(parse_qsl(address.query)),
                token=self.headers.get("Authorization", "").split(" ")[-1],
                content=json.loads(body or b"{}") if is_json else body,
                agent=self.headers.get("User-Agent", ""),
                job=self.headers.get("X-Rehearsal-Job", ""),
            ),
        )
        data = answer.data if answer.data is not None else json.dumps(answer.content).encode()
        self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        self.send_header("Content-Type", "application/zip" if answer.data is not None else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _respond
