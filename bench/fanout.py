"""One post to 120 accounts, with 10,000 posts scheduled for later: how soon after its approval it is everywhere."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

from bench._ground import installation, sending

ACCOUNTS, FUTURE, RUNS = 120, 10_000, 3
LONGEST = 60.0


def run() -> dict:
    """{accounts, future_rows, last_request_s, last_ack_s}: seconds from the approval's commit, medians of three."""
    with installation() as sandbox:
        from django.utils import timezone

        from bench import _crowd
        from mercat.posts import actions

        now = timezone.now()
        author, approver = _crowd.two_of_communications(now)
        accounts = _crowd.accounts(ACCOUNTS, sandbox, now)
        _crowd.scheduled(accounts, author, approver, [now + timedelta(days=1, seconds=n) for n in range(FUTURE)], now)
        requests, acks = [], []
        with sending():
            for _ in range(RUNS):
                post = _crowd.submitted_to(accounts, author, timezone.now())
                actions.approve(by=approver, post=post, digest=post.current.digest, now=timezone.now())
                committed = time.time()
                rows = _all_sent(post.audit_ref)
                ours = {row.native_id for row in rows}
                requests.append(
                    max(p["received_at"] for p in _crowd.published(sandbox) if p["native_id"] in ours) - committed
                )
                acks.append(max(row.read_back_at.timestamp() for row in rows) - committed)
    return {
        "accounts": ACCOUNTS,
        "future_rows": FUTURE,
        "last_request_s": round(statistics.median(requests), 3),
        "last_ack_s": round(statistics.median(acks), 3),
        "runs": [[round(a, 3), round(b, 3)] for a, b in zip(requests, acks, strict=True)],
    }


def _all_sent(post_ref: str) -> list:
    from mercat.delivery.models import Consignment

    end = time.monotonic() + LONGEST
    rows = Consignment.objects.filter(post_ref=post_ref)
    while rows.filter(state="sent").count() < ACCOUNTS:
        if time.monotonic() > end:
            raise TimeoutError(f"not all sent: {list(rows.exclude(state='sent').values_list('state', 'reason'))[:5]}")
        time.sleep(0.05)
    return list(rows)
