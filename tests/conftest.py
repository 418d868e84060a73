"""Fixtures of the whole suite. What must happen before Django loads is in `tests/plugin.py`."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Playwright, sync_playwright

from tests.flush import _what_tests_commit_can_be_cleared  # noqa: F401
from tests.shared import ROOT


def pytest_collection_finish() -> None:
    """What was loaded by now stays for good: collecting it again and again is a good part of a run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _passphrases_are_hashed_quickly() -> Iterator[None]:
    """What the programme hashes with takes a quarter of a second by design, and many tests sign somebody in."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[quick, *settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(autouse=True, scope="session")
def _certificates_are_read_once() -> Iterator[None]:
    """To read those of all authorities takes 20 ms, for each client anew; what tests call speaks plain HTTP."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(httpx.create_ssl_context)
        patch.setattr("httpx.create_ssl_context", once)
        patch.setattr("httpx._transports.default.create_ssl_context", once)
        yield


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
    until = time.monotonic() + 10
    while _connections_of_others() and time.monotonic() < until:
        time.sleep(0.05)  # a thread that is told to end needs a moment
    assert _connections_of_others() == 0, "A thread of this file's tests kept its connection to the database."


def _connections_of_others() -> int:
    """How many connections of this process's pool are out, but for this thread's own."""
    pool = connection._connection_pools.get(connection.alias)
    if pool is None:
        return 0
    told = pool.get_stats()
    return told["pool_size"] - told["pool_available"] - (connection.connection is not None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Its loop runs in the thread of the tests, and Django keeps a loop's connection apart from its thread's: where
    one begins the other is not left open."""
    connection.close()
    with sync_playwright() as started:
        yield started
        connection.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The Chromium of this machine, where there is one; else Playwright's own."""
    # Playwright's loop runs in the thread of the tests, where Django would then refuse to ask the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    answer = subprocess.run([ROOT / ".ci" / "find-chromium"], capture_output=True, text=True, check=True)
    own = {"executable_path": answer.stdout.strip()} if answer.stdout.strip() else {}
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not work for root
    return {**browser_type_launch_args, **own, "args": alone}
