"""Pictures at addresses of this machine, for networks that fetch them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mercat.networks.port import Medium


class MediaHost:
    """`fetched`: the paths that were asked for, in their order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, tuple[bytes, str, float]] = {}
        self.fetched: list[str] = []

    def put(self, content: bytes, mime: str, *, seconds: float = 0) -> str:
        """The address of the content from now on, answered after so many seconds."""
        path = f"/{hashlib.sha256(content).hexdigest()}"
        self.files[path] = (content, mime, seconds)
        return self.address + path

    def reachable(self, medium: Medium) -> Medium:
        """The same picture, where a network can fetch it."""
        return replace(medium, url=self.put(medium.read(), medium.mime))


@contextmanager
def running() -> Iterator[MediaHost]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    host = MediaHost(f"http://127.0.0.1:{server.server_port}")
    server.host = host  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        host: MediaHost = self.server.host  # type: ignore[attr-defined]
        host.fetched.append(self.path)
        content, mime, seconds = host.files.get(self.path, (b"", "", 0))
        time.sleep(seconds)
        self.send_response(200 if content else 404)
        self.send_header("content-type", mime or "text/plain")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked may have had enough
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was fetched is kept."""
