"""One sandbox for the whole run, emptied before each test, with a clock that only a test moves."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mercat.sandbox.server import RunningSandbox
from tests.sandbox.callers import BlueskyCaller, Caller, MastodonCaller

NOON = 1_795_435_200.0  # 23 November 2026 at 12:00 UTC


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[RunningSandbox, Clock]]:
    clock = Clock()
    sandbox = RunningSandbox(clock=clock)
    yield sandbox, clock
    sandbox.stop()


@pytest.fixture
def clock(_server: tuple[RunningSandbox, Clock]) -> Clock:
    _server[1].now = NOON
    return _server[1]


@pytest.fixture
def sandbox(_server: tuple[RunningSandbox, Clock], clock: Clock) -> RunningSandbox:
    return _server[0]


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=5) as client:
        client.post("/_control/reset").raise_for_status()
        yield client


@pytest.fixture
def bluesky(http: httpx.Client) -> BlueskyCaller:
    return BlueskyCaller(http, "fife.force.test", "Fife Division")


@pytest.fixture
def mastodon(http: httpx.Client) -> MastodonCaller:
    return MastodonCaller(http, "fife", "Fife Division")


@pytest.fixture(params=["bluesky", "mastodon"])
def caller(request: pytest.FixtureRequest) -> Caller:
    """Each network's caller in turn."""
    return request.getfixturevalue(request.param)
