"""What is asked of a network about something that is out (to take it down, to correct it), again and again until it is
over. Asking twice does no harm, so a lease is all that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from mercat.delivery.claims import LEASE
from mercat.delivery.models import Correction, Removal
from mercat.networks.port import Later, Outcome, Pending, Reconnect, Refused, Unsure
from mercat.register.models import Account, Connection

Asked = TypeVar("Asked", Removal, Correction)

MOST = 10  # then its people are told to look at the network itself
SHORTEST = timedelta(seconds=5)  # doubled with each try
LONGEST = timedelta(minutes=5)
CONNECTS = timedelta(seconds=15)  # it is looked again whether the account is connected
UNCONNECTED = "The account is not connected."
GOES_ON = "It goes on by itself once the account is connected again."
CLOSED = "The account is closed, and its credentials are destroyed."


def due(rows: QuerySet[Asked], lane: str, *, now: datetime) -> QuerySet[Asked]:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return rows.filter(free, result="", not_before__lte=now, consignment__lane=lane)


def claim(rows: QuerySet[Asked], lane: str, *, limit: int, now: datetime) -> QuerySet[Asked]:
    """Those that are due, leased to the caller."""
    with transaction.atomic():
        locked = due(rows, lane, now=now).select_for_update(skip_locked=True, of=("self",))
        keys = [row.pk for row in locked.order_by("not_before")[:limit]]
        rows.filter(pk__in=keys).update(leased_until=now + LEASE)
    return rows.filter(pk__in=keys)


def keep(
    row: Asked,
    outcome: Outcome,
    *,
    done: Callable[[], None],
    refused: Callable[[str], None],
    held: Callable[[str], None],
    given_up: Callable[[str], None],
    now: datetime,
) -> None:
    """What came of a try. A no is final; a connection that ended is waited for; whatever is unclear is tried again,
    each time later, and not for ever."""
    match outcome:
        case Refused(reason):
            refused(reason)
        case Reconnect(reason):
            held(reason)
            _wait(row, now + CONNECTS, f"{reason} {GOES_ON}")
        case Later(at, reason, limited=True) | Pending(at, reason):
            _wait(row, max(at, now + SHORTEST), reason)
        case Later(reason=reason) | Unsure(reason) if row.tries + 1 >= MOST:
            row.tries += 1
            given_up(f"Tried {MOST} times. The last reason: {reason}")
        case Later(at, reason):
            row.tries += 1
            _again(row, at, reason, now)
        case Unsure(reason):
            row.tries += 1
            _again(row, now, reason, now)
        case _:
            done()


def unconnected(row: Asked, account: Account, *, now: datetime) -> Outcome | None:
    """What comes of it where its account is not connected, before anything is called; None where it is. People are told
    of it once."""
    if account.status == Account.Status.CLOSED:
        return Refused(CLOSED)
    if account.connection.state == Connection.State.WORKING:
        return None
    if row.said.endswith(GOES_ON):
        return Later(now + CONNECTS, row.said, limited=True)
    return Reconnect(UNCONNECTED)


def end(row: Asked, result: str, said: str, *, now: datetime) -> None:
    row.result, row.said, row.ended_at, row.leased_until = result, said, now, None
    row.save(update_fields=["result", "said", "ended_at", "leased_until", "tries"])


def _again(row: Asked, at: datetime, reason: str, now: datetime) -> None:
    _wait(row, max(at, now + min(SHORTEST * 2**row.tries, LONGEST)), reason)


def _wait(row: Asked, until: datetime, reason: str) -> None:
    row.not_before, row.said, row.leased_until = until, reason, None
    row.save(update_fields=["tries", "not_before", "said", "leased_until"])
