"""Opening, refreshing and reaching through an account's connection."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from django.conf import settings
from django.db import transaction

from mercat.networks.port import Channel
from mercat.register.models import Account, Connection
from mercat.register.vault import seal, unseal, wrapping_key


def _bound_to(account_id: object, generation: int) -> str:
    return f"mercat-connection/1 account={account_id} generation={generation}"


def sealed_for(account_id: object, generation: int, values: Mapping[str, str]) -> bytes:
    key = wrapping_key(settings.MERCAT_VAULT_KEY_FILE)
    return seal(values, key=key, bound_to=_bound_to(account_id, generation))


class StoredCredentials:
    """The `Credentials` of the port, over a connection's row. Refreshed ones are kept in a transaction of their own."""

    def __init__(self, connection_id: int) -> None:
        self._id = connection_id

    def __repr__(self) -> str:
        return f"<StoredCredentials of connection {self._id}>"

    def get(self) -> dict[str, str]:
        return _open(Connection.objects.only("account_id", "generation", "sealed").get(pk=self._id))

    def replace(self, values: Mapping[str, str]) -> None:
        """A refreshed secret replaces the old one only as a whole; nothing never replaces something."""
        with transaction.atomic():
            row = Connection.objects.select_for_update().get(pk=self._id)
            kept = {**_open(row), **{name: value for name, value in values.items() if value}}
            row.generation += 1
            row.sealed = sealed_for(row.account_id, row.generation, kept)
            row.save(update_fields=["generation", "sealed"])


def _open(row: Connection) -> dict[str, str]:
    key = wrapping_key(settings.MERCAT_VAULT_KEY_FILE)
    return unseal(bytes(row.sealed), key=key, bound_to=_bound_to(row.account_id, row.generation))


def channel(account: Account, http: httpx.Client) -> Channel:
    """The account as its adapter reaches it. `account.connection` must be loaded."""
    row = account.connection
    return Channel(
        base_url=row.base_url,
        native_id=account.native_id,
        handle=account.handle,
        credentials=StoredCredentials(row.pk),
        http=http,
        limits=row.limits,
    )
