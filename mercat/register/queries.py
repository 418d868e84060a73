"""Reads of the register: the authorised structure, slot by slot, and the accounts that fill it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from mercat.register.models import Account, Slot, Spoc


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the register is filtered by; an empty field filters nothing. `state` is one of `presenters.STATES`."""

    network: str = ""
    tier: str = ""
    unit: str = ""
    state: str = ""
    text: str = ""


def slots(wanted: Wanted) -> QuerySet[Slot]:
    """Open slots, each with `open_accounts`: the one that fills it, with its points of contact, or none."""
    found = (
        Slot.objects.filter(closed_at=None)
        .select_related("unit")
        .prefetch_related(
            Prefetch("accounts", told(Account.objects.exclude(status=Account.Status.CLOSED)), to_attr="open_accounts")
        )
    )
    columns = {"network": wanted.network, "tier": wanted.tier, "unit": wanted.unit, "name__icontains": wanted.text}
    return found.filter(**{column: value for column, value in columns.items() if value})


def told(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Load all that a page says of accounts."""
    standing = Spoc.objects.filter(ended_at=None).select_related("person")
    return accounts.select_related("unit", "connection", "holder").prefetch_related(
        Prefetch("spocs", standing, to_attr="standing_spocs")
    )


def account(account_id: object) -> QuerySet[Account]:
    return told(Account.objects.filter(pk=account_id)).select_related(
        "slot__application__decided_by", "connection__connected_by"
    )


def networks_in_use() -> Iterable[str]:
    return Slot.objects.filter(closed_at=None).order_by("network").values_list("network", flat=True).distinct()
