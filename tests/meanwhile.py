"""A second connection that does something while the test's own transaction is open."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection

WAITING = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))
"""
LONGEST = 10  # seconds until a test gives up


def meanwhile(work: Callable[[], object]) -> Future[object]:
    """Start `work` on a connection of its own, and come back when it waits for a lock that the test holds.

    `Future.result()`, asked after the test's transaction, tells how it ended.
    """
    pool = ThreadPoolExecutor(1)
    future = pool.submit(_run, work)
    pool.shutdown(wait=False)
    until = time.monotonic() + LONGEST
    while not _somebody_waits_for_us():
        if future.done():
            return future
        if time.monotonic() > until:
            raise AssertionError("It neither ended nor waited for a lock.")
    return future


def _run(work: Callable[[], object]) -> object:
    try:
        return work()
    finally:
        connection.close()


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]
