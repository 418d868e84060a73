"""One step of an account's status: part of the action that calls it, which asks guidance and keeps the record."""

from __future__ import annotations

from datetime import datetime

from mercat.people.actions import Impossible
from mercat.people.gate import By, person_or_none
from mercat.register.models import Account, Change, Connection
from mercat.register.standing.states import TABLE

WIPED = "The account is closed, and its credentials are destroyed."


def move(account: Account, became: Account.Status, *, by: By, reason: str, now: datetime) -> None:
    """Move a locked account along the table, with the reason that its page shows. Raises Impossible off the table."""
    if (account.status, became) not in TABLE:
        raise Impossible(
            f"“{account}” is {account.get_status_display().lower()}, and does not become {became.label.lower()} "
            "from there. Nothing was changed."
        )
    Change.objects.create(
        account=account, was=account.status, became=became, reason=reason, at=now, by=person_or_none(by)
    )
    account.status = became
    account.save(update_fields=["status"])


def shut(account: Account, *, by: By, reason: str, now: datetime) -> None:
    """Close a locked account, and destroy its credentials: a call under way finds another generation and keeps none."""
    connection = Connection.objects.select_for_update().filter(account=account).first()
    if connection:
        connection.sealed, connection.generation = b"", connection.generation + 1
        connection.state, connection.reason = Connection.State.REVOKED, WIPED
        connection.renew_at = connection.ends_at = connection.warned_of = None
        connection.save()
    move(account, Account.Status.CLOSED, by=by, reason=reason, now=now)


def is_live(account: Account | None) -> bool:
    """Whether it was ever connected: closing it ends something that spoke. Disconnecting it first changes nothing."""
    return account is not None and bool(account.native_id)
