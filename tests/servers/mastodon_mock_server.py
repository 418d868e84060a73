"""A Mastodon server that we did not write: PyPI `mastodon_mock`, with accounts whose tokens are known."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers.process import child

ACCOUNTS = 60
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class MastodonMock:
    url: str
    numbers: Iterator[int]

    def new_account(self) -> tuple[str, str]:
        """User name and access token of an account that no other test has had."""
        number = next(self.numbers)
        if number >= ACCOUNTS:
            raise RuntimeError(f"All {ACCOUNTS} accounts of the server are used: seed more.")
        return _name(number), _token(number)

    @contextmanager
    def client(self, token: str) -> Iterator[Any]:
        """The client library from PyPI, for a second opinion. It never closes its connections by itself."""
        from mastodon import Mastodon  # slow to import, and only needed here

        client = Mastodon(access_token=token, api_base_url=self.url)
        with client.session:
            yield client


@contextmanager
def running(folder: Path) -> Iterator[MastodonMock]:
    """The server, with its configuration and log in `folder`."""
    port = _free_port()
    (folder / "mock.toml").write_text(_configuration())
    command = [sys.executable, "-m", "mastodon_mock", "serve", "--config", folder / "mock.toml", "--in-memory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    log = folder / "mastodon_mock.log"
    with child(command, folder=folder, env=os.environ, log=log) as process:
        for _ in range(START_SECONDS * 10):
            if process.poll() is not None:
                break
            if _answers(port):
                yield MastodonMock(f"http://127.0.0.1:{port}", count())
                return
            time.sleep(0.1)
        raise RuntimeError(f"mastodon_mock did not start: {log.read_text()[-2000:]}")


def _configuration() -> str:
    seeds = (
        f'[[seed.accounts]]\nusername = "{_name(number)}"\naccess_token = "{_token(number)}"\n'
        for number in range(ACCOUNTS)
    )
    return "\n".join(seeds)


def _name(number: int) -> str:
    return f"station{number}"


def _token(number: int) -> str:
    return f"token-of-station-{number}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
