"""A network on which others write as a test sets it, and posts that went out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.db import connection

from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.port import Channel, Heard, Unreadable
from mercat.people.models import Person
from mercat.register.models import Account, Connection
from tests import factories as make
from tests.factories import NOW
from tests.watch.figures.conftest import went_out

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REPORT = "Hi, my bike was stolen in Reform Street."


@dataclass
class Talking:
    """A listener that tells what was put on it, or fails as it is told. Remembers each question."""

    named: list[Heard] = field(default_factory=list)
    under: dict[str, list[Heard]] = field(default_factory=dict)
    fails: Unreadable | Exception | None = None
    asked: list[tuple[str, object]] = field(default_factory=list)
    paid: bool = False
    in_a_transaction: bool = False

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return self._answer("mentions", since, [each for each in self.named if each.made_at > since])

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return self._answer("comments", native_id, self.under.get(native_id, []))

    def _answer(self, what: str, about: object, told: list[Heard]) -> tuple[Heard, ...] | Unreadable:
        self.asked.append((what, about))
        self.in_a_transaction |= len(connection.savepoint_ids) > 0
        if isinstance(self.fails, Exception):
            raise self.fails
        return self.fails or tuple(told)

    def say(self, native_id: str = "m-1", text: str = REPORT, **about: object) -> Heard:
        """Somebody names the account; with `under`, as an answer to a post."""
        said = {"url": f"https://bsky.app/{native_id}", "author": "walker.example", "author_name": "A walker"}
        told = Heard(**{"native_id": native_id, "text": text, "made_at": NOW, **said, **about})
        self.named.append(told)
        return told

    def comment(self, row: Consignment, native_id: str = "c-1", text: str = REPORT, **about: object) -> Heard:
        self.say(native_id, text, under=row.native_id, **about)
        told = self.named.pop()
        self.under.setdefault(row.native_id, []).append(told)
        return told

    def of(self, what: str) -> list[object]:
        return [about for asked, about in self.asked if asked == what]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Talking:
    """Bluesky as others write there; Hootsuite, which tells nothing of it, as it is."""
    talking = Talking()
    real, mute = registry.get("bluesky"), registry.get("hootsuite")

    def fake():
        return replace(real, listener=talking, spec=replace(real.spec, paid_reading=talking.paid))

    monkeypatch.setattr(registry, "get", lambda slug: mute if slug == "hootsuite" else fake())
    monkeypatch.setattr(registry, "all", lambda: (fake(), mute))
    return talking


@pytest.fixture
def comms(db: None) -> Person:
    return make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def account(db: None) -> Account:
    row = make.account("Dundee")
    make.as_if(Connection, connected_at=NOW - 2 * DAY)
    return row


@pytest.fixture
def out(network: Talking, account: Account, comms: Person) -> Consignment:
    """A post that went out just now, and was read back."""
    (row,) = went_out(comms, account)
    return row
