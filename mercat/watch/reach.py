"""Through which of the body's accounts a network is asked, where it is not about a post.

This calls networks, so only the chores of the processes that send do it (ADR 0015).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings

from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Channel
from mercat.register.connections import channel
from mercat.register.models import Account, Connection


def account_on(network: str, *, server: str | None = None) -> Account | None:
    """One that is connected there and in use, the longest connected first; on this very server, where one is named."""
    rows = Account.objects.filter(network=network, connection__state=Connection.State.WORKING)
    rows = rows.filter(status__in=[Account.Status.ACTIVE, Account.Status.DORMANT]).select_related("connection")
    found = rows.order_by("connection__connected_at", "pk")
    return next((row for row in found if server is None or server_of(row) == server), None)


def server_of(account: Account) -> str:
    """Where an account's number means something; "" where it does on the whole network."""
    if not registry.get(account.network).spec.ids_are_per_server:
        return ""
    return urlsplit(account.connection.base_url).netloc.lower()


@contextmanager
def reached(account: Account) -> Iterator[Channel]:
    """Nothing of the database may be held meanwhile. Reading the credentials raises Unopenable."""
    spec = registry.get(account.network).spec
    with guarded_client(timeout=spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS) as http:
        yield channel(account, http)
