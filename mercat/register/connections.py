"""Opening, refreshing and reaching through an account's connection."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
from django.conf import settings
from django.db import transaction

from mercat.networks.port import Channel
from mercat.register.models import Account, Connection
from mercat.register.vault import seal, unseal, wrapping_key


def _bound_to(account: Account, base_url: str, generation: int) -> str:
    """Whatever decides where a secret is sent, and which connection of the account it is of."""
    return json.dumps(
        ["mercat-connection/2", str(account.pk), account.network, account.native_id, base_url, generation]
    )


def sealed_for(account: Account, base_url: str, generation: int, values: Mapping[str, str]) -> bytes:
    key = wrapping_key(settings.MERCAT_VAULT_KEY_FILE)
    return seal(values, key=key, bound_to=_bound_to(account, base_url, generation))


class StoredCredentials:
    """The `Credentials` of the port, over a connection as it was loaded: they open for its server and account alone.

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
        return self._open(row)

    def replace(self, values: Mapping[str, str]) -> None:
        """A refreshed secret replaces the old one only as a whole; nothing never replaces something."""
        with transaction.atomic():
            row = Connection.objects.select_for_update().get(account=self._account)
            if row.generation != self._generation:
                return
            kept = {**self._open(row), **{name: value for name, value in values.items() if value}}
            row.sealed = sealed_for(self._account, self._base_url, row.generation, kept)
            row.save(update_fields=["sealed"])

    def _open(self, row: Connection) -> dict[str, str]:
        key = wrapping_key(settings.MERCAT_VAULT_KEY_FILE)
        return unseal(bytes(row.sealed), key=key, bound_to=_bound_to(self._account, self._base_url, row.generation))


def channel(account: Account, http: httpx.Client) -> Channel:
    """The account as its adapter reaches it. `account.connection` must be loaded."""
    row = account.connection
    return Channel(
        base_url=row.base_url,
        native_id=account.native_id,
        handle=account.handle,
        credentials=StoredCredentials(row),
        http=http,
        limits=row.limits,
    )
