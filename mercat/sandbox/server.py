"""Runs the sandbox: in the foreground for the command line, in a thread of its own for tests and benchmarks."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from mercat.sandbox.app import create_app

START_SECONDS = 10.0


class DroppableProtocol(H11Protocol):
    """Gives each request its connection, so that the fault answer_lost can drop it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """`listening` is set as soon as it answers; it stays unset when the start fails."""

    def __init__(self, app: Starlette, loop: str = "asyncio") -> None:
        # The answer to a lost connection, and pages kept open by a browser, must not hold up the end.
        config = uvicorn.Config(
            app, http=DroppableProtocol, ws="none", loop=loop, log_level="warning", access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.listening.set()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio does not know to switch off Nagle's delay: 44 ms an answer instead of 2.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class RunningSandbox:
    """A sandbox on a free loopback port, answering when the constructor returns. `url` has no slash at its end."""

    def __init__(self, state: Path | None = None, clock: Callable[[], float] = time.time, port: int = 0) -> None:
        self.app = create_app(state, clock)
        self._server = Server(self.app)
        self._listener = listen("127.0.0.1", port)
        self.url = url_of(self._listener)
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()
        if not self._server.listening.wait(START_SECONDS):
            raise RuntimeError("The sandbox did not start.")

    def stop(self) -> None:
        """Returns when nothing answers any more. Harmless when called twice."""
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))
        self._listener.close()


@contextmanager
def running(
    state: Path | None = None, clock: Callable[[], float] = time.time, port: int = 0
) -> Iterator[RunningSandbox]:
    sandbox = RunningSandbox(state, clock, port)
    try:
        yield sandbox
    finally:
        sandbox.stop()
