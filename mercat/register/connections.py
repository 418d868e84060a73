"""Opening, refreshing and reaching through an account's connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from mercat.networks import registry
from mercat.networks.port import Channel, Lifetime
from mercat.people import keyring
from mercat.people.vault import Unopenable, seal, unseal
from mercat.register.models import Account, Connection

LONGEST_TURN = timedelta(seconds=60)  # to renew a secret; who takes longer has died


def bound_to(account: Account, base_url: str, generation: int) -> str:
    """Whatever decides where a secret is sent, and which connection of the account it is of."""
    return json.dumps(
        ["mercat-connection/2", str(account.pk), account.network, account.native_id, base_url, generation]
    )


def sealed_for(account: Account, base_url: str, generation: int, values: Mapping[str, str]) -> bytes:
    """Sealed for the key of now, which lives at least until the transaction ends."""
    return seal(values, to=keyring.sealing_key_held(), bound_to=bound_to(account, base_url, generation))


def lifetime_of(network: str, values: Mapping[str, str]) -> Lifetime:
    """How long these credentials last, as far as they themselves tell."""
    return registry.get(network).lifetime(values) if registry.known(network) else Lifetime()


def app_of(network: str) -> Mapping[str, str]:
    """The body's own registration with a network: the values of its spec's `app_fields`, as far as there are any."""
    known: Mapping[str, str] = settings.MERCAT_APPS.get(network, {})
    return known


def given(network: str, typed: Mapping[str, str]) -> dict[str, str]:
    """What a connector is given: what was typed, the body's registration, and, in a demonstration, the address of the
    stand-in, for networks that have one address only and nobody types it."""
    stand_in = {"base_url": f"{settings.MERCAT_SANDBOX_URL}/{network}"} if settings.MERCAT_DEMO else {}
    return {**stand_in, **app_of(network), **typed}


class StoredCredentials:
    """The `Credentials` of the port, over a connection as it was loaded: they open for its server and account alone.
    Beside them stand the values of the body's registration with the network, which are nowhere in the database.

    Refreshed ones are kept in a transaction of their own, unless the account was connected anew since they were read.
    """

    def __init__(self, connection: Connection) -> None:
        self._account, self._base_url = connection.account, connection.base_url
        self._generation = connection.generation  # of what was read last

    def __repr__(self) -> str:
        return f"<StoredCredentials of account {self._account.pk}>"

    def get(self) -> dict[str, str]:
        row = Connection.objects.only("generation", "sealed").get(account=self._account)
        self._generation = row.generation
        return {**app_of(self._account.network), **self._open(row)}

    def replace(self, values: Mapping[str, str]) -> None:
        """A refreshed secret replaces the old one only as a whole; nothing never replaces something."""
        with transaction.atomic():
            row = Connection.objects.select_for_update().get(account=self._account)
            if row.generation != self._generation:
                return
            own = {name: value for name, value in values.items() if value and name not in self._of_the_app()}
            kept = {**self._open(row), **own}
            row.sealed = sealed_for(self._account, self._base_url, row.generation, kept)
            lasts = lifetime_of(self._account.network, kept)
            row.renew_at, row.ends_at = lasts.renew_at, lasts.ends_at
            row.save(update_fields=["sealed", "renew_at", "ends_at"])

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether it is this process's turn to renew them: one at a time, until the block ends.

        Kept in the row, by the database's clock, so that nobody holds a connection to it while a network answers.
        """
        free = Q(renewing_until=None) | Q(renewing_until__lt=Now())
        rows = Connection.objects.filter(account=self._account)
        mine = bool(rows.filter(free).update(renewing_until=Now() + LONGEST_TURN))
        try:
            yield mine
        finally:
            if mine:
                rows.update(renewing_until=None)

    def _of_the_app(self) -> frozenset[str]:
        return frozenset(field.name for field in registry.get(self._account.network).spec.app_fields)

    def _open(self, row: Connection) -> dict[str, str]:
        if not row.sealed:
            raise Unopenable("This account was disconnected, and its credentials are wiped. Connect the account again.")
        about = bound_to(self._account, self._base_url, row.generation)
        return unseal(bytes(row.sealed), keys=keyring.opening_keys(), bound_to=about)


def channel(account: Account, http: httpx.Client) -> Channel:
    """The account as its adapter reaches it. `account.connection` must be loaded."""
    row = account.connection
    stale = Q(used_at=None) | Q(used_at__lt=Now() - timedelta(minutes=1))
    Connection.objects.filter(stale, pk=row.pk).update(used_at=Now())
    return Channel(
        base_url=row.base_url,
        native_id=account.native_id,
        handle=account.handle,
        credentials=StoredCredentials(row),
        http=http,
        limits=row.limits,
    )
