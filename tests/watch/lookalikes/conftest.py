"""A network whose search tells what a test puts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.db import connection

from mercat.networks import registry
from mercat.networks.port import Channel, FoundAccount, Outcome, Sent, Unreadable
from mercat.people.models import Person
from mercat.register.models import Account
from mercat.register.public.book import SHELF
from tests import factories as make
from tests.factories import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOW + HOUR


@dataclass
class Searched:
    """A searcher and reporter that answers as it is told, and remembers what it was asked."""

    exact: bool = False
    accounts_there: list[FoundAccount] = field(default_factory=list)
    fails: Unreadable | Exception | None = None
    asked: list[str] = field(default_factory=list)
    through: list[str] = field(default_factory=list)
    answers: list[Outcome | Exception] = field(default_factory=list)
    reported: list[tuple[str, str]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    in_a_transaction: bool = False

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        self._called(channel)
        self.asked.append(words)
        if isinstance(self.fails, Exception):
            raise self.fails
        return self.fails or tuple(self.accounts_there)

    def report(self, channel: Channel, *, account: str, words: str, now: datetime) -> Outcome:
        self._called(channel)
        self.reported.append((account, words))
        self.meanwhile()
        answer = self.answers.pop(0) if self.answers else Sent("R-17", "")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put(self, native_id: str = "id-of-fake", **about: str) -> FoundAccount:
        told = {
            "handle": "p0lice-scotland.bsky.social",
            "name": "Police Scotland",
            "url": f"https://bsky.app/profile/{about.get('handle', 'p0lice-scotland.bsky.social')}",
            "bio": "Send us money.",
        } | about
        found = FoundAccount(native_id, **told)
        self.accounts_there.append(found)
        return found

    def _called(self, channel: Channel) -> None:
        self.through.append(channel.native_id)
        self.in_a_transaction |= len(connection.savepoint_ids) > 0


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Searched:
    """Bluesky alone can be searched, and takes reports."""
    told = Searched()
    SHELF.forget()
    fake = replace(registry.get("bluesky"), searcher=told, reporter=told)
    real = registry.get
    monkeypatch.setattr(registry, "get", lambda slug: fake if slug == "bluesky" else real(slug))
    monkeypatch.setattr(registry, "all", lambda: (fake,))
    return told


@pytest.fixture
def comms(db: None) -> Person:
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def auditor(db: None) -> Person:
    return make.person("Auditor", roles=("auditor",))


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee Local Policing")
