"""Fixtures of the whole suite. What must happen before Django loads is in `tests/plugin.py`."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.flush import _what_tests_commit_can_be_cleared  # noqa: F401
from tests.shared import ROOT


@pytest.fixture(autouse=True)
def _no_connection_outlives_its_test() -> Iterator[None]:
    yield
    engine = sys.modules.get("mercat.delivery.engine")  # only where sending was used
    if engine:
        engine.close_clients()


@pytest.fixture(autouse=True, scope="module")
def _what_a_file_leaves_open_is_its_own_fault() -> Iterator[None]:
    """A socket or file that nobody closed warns when it is collected: here, and not in whatever test comes later."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The Chromium of this machine, where there is one; else Playwright's own."""
    # Playwright's loop runs in the thread of the tests, where Django would then refuse to ask the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    answer = subprocess.run([ROOT / ".ci" / "find-chromium"], capture_output=True, text=True, check=True)
    own = {"executable_path": answer.stdout.strip()} if answer.stdout.strip() else {}
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not work for root
    return {**browser_type_launch_args, **own, "args": alone}
