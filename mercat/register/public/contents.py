"""What the public register says: rows to plain data, and nothing in it that is not open (the models' PRIVATE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from mercat.audit.canonical import instant
from mercat.people.pack import guidance
from mercat.register.models import Account
from mercat.register.presenters import tier_name

OFFICIAL, SUSPENDED, CLOSED = "official", "suspended", "closed"


def listing(before: Sequence[Mapping[str, Any]], *, now: datetime) -> dict[str, Any]:
    """The body, and its accounts as they stand. `before` are the accounts of the last edition: an account says for
    good until when it was official.

    Accounts stand in it once they are connected: before that, nobody has seen at the network that they are the body's.
    """
    until = {each["register_id"]: each["until"] for each in before if each["status"] == CLOSED}
    rows = Account.objects.exclude(native_id="").select_related("unit", "slot__application", "holder")
    body = guidance().pack.body
    return {
        "body": {
            "name": body.name,
            "numbers": [{"number": each.number, "when": each.when} for each in body.numbers],
        },
        "accounts": [
            _account(row, until.get(str(row.pk), instant(now))) for row in rows.order_by("network", "name", "pk")
        ],
    }


def _account(row: Account, until: str) -> dict[str, Any]:
    closed = row.status == Account.Status.CLOSED
    return {
        "register_id": str(row.pk),
        "name": row.name,
        "network": row.network,
        "network_name": _named("networks", row.network),
        "address": row.url,
        "handle": row.handle,
        "network_id": row.native_id,
        "tier": tier_name(row.tier),
        "unit": row.unit.name,
        "purpose": row.slot.application.purpose if row.slot.application else "",
        "holder": _named("ranks", row.holder.rank) if row.holder else "",  # the role, never the person
        "status": {Account.Status.CLOSED: CLOSED, Account.Status.SUSPENDED: SUSPENDED}.get(row.status, OFFICIAL),
        "until": until if closed else None,
    }


def day_of(until: str) -> str:
    """The day on which an account ceased to be official, as people here read it."""
    return f"{localtime(datetime.fromisoformat(until)):%-d %B %Y}"


def _named(kind: str, key: str) -> str:
    return next((each.name for each in getattr(guidance().pack, kind) if each.key == key), key)
