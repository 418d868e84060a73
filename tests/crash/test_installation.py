"""The whole installation, as it runs, under SIGKILL: its database too, and with the real leases and graces."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from mercat.config.embedded import OWNER, embedded_url
from mercat.delivery import states
from tests.config.running import REAL, Running, settings_of_its_own
from tests.shared import ROOT

pytestmark = pytest.mark.crash

POSTS, APART = 8, 2.0  # to each of the demonstration's six accounts; seconds
# The stand-ins take a post at once, and tell a while after: most kills meet calls whose answer is still to come.
SLOW = {"fault": "slow", "seconds": 1, "done": True, "times": None}
KILLS = ("worker normal", "postgresql", "clock", "worker warning", "postgresql", "worker normal", "web")
DEADLINE = 400  # seconds; a call that is killed is looked into after its lease and its grace: about 100 seconds


@pytest.fixture
def settings_of_it() -> Iterator[dict[str, str]]:
    with settings_of_its_own() as own:
        yield own


@pytest.fixture
def running(settings_of_it: dict[str, str]) -> Iterator[Running]:
    started = Running(Path(settings_of_it["MERCAT_HOME"]), "--demo", program=REAL, **settings_of_it)
    yield started.ready()
    started.end()


def test_killing_any_process_of_a_running_installation_doubles_and_loses_nothing(running, settings_of_it) -> None:
    sandbox = f"http://127.0.0.1:{settings_of_it['MERCAT_SANDBOX_PORT']}"
    for network in ("bluesky", "mastodon"):
        httpx.post(f"{sandbox}/_control/{network}/faults", json=SLOW).raise_for_status()
    texts = crowd(settings_of_it)
    for name in KILLS:
        await_a_call(settings_of_it, name)
        kill(running, name)
    until_settled(settings_of_it)
    stands = Counter((post["account"], post["text"]) for post in published(sandbox))
    accounts = {account for account, _ in stands}
    assert len(accounts) == 6
    assert stands == Counter((account, text) for account in accounts for text in texts)
    assert states_of(settings_of_it) == {states.SENT: len(accounts) * len(texts)}
    assert asked(settings_of_it, "SELECT 1 FROM delivery_attempt WHERE result = 'unsure'"), "no kill met a call"


def crowd(settings_of_it: dict[str, str]) -> list[str]:
    command = [sys.executable, "-m", "tests.crash.crowd", str(POSTS), str(APART)]
    environ = {"DJANGO_SETTINGS_MODULE": "mercat.config.settings", "MERCAT_DEMO": "true", **settings_of_it}
    environ = {**os.environ, **environ, "MERCAT_DATABASE_URL": ""}
    told = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return told.stdout.splitlines()


def await_a_call(settings_of_it: dict[str, str], name: str) -> None:
    """Returns when this worker, or for another process any, calls a network; or soon, where none can for now."""
    lane = f"AND lane = '{name.split()[1]}'" if name.startswith("worker") else ""
    end = time.monotonic() + 2 * APART
    while not asked(settings_of_it, f"SELECT 1 FROM delivery_consignment WHERE state = 'sending' {lane}"):
        if time.monotonic() > end:
            return
        time.sleep(0.05)


def kill(running: Running, name: str) -> None:
    """Returns once it runs again."""
    victim = running.postmaster() if name == "postgresql" else running.named(*name.split())
    victim.kill()
    running.until(f"{name.rsplit(maxsplit=1)[-1]} was ended by signal 9")
    if name == "postgresql":
        running.until("ready to accept connections")
    end = time.monotonic() + 60
    while not is_up(running, name, victim):
        assert time.monotonic() < end, f"{name} did not start again"
        time.sleep(0.1)


def is_up(running: Running, name: str, victim: psutil.Process) -> bool:
    try:
        now = running.postmaster() if name == "postgresql" else running.named(*name.split())
    except (StopIteration, psutil.NoSuchProcess):
        return False
    return now.pid != victim.pid


def until_settled(settings_of_it: dict[str, str]) -> None:
    ends = {states.SENT, states.REFUSED, states.NEEDS_PERSON, states.HELD}
    end = time.monotonic() + DEADLINE
    while not set(told := states_of(settings_of_it)) <= ends:
        assert time.monotonic() < end, told
        time.sleep(1)


def states_of(settings_of_it: dict[str, str]) -> dict[str, int]:
    return dict(asked(settings_of_it, "SELECT state, count(*) FROM delivery_consignment GROUP BY state"))


def asked(settings_of_it: dict[str, str], sql: str) -> list[tuple]:
    with psycopg.connect(embedded_url(Path(settings_of_it["MERCAT_HOME"]), OWNER)) as connection:
        return connection.execute(sql).fetchall()


def published(sandbox: str) -> list[dict]:
    return [
        post for network in ("bluesky", "mastodon") for post in httpx.get(f"{sandbox}/_control/{network}/posts").json()
    ]
