"""An installation of its own for one benchmark: database with fsync; stand-ins and workers as real processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from mercat.config.embedded import OWNER, EmbeddedPostgres, embedded_url
from mercat.config.environment import ROOT, environment

START_SECONDS = 30


@contextlib.contextmanager
def installation() -> Iterator[str]:
    """Set up Django on a fresh database; yields the address of the stand-in networks."""
    home = Path(tempfile.mkdtemp(prefix="mercat-bench-"))
    home.chmod(0o711)
    port = _free_port()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "mercat.config.settings",
        "MERCAT_HOME": str(home),
        "MERCAT_SANDBOX_PORT": str(port),
        "MERCAT_PRIVATE_ORIGINS": f"http://127.0.0.1:{port}",
    }
    environment.cache_clear()
    server = EmbeddedPostgres(home)
    server.start()
    try:
        _mercat("migrate", MERCAT_DATABASE_URL=embedded_url(home, OWNER))
        import django

        django.setup()
        with process("sandbox", "--port", str(port)):
            _until_answers(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
    finally:
        from django.db import connections

        connections.close_all()
        if connections["default"].pool:
            connections["default"].close_pool()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen]:
    """A `mercat` process, ended afterwards."""
    with _log() as log:
        child = subprocess.Popen([sys.executable, "-m", "mercat", *arguments], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """Both workers and the clock, at work."""
    with process("worker", "normal"), process("worker", "warning"), process("clock"):
        time.sleep(6)  # they have no sign of being ready; nothing is measured yet
        yield


def _log() -> contextlib.AbstractContextManager:
    return (environment().home / "log").open("ab")


def _mercat(*arguments: str, **extra: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "mercat", *arguments],
        cwd=ROOT,
        env={**os.environ, **extra},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _until_answers(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(httpx.ConnectError):
            httpx.get(url)
            return
        time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer in {START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
