"""Posts to one server while another answers nobody: whether they are any later than while it answers.

The same number goes to either all the time. The silent server takes calls and says nothing for a minute, which is the
worst that one can do: what refuses at once costs nobody anything.
"""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

import httpx

from bench._ground import installation, sending

ACCOUNTS, POSTS, SPREAD, AHEAD, ROUNDS = 40, 120, 10.0, 3.0, 3
SILENT, HEARD = "bluesky", "mastodon"
SILENCE = {"fault": "slow", "on": "any", "times": 100_000, "seconds": 60}


def run() -> dict:
    """{posts, calm_s, silent_s, ratio}: median seconds from due to request at the server that answers, of three rounds
    while both answer and three while the other is silent."""
    with installation() as sandbox:
        from django.utils import timezone

        from bench import _crowd

        now = timezone.now()
        people = _crowd.two_of_communications(now)
        accounts = _crowd.accounts(ACCOUNTS, sandbox, now)
        with sending():
            _late(sandbox, accounts, people)  # the first calls of every thread make their connections
            calm = [_late(sandbox, accounts, people) for _ in range(ROUNDS)]
            httpx.post(f"{sandbox}/_control/{SILENT}/faults", json=SILENCE).raise_for_status()
            silent = [_late(sandbox, accounts, people) for _ in range(ROUNDS)]
            httpx.delete(f"{sandbox}/_control/{SILENT}/faults").raise_for_status()
    calm_s, silent_s = statistics.median(calm), statistics.median(silent)
    return {
        "posts": POSTS // 2,
        "calm_s": round(calm_s, 4),
        "silent_s": round(silent_s, 4),
        "ratio": round(silent_s / calm_s, 2),
        "rounds": [[round(each, 4) for each in rounds] for rounds in (calm, silent)],
    }


def _late(sandbox: str, accounts: list, people: tuple) -> float:
    """The median of one round, of the posts that went to the server that answers."""
    from django.utils import timezone

    from bench import _crowd
    from mercat.delivery.models import Consignment

    first = timezone.now() + timedelta(seconds=AHEAD)
    due = [first + timedelta(seconds=SPREAD * n / POSTS) for n in range(POSTS)]
    _crowd.scheduled(accounts, *people, due, timezone.now())
    mine = Consignment.objects.filter(account__network=HEARD, due_at__gte=first)
    end = time.monotonic() + AHEAD + SPREAD + 30
    while mine.filter(state="sent").count() < POSTS // 2:
        if time.monotonic() > end:
            raise TimeoutError("not everything was sent in time")
        time.sleep(0.2)
    posts = httpx.get(f"{sandbox}/_control/{HEARD}/posts").raise_for_status().json()
    at = {post["native_id"]: post["received_at"] for post in posts}
    return statistics.median(at[row.native_id] - row.due_at.timestamp() for row in mine)
