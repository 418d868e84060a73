"""A network that shows what a test puts on it, and people around one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from mercat.networks import registry
from mercat.networks.port import Channel, Standing, Unreadable
from mercat.people.models import Person
from mercat.register.exceptions import actions as exceptions
from mercat.register.models import Account, DirectAccess
from mercat.watch.direct import looking
from mercat.watch.models import DirectUse
from tests import factories as make
from tests.factories import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOW + HOUR
TEXT = "The bridge is closed, and nobody asked."


@dataclass
class Shown:
    """A lister that shows `standing`, or fails as it is told. Remembers each question. `spec`: what its network has
    besides; `keeps_to_it`: whether it shows nothing older than what it is asked for."""

    standing: list[Standing] = field(default_factory=list)
    fails: Unreadable | Exception | None = None
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    in_a_transaction: bool = False
    spec: dict[str, Any] = field(default_factory=dict)
    keeps_to_it: bool = True

    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> Sequence[Standing] | Unreadable:
        self.asked.append((channel.native_id, since))
        self.in_a_transaction |= len(connection.savepoint_ids) > 0
        if isinstance(self.fails, Exception):
            raise self.fails
        told = [post for post in self.standing if post.made_at > since or not self.keeps_to_it]
        return self.fails or tuple(sorted(told, key=lambda post: post.made_at, reverse=True))

    def reads_as(self, words: str, shown: str) -> bool:
        return " ".join(words.split()) == " ".join(shown.split())

    def put(self, native_id: str = "p1", *, at: datetime = NOW + 30 * MINUTE, text: str = TEXT) -> Standing:
        post = Standing(native_id, f"https://network.example/{native_id}", text, at)
        self.standing.append(post)
        return post


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown()
    bluesky = registry.get("bluesky")
    editor = SimpleNamespace(describes=False)
    fake = replace(bluesky, lister=shown, editor=editor, spec=replace(bluesky.spec, dated_by_authors=False))
    monkeypatch.setattr(registry, "get", lambda slug: replace(fake, spec=replace(fake.spec, slug=slug, **shown.spec)))
    monkeypatch.setattr(registry, "all", lambda: (fake,))
    return shown


@pytest.fixture
def comms(db: None) -> Person:
    return make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def commander(db: None) -> Person:
    return make.person("Commander", rank="chief-superintendent", unit_roles=("divisional-commander",))


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def spoc(account: Account) -> Person:
    return make.spoc_of(account, "Spoc")


@pytest.fixture
def use(network: Shown, account: Account, spoc: Person, comms: Person, commander: Person) -> DirectUse:
    """A post that was found, and that waits."""
    network.put()
    looking.run(now=LATER)
    return DirectUse.objects.get()


def granted(
    account: Account, comms: Person, *, by: Person | None = None, at: datetime = NOW, hours: int = 4
) -> DirectAccess:
    by = by or make.authorised("Officer")
    about = {"why": DirectAccess.Why.OUTAGE, "words": "The tool is down.", "hours": hours}
    row = exceptions.ask(by=by, account=account, now=at, **about)
    exceptions.grant(by=comms, row=row, hours=hours, now=at)
    row.refresh_from_db()
    return row
