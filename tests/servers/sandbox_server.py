"""The stand-in networks as a process of their own, as `mercat sandbox` serves them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import child
from tests.shared import ROOT


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of the sandbox, without a slash at its end; its log in `folder`."""
    log = folder / "sandbox.log"
    command = [sys.executable, "-c", "from mercat.sandbox.cli import sandbox; sandbox()", "--port", "0"]
    with child(command, folder=ROOT, env=os.environ, log=log) as process:
        assert process.stdout
        address = re.search(r"http://[^ ]+", process.stdout.readline())
        if not address:
            raise RuntimeError(f"The sandbox did not start: {log.read_text()[-2000:]}")
        yield address.group()
