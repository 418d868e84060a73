"""A server as a child process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PATIENCE = 15  # seconds for a server to end by itself


@contextmanager
def child(
    command: Sequence[str | Path], *, folder: Path, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """The process, ended when the block is left. Its complaints go to `log`; its input stays open meanwhile."""
    with log.open("w") as complaints:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        _close(pipe)


def _close(pipe: IO[str] | None) -> None:
    if pipe:
        pipe.close()
