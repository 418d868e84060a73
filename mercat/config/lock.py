"""One holder at a time: a lock file that the system frees when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from mercat.config.problem import Problem


class Lock:
    """An exclusive lock on `path`; the file's text names the holder for whoever is refused."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take it at once, or raise Problem naming the holder."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 400).decode(errors="replace").strip() or "a process that did not say its name"
            os.close(descriptor)
            raise Problem(f"{self.what} is already in use by {holder}. Stop that first; nothing was changed.") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} ({_command()})\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
