"""Sending under SIGKILL: nothing doubled, nothing lost.

One network finds a post by our own key; the other ignores keys and shows a post only after a while, as some servers
do, so that only looking late enough keeps it from being sent twice. With no grace in `doomed.shorten` this test fails.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import quote

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from mercat.config.seed import connect_to_stand_in
from mercat.delivery import states
from mercat.delivery.models import Consignment
from mercat.sandbox.server import running
from tests import factories as make
from tests.crash.doomed import CLOCK_POINTS, POINTS

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

ACCOUNTS, POSTS_EACH = 20, 11  # 220 posts, one in four of them a warning
FAULTS = ({"fault": "ignores_idempotency_key"}, {"fault": "stale_timeline", "seconds": 1, "times": None})
# A batch passes the first points at once, each row the others.
PASSES = {
    "before lease": (1, 4),
    "leased": (1, 2),
    "after sending commit": (1, 2),
    "after the network accepted": (2, 20),
    "before the outcome commit": (2, 20),
    "before the tick": (2, 16),
    "after lapsing leases": (1, 2),
}
ENDS = (states.SENT, states.REFUSED, states.NEEDS_PERSON)  # of which the first alone is right
DEADLINE = 600  # seconds; a run takes about an eighth of it on a machine that does nothing else


class Mortal:
    """A process that is started again whenever it dies, each time with another end ahead of it."""

    def __init__(self, process: str, points: tuple[str, ...], chance: random.Random, environ: dict[str, str]) -> None:
        self._process, self._points, self._chance, self._environ = process, points, chance, environ
        self.deaths: Counter[str] = Counter()
        self._start()

    def _start(self) -> None:
        rarest = min(self.deaths[point] for point in self._points)
        self._point = self._chance.choice([point for point in self._points if self.deaths[point] == rarest])
        passes = self._chance.randint(*PASSES[self._point])
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.doomed", self._process, self._point, str(passes)],
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def look(self) -> None:
        if self._child.poll() is None:
            return
        if self._child.returncode == -signal.SIGKILL:
            self.deaths[self._point] += 1
        self._start()

    def stop(self) -> None:
        self._child.kill()
        self._child.wait()


def test_no_kill_at_any_point_of_sending_doubles_or_loses_a_post(settings):
    chance = random.Random(20)
    with running() as sandbox:
        settings.MERCAT_PRIVATE_ORIGINS = frozenset([sandbox.url])
        for fault in FAULTS:
            httpx.post(f"{sandbox.url}/_control/mastodon/faults", json=fault).raise_for_status()
        expected = _posts(sandbox.url)
        environ = _environment(sandbox.url)
        mortals = [
            Mortal("normal", POINTS, chance, environ),
            Mortal("normal", POINTS, chance, environ),
            Mortal("warning", POINTS, chance, environ),
            Mortal("clock", CLOCK_POINTS, chance, environ),
        ]
        try:
            _until_all_sent(mortals)
        finally:
            for mortal in mortals:
                mortal.stop()
        deaths = sum((mortal.deaths for mortal in mortals), Counter())
        stands = Counter(_published(sandbox.url))
    print(f"deaths: {dict(deaths)}")
    print(*Consignment.objects.exclude(state=states.SENT).values_list("state", "reason", "lane", "attempts_made"))
    lost = [text for text in expected if not stands[text]]
    doubled = {text: count for text, count in stands.items() if count > 1}
    assert (lost, doubled, set(stands) - set(expected)) == ([], {}, set())
    assert all(deaths[point] for point in POINTS), f"a point was never met: {dict(deaths)}"
    assert Consignment.objects.filter(state=states.SENT).count() == len(expected) >= 200


def _posts(sandbox: str) -> list[str]:
    """Approved posts for accounts on both networks, all due now. Returns their texts, each once."""
    now = timezone.now()
    author = make.authorised("Author", now=now, trained_until=now.replace(year=now.year + 1))
    approver = make.authorised(
        "Approver", now=now, trained_until=now.replace(year=now.year + 1), unit_key="corporate-communications",
        roles=("corporate-communications",),
    )  # fmt: skip
    texts = []
    for number in range(ACCOUNTS):
        account = make.account(network=("bluesky", "mastodon")[number % 2], connected=False)
        make.spoc_of(account)
        handle = f"account{number}.example" if number % 2 == 0 else f"account{number}"
        connect_to_stand_in(account, handle=handle, sandbox=sandbox, by=make.TEST, now=now)
        for turn in range(POSTS_EACH):
            texts.append(f"Post {turn} to account {number}")
            make.approved(author, approver, account, text=texts[-1], warning=turn % 4 == 0, now=now)
    return texts


def _environment(sandbox: str) -> dict[str, str]:
    database = connection.settings_dict
    user, password = database["USER"], database["PASSWORD"]
    host = quote(database["HOST"], safe="")
    url = f"postgresql://{quote(user)}:{quote(password)}@{host}:{database['PORT']}/{database['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mercat.config.settings",
        "MERCAT_DATABASE_URL": url,
        "MERCAT_PRIVATE_ORIGINS": sandbox,
        "MERCAT_SEND_THREADS": "8",
        "PYTHONDONTWRITEBYTECODE": "",  # many starts: let them share what the first compiled
    }


def _until_all_sent(mortals: list[Mortal]) -> None:
    end = time.monotonic() + DEADLINE
    while Consignment.objects.exclude(state__in=ENDS).exists():
        if time.monotonic() > end:
            left = Counter(Consignment.objects.values_list("state", flat=True))
            pytest.fail(f"not all was settled in {DEADLINE} s: {dict(left)}")
        for mortal in mortals:
            mortal.look()
        time.sleep(0.1)


def _published(sandbox: str) -> list[str]:
    return [
        post["text"]
        for network in ("bluesky", "mastodon")
        for post in json.loads(httpx.get(f"{sandbox}/_control/{network}/posts").text)
    ]
