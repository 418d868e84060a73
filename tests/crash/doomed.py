"""A real worker or clock process that kills itself with SIGKILL at a named point of sending.

Run as `python -m tests.crash.doomed PROCESS POINT PASS`: PROCESS is a lane or `clock`; it dies when it passes POINT
for the PASSth time, or lives on when POINT is `none`. The lease and the graces are shortened, all by one scale, or a
run would take an hour; their order (attempt < lease, read lag + time-out < grace) is the real one.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

POINTS = ("before lease", "leased", "after sending commit", "after the network accepted", "before the outcome commit")
CLOCK_POINTS = ("before the tick", "after lapsing leases")


class Fuse:
    """Counts how often a point is passed, from any thread, and kills the process at the last."""

    def __init__(self, passes: int) -> None:
        self._left = passes
        self._lock = threading.Lock()

    def burn(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def before(fuse: Fuse, function: Callable) -> Callable:
    @functools.wraps(function)
    def doomed(*args, **kwargs):
        fuse.burn()
        return function(*args, **kwargs)

    return doomed


def after(fuse: Fuse, function: Callable) -> Callable:
    @functools.wraps(function)
    def doomed(*args, **kwargs):
        result = function(*args, **kwargs)
        if result:
            fuse.burn()
        return result

    return doomed


def shorten() -> None:
    from mercat.delivery import claims, clock, engine, steps

    claims.ATTEMPT = engine.ATTEMPT = steps.ATTEMPT = timedelta(seconds=2)
    claims.LEASE = timedelta(seconds=3)
    engine.grace_of = clock.grace_of = lambda network: timedelta(seconds=1.5)


def doom(point: str, passes: int) -> None:
    from mercat.delivery import clock, engine, steps

    fuse = Fuse(passes)
    if point == "before lease":
        engine.claim = before(fuse, engine.claim)
    elif point == "leased":
        engine.claim = after(fuse, engine.claim)
    elif point == "after sending commit":
        steps.begin = after(fuse, steps.begin)
    elif point == "after the network accepted":
        engine.Engine._publish = after(fuse, engine.Engine._publish)
    elif point == "before the outcome commit":
        # Inside the transaction that keeps the outcome: recorded, not committed.
        steps.record = _record_but(fuse, steps.record)
    elif point == "before the tick":
        clock.tick = before(fuse, clock.tick)
    elif point == "after lapsing leases":
        clock.lapse_leases = after(fuse, clock.lapse_leases)


def _record_but(fuse: Fuse, record: Callable) -> Callable:
    @functools.wraps(record)
    def doomed(**kwargs):
        event = record(**kwargs)
        if kwargs["what"] == "consignment.sent":
            fuse.burn()
        return event

    return doomed


def main(process: str, point: str, passes: str) -> None:
    import django

    django.setup()
    shorten()
    doom(point, int(passes))
    if process == "clock":
        from mercat.delivery import clock

        clock.run(threading.Event())  # it is killed, and never told to stop
        return
    from mercat.delivery import worker

    worker.run(process)


if __name__ == "__main__":
    main(*sys.argv[1:])
