"""How long a newcomer waits, and what Mercat costs when nothing happens.

`make run` in a fresh clone (packages come from the machine's caches), until the address answers; then again in the same
clone. Memory is summed over the supervisor and everything below it, at rest: `rss_mb` counts shared pages in every
process, `pss_mb` counts them once.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from mercat.config.environment import ROOT
from mercat.config.supervisor_checks import answers

COLD_RUNS = WARM_RUNS = 3
LONGEST = 300.0
REST = 15.0
HOST = "127.0.0.1"


def run() -> dict:
    """{cold_s, warm_s, rss_mb, pss_mb}: medians of three; seconds and megabytes (2^20 bytes)."""
    cold, warm, rss, pss = [], [], [], []
    for _ in range(COLD_RUNS):
        with clone() as folder:
            with started(folder) as (seconds, _):
                cold.append(seconds)
            with started(folder) as (seconds, process):
                warm.append(seconds)
                time.sleep(REST)
                memory = [one.memory_full_info() for one in family(process)]
                rss.append(sum(one.rss for one in memory) / 2**20)
                pss.append(sum(one.pss for one in memory) / 2**20)
    middle = statistics.median
    return {
        "cold_s": round(middle(cold), 1),
        "warm_s": round(middle(warm), 1),
        "rss_mb": round(middle(rss)),
        "pss_mb": round(middle(pss)),
    }


@contextmanager
def clone() -> Iterator[Path]:
    """A clone of the last commit in a folder of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mercat-bench-"))
    folder.chmod(0o755)
    try:
        subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, folder / "mercat"], check=True)
        yield folder / "mercat"
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(folder: Path) -> Iterator[tuple[float, psutil.Process]]:
    """`make run`, stopped afterwards as by Ctrl-C: seconds until the address answered, and the process."""
    port, sandbox_port = free_port(), free_port()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("MERCAT_", "MAKE", "VIRTUAL_ENV"))
    }
    env = {**clean, "MERCAT_PORT": str(port), "MERCAT_SANDBOX_PORT": str(sandbox_port)}
    began = time.monotonic()
    with (folder.parent / "log").open("wb") as log:
        make = subprocess.Popen(
            ["make", "run"], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
        )
    try:
        while not answers(HOST, port):
            if make.poll() is not None or time.monotonic() - began > LONGEST:
                raise RuntimeError(f"`make run` did not answer:\n{(folder.parent / 'log').read_text()}")
            time.sleep(0.05)
        yield time.monotonic() - began, psutil.Process(make.pid)
    finally:
        os.killpg(make.pid, signal.SIGINT)
        make.wait(timeout=60)


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
