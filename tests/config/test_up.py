"""The whole of it, as anybody starts it: `mercat up --demo`, a post that goes out, an end, a second start."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mercat.config.demo import PASSPHRASE
from tests.config.running import REAL, SECONDS, Running, mercat, settings_of_its_own

AUTHOR, SPOC = "local.officer@mercat.example", "spoc@mercat.example"
Post = Callable[..., dict]


@pytest.fixture
def settings_of_it() -> Iterator[dict[str, str]]:
    with settings_of_its_own() as own:
        yield {**own, "MERCAT_PASSPHRASE": PASSPHRASE}


@pytest.fixture
def up(settings_of_it: dict[str, str]) -> Iterator[Callable[[], Running]]:
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(Path(settings_of_it["MERCAT_HOME"]), "--demo", program=REAL, **settings_of_it))
        return started[-1].ready()

    yield start
    for running in started:
        running.end()


@pytest.fixture
def post(settings_of_it: dict[str, str]) -> Post:
    def run(*arguments: str, by: str) -> dict:
        # As on its pages, demonstration people need no second factor where the installation is a demonstration.
        done = mercat("post", *arguments, "--as", by, "--json", **{**settings_of_it, "MERCAT_DEMO": "true"})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def until_sent(post: Post, post_id: str) -> dict:
    end = time.monotonic() + SECONDS
    while (told := post("status", post_id, by=AUTHOR))["consignments"][0]["state"] != "sent":
        assert time.monotonic() < end, told
    return told


def ends(running: Running) -> bool:
    """Whether Ctrl-C leaves no process of it."""
    family = running.family()
    assert running.end(signal.SIGINT) == 0
    return psutil.wait_procs(family, timeout=SECONDS)[1] == []


def test_a_post_goes_out_and_is_still_known_after_an_end_and_a_second_start(up, post: Post) -> None:
    running = up()
    words = ("--text", "The road is closed.", "--to", "Perth Local Policing (Mastodon)", "--pillar", "warning")
    told = post("compose", *words, "--submit", by=AUTHOR)
    post("approve", told["id"], "--digest", told["digest"], by=SPOC)
    sent = until_sent(post, told["id"])
    assert sent["consignments"][0]["read_back"]
    assert ends(running)

    running = up()
    assert post("status", told["id"], by=AUTHOR) == sent
    assert ends(running)
