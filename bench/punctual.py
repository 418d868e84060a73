"""Posts scheduled over half a minute: how late each request reaches its network, and whether any is early."""

from __future__ import annotations

import random
import statistics
import time
from datetime import timedelta

from bench._ground import installation, sending

ACCOUNTS, POSTS, SPREAD, AHEAD = 60, 300, 30.0, 5.0
FUTURE = 10_000


def run() -> dict:
    """{posts, p50_late_s, p99_late_s, max_late_s, early}: seconds from due to request."""
    with installation() as sandbox:
        from django.utils import timezone

        from bench import _crowd
        from mercat.delivery.models import Consignment

        now = timezone.now()
        author, approver = _crowd.two_of_communications(now)
        accounts = _crowd.accounts(ACCOUNTS, sandbox, now)
        _crowd.scheduled(accounts, author, approver, [now + timedelta(days=1, seconds=n) for n in range(FUTURE)], now)
        with sending():
            first = timezone.now() + timedelta(seconds=AHEAD)
            chance = random.Random(7)
            due = sorted(first + timedelta(seconds=chance.uniform(0, SPREAD)) for _ in range(POSTS))
            _crowd.scheduled(accounts, author, approver, due, timezone.now())
            _until_sent(time.monotonic() + AHEAD + SPREAD + 30)
        at = {post["native_id"]: post["received_at"] for post in _crowd.published(sandbox)}
        late = [at[row.native_id] - row.due_at.timestamp() for row in Consignment.objects.filter(state="sent")]
    return {
        "posts": len(late),
        "p50_late_s": round(statistics.median(late), 3),
        "p99_late_s": round(statistics.quantiles(late, n=100)[98], 3),
        "max_late_s": round(max(late), 3),
        "early": sum(one < 0 for one in late),
    }


def _until_sent(end: float) -> None:
    from mercat.delivery.models import Consignment

    while Consignment.objects.filter(state="sent").count() < POSTS:
        if time.monotonic() > end:
            raise TimeoutError("not everything was sent in time")
        time.sleep(0.2)
