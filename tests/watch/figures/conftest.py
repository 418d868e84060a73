"""A network that tells figures as a test sets them, and posts that went out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from django.db import connection

from mercat.delivery import states
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.port import Channel, Figures, Unreadable
from mercat.people.models import Person
from mercat.register.models import Account
from tests import factories as make
from tests.factories import NOW


@dataclass
class Counting:
    """Metrics that tell `counts`, or fail as they are told. Remembers each question."""

    counts: Mapping[str, object] = field(default_factory=lambda: {"views": 900, "reactions": 12})
    fails: Unreadable | Exception | None = None
    asked: list[str] = field(default_factory=list)
    in_a_transaction: bool = False

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        self.asked.append(native_id)
        self.in_a_transaction |= len(connection.savepoint_ids) > 0
        if isinstance(self.fails, Exception):
            raise self.fails
        return self.fails or Figures(self.counts)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Bluesky as it counts here; Hootsuite, which counts nothing, as it is."""
    counting = Counting()
    fake, mute = replace(registry.get("bluesky"), metrics=counting), registry.get("hootsuite")
    monkeypatch.setattr(registry, "get", lambda slug: mute if slug == "hootsuite" else fake)
    monkeypatch.setattr(registry, "all", lambda: (fake, mute))
    return counting


@pytest.fixture
def comms(db: None) -> Person:
    return make.authorised("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def account(db: None) -> Account:
    return make.account("Dundee")


@pytest.fixture
def out(network: Counting, account: Account, comms: Person) -> Consignment:
    """A post that went out just now, and was read back."""
    (row,) = went_out(comms, account)
    return row


def went_out(
    comms: Person, *accounts: Account, at: datetime = NOW, text: str = "Road closed at the bridge.", **about: object
) -> list[Consignment]:
    """What one post came to on each account, in the order of these."""
    author = make.authorised("Author", unit_key="corporate-communications", roles=("corporate-communications",))
    post = make.approved(author, comms, *accounts, text=text)
    rows = {row.account_id: row for row in Consignment.objects.filter(post_ref=post.audit_ref)}
    for account in accounts:
        row = rows[account.pk]
        sent = {"state": states.SENT, "native_id": f"n-{row.pk}", "read_back_at": at, "sent_at": at}
        Consignment.objects.filter(pk=row.pk).update(**{**sent, "first_sent_at": at, **about})
        row.refresh_from_db()
    return [rows[account.pk] for account in accounts]
