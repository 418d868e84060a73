"""A supervisor as a process of its own, whose log the test reads; and any other command, run to its end."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from mercat.config import embedded_ground
from tests.shared import ROOT

SECONDS = 60
TOY, REAL = "tests.config.toy", "mercat"


def mercat(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    """A command of the real programme, with these settings and no others."""
    return subprocess.run(
        [sys.executable, "-m", REAL, *arguments],
        cwd=ROOT,
        env=_clean() | env,
        capture_output=True,
        text=True,
        check=False,
    )


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MERCAT_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the database's user can pass through: pytest keeps its own to itself."""
    with tempfile.TemporaryDirectory(prefix="mercat-test-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


@contextmanager
def settings_of_its_own() -> Iterator[dict[str, str]]:
    """For a whole installation: a home and ports, and everything gone afterwards."""
    with open_folder() as folder:
        home = folder / "home"
        ports = {"MERCAT_PORT": str(free_port()), "MERCAT_SANDBOX_PORT": str(free_port())}
        yield {"MERCAT_HOME": str(home), **ports}
        embedded_ground.remove(home)


class Running:
    """`up` of the toy, or of the real programme, in `home`; `lines` is what it has said so far."""

    def __init__(self, home: Path, *arguments: str, program: str = TOY, **env: str) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        given = {"MERCAT_HOME": str(home), "MERCAT_PORT": str(self.port), "MERCAT_SANDBOX_PORT": str(self.sandbox_port)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", program, "up", *arguments],
            cwd=ROOT,
            env=_clean() | given | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._coming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))
        self._coming.put(None)

    def until(self, text: str) -> str:
        """The next line with `text`; fails when the log ends first, or says nothing for a minute."""
        while (line := self._coming.get(timeout=SECONDS)) is not None:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError("\n".join([f"{text!r} was never said:", *self.lines]))

    def says(self, text: str) -> None:
        """Returns when `text` was said, now or before."""
        if not any(text in line for line in self.lines):
            self.until(text)

    def ready(self) -> Running:
        self.until("Mercat is ready")
        return self

    def family(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, *words: str) -> psutil.Process:
        """The child that runs the sub-command `words`."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if child.cmdline()[3 : 3 + len(words)] == list(words))

    def postmaster(self) -> psutil.Process:
        return next(child for child in psutil.Process(self.process.pid).children() if child.name() == "postgres")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; its exit code, with all lines read."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=SECONDS)
        self._reader.join(timeout=SECONDS)
        while not self._coming.empty():
            if line := self._coming.get():
                self.lines.append(line)
        self.process.stdout.close()
        return code
