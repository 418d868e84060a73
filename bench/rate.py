"""A backlog on 120 accounts: how many posts a second one worker sends and reads back."""

from __future__ import annotations

import statistics
import time

from bench._ground import installation, sending

ACCOUNTS, POSTS, RUNS = 120, 600, 3
LONGEST = 120.0


def run() -> dict:
    """{posts, sends_per_s}: sent and read back, over HTTP to the stand-ins; median of three."""
    with installation() as sandbox:
        from django.utils import timezone

        from bench import _crowd
        from mercat.delivery.queue import nudge

        now = timezone.now()
        author, approver = _crowd.two_of_communications(now)
        accounts = _crowd.accounts(ACCOUNTS, sandbox, now)
        rates = []
        with sending():
            for turn in range(1, RUNS + 1):
                _crowd.scheduled(accounts, author, approver, [timezone.now()] * POSTS, timezone.now())
                nudge("normal")
                began = time.monotonic()
                _until_sent(POSTS * turn, began + LONGEST)
                rates.append(POSTS / (time.monotonic() - began))
    return {
        "posts": POSTS,
        "sends_per_s": round(statistics.median(rates), 1),
        "runs": [round(rate, 1) for rate in rates],
    }


def _until_sent(count: int, end: float) -> None:
    from mercat.delivery.models import Consignment

    while Consignment.objects.filter(state="sent").count() < count:
        if time.monotonic() > end:
            raise TimeoutError("not everything was sent in time")
        time.sleep(0.05)
