"""The AT Protocol network as its makers publish it: a PLC directory and a personal data server (@atproto/dev-env)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.servers.npm import NODE, environ, install
from tests.servers.process import child
from tests.shared import ROOT

SOURCE = Path(__file__).parent / "atproto"
CACHE = ROOT / ".cache" / "atproto-network"


@dataclass(frozen=True, slots=True)
class Account:
    handle: str
    did: str
    app_password: str
    password: str


@dataclass(frozen=True, slots=True)
class AtprotoNetwork:
    """A running network. `url` is the personal data server's, `directory` that of identities; `pid` the process that
    listens."""

    url: str
    directory: str
    pid: int

    def new_account(self) -> Account:
        """A fresh account with an app password."""
        name, password = f"a{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": f"{name}.test", "email": f"{name}@example.test", "password": password},
        )
        app = self.call("com.atproto.server.createAppPassword", {"name": "mercat"}, token=made["accessJwt"])
        return Account(made["handle"], made["did"], app["password"], password)

    def records(self, did: str) -> list[Any]:
        """Every post of an account, oldest first."""
        params = {"repo": did, "collection": "app.bsky.feed.post", "reverse": "true", "limit": "100"}
        answer = httpx.get(f"{self.url}/xrpc/com.atproto.repo.listRecords", params=params)
        return answer.raise_for_status().json()["records"]

    def call(self, method: str, body: Mapping[str, Any], *, token: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.url}/xrpc/{method}", json=body, headers=headers, timeout=30)
        return answer.raise_for_status().json()


@contextmanager
def running(folder: Path) -> Iterator[AtprotoNetwork]:
    """The network, with its data in `folder`. Some 5 seconds to start; the first time also the installation."""
    install(SOURCE, CACHE)
    env = environ() | {"TMPDIR": str(folder)}
    with child([NODE, "network.js"], folder=CACHE, env=env, log=folder / "atproto.log") as process:
        assert process.stdout
        line = process.stdout.readline()  # comes when it listens; empty when it has died
        if not line:
            raise RuntimeError(f"The AT Protocol network did not start: {(folder / 'atproto.log').read_text()[-2000:]}")
        addresses = json.loads(line)
        yield AtprotoNetwork(addresses["pds"], addresses["plc"], process.pid)
