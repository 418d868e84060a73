"""A server that answers nobody beside one that does: how soon it is left alone, and what that costs the other.

Half of the accounts are at a server that takes calls and never answers. The same backlog for the other half is sent by
itself, and beside one for the silent half.
"""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator

from bench._ground import installation, sending

ACCOUNTS, POSTS, RUNS = 120, 300, 3
LONGEST = 90.0  # seconds for a backlog
WATCHED = 20.0  # seconds in which calls to the silent server are noted: less than it is left alone for


def run() -> dict:
    """{posts, alone_s, beside_s, ratio, opens_s, calls}. `alone_s`, `beside_s`: until the backlog of those that are
    answered is sent and read back, medians; `opens_s`: from the first call to the silent server to the last before it
    is left alone, and `calls` how many there were: of the first run beside it."""
    with installation() as sandbox, _silence() as (address, heard):
        from django.utils import timezone

        from bench import _crowd
        from mercat.register.models import Connection

        now = timezone.now()
        people = _crowd.two_of_communications(now)
        everybody = _crowd.accounts(ACCOUNTS, sandbox, now)
        mute = [row for row in everybody if row.network == "bluesky"]
        heeded = [row for row in everybody if row.network == "mastodon"]
        Connection.objects.filter(account__in=mute).update(base_url=address)
        os.environ["MERCAT_PRIVATE_ORIGINS"] += f",{address}"
        alone, beside = [], []
        with sending():
            for _ in range(RUNS):
                alone.append(_sent(heeded, [], people))
            for _ in range(RUNS):
                beside.append(_sent(heeded, mute, people))
            time.sleep(max(0.0, heard[0] + WATCHED - time.monotonic()))
        early = [at - heard[0] for at in heard if at - heard[0] < WATCHED]
    took = statistics.median(alone), statistics.median(beside)
    return {
        "posts": POSTS,
        "alone_s": round(took[0], 2),
        "beside_s": round(took[1], 2),
        "ratio": round(took[1] / took[0], 2),
        "alone_runs_s": [round(each, 2) for each in alone],
        "beside_runs_s": [round(each, 2) for each in beside],
        "opens_s": round(max(early), 2),
        "calls": len(early),
    }


def _sent(heeded: list, mute: list, people: tuple) -> float:
    """Seconds until a backlog for `heeded` is out and read back, beside as many posts for `mute`."""
    from django.utils import timezone

    from bench import _crowd
    from mercat.delivery.models import Consignment
    from mercat.delivery.queue import nudge

    due = [timezone.now()] * POSTS
    sent = Consignment.objects.filter(state="sent", account__in=heeded)
    wanted = sent.count() + POSTS
    if mute:
        _crowd.scheduled(mute, *people, due, timezone.now())
    _crowd.scheduled(heeded, *people, due, timezone.now())
    began = time.monotonic()
    nudge("normal")
    while sent.count() < wanted:
        if time.monotonic() > began + LONGEST:
            raise TimeoutError("not everything was sent in time")
        time.sleep(0.05)
    return time.monotonic() - began


@contextlib.contextmanager
def _silence() -> Iterator[tuple[str, list[float]]]:
    """The address of a server that takes every call and answers none, and when calls came (monotonic seconds)."""
    heard: list[float] = []
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        server.settimeout(0.2)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    held.append(server.accept()[0])
                    heard.append(time.monotonic())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        finally:
            over.set()
            thread.join()
            for each in held:
                each.close()
