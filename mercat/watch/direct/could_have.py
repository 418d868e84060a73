"""Who could have made a post on an account past the tool, as it stood when it was made. It says who could, not who did.

Only what is known here: whoever was given a password by word of mouth stands in no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from mercat.audit.queries import search
from mercat.people.facts import UNIT_JOINS, unit_facts
from mercat.people.models import RoleGrant, Unit
from mercat.register.models import Account, Connection, DirectAccess, HandOver, Posture, Spoc
from mercat.watch.models import CouldHave

Why = CouldHave.Why
PERSON = "person:"


def could_have(account: Account, made_at: datetime) -> list[tuple[UUID, CouldHave.Why]]:
    """Each person with each reason once, those who had direct access first."""
    parts = (_direct, _connected, _contacts, _holder, _recovering)
    return list(dict.fromkeys(each for part in parts for each in part(account, made_at)))


def _direct(account: Account, at: datetime) -> Iterator[tuple[UUID, CouldHave.Why]]:
    granted = DirectAccess.objects.filter(account=account, answer=DirectAccess.Answer.GRANTED, answered_at__lte=at)
    changed = granted.order_by("-rotated_at").exclude(rotated_at=None).filter(rotated_at__lte=at)
    last_change = changed.values_list("rotated_at", flat=True).first()  # one change shuts out all who had it before
    for row in granted.order_by("-answered_at"):
        shut_out = last_change is not None and (row.closed_at or row.until) <= last_change
        yield row.person_id, Why.DIRECT_BEFORE if shut_out else Why.DIRECT


def _connected(account: Account, at: datetime) -> Iterator[tuple[UUID, CouldHave.Why]]:
    """By this connection, and by all before it: of those the record tells."""
    for row in Connection.objects.filter(account=account, connected_at__lte=at, connected_by__isnull=False):
        yield row.connected_by_id, Why.CONNECTED
    for event in search(what="account.connected", about=account.audit_ref, until=at).events:
        if event.actor.startswith(PERSON):
            yield UUID(event.actor.removeprefix(PERSON)), Why.CONNECTED


def _contacts(account: Account, at: datetime) -> Iterator[tuple[UUID, CouldHave.Why]]:
    rows = Spoc.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), account=account, at__lte=at)
    for row in rows.order_by("at"):
        yield row.person_id, Why.CONTACT


def _holder(account: Account, at: datetime) -> Iterator[tuple[UUID, CouldHave.Why]]:
    """Between two holders there is none."""
    hand_overs = HandOver.objects.filter(account=account)
    if hand_overs.filter(Q(decided_at=None) | Q(decided_at__gt=at), at__lte=at).exists():
        return
    next_one = hand_overs.filter(at__gt=at).order_by("at").first()
    holder = next_one.holder_id if next_one else account.holder_id
    if holder:
        yield holder, Why.HOLDER


def _recovering(account: Account, at: datetime) -> Iterator[tuple[UUID, CouldHave.Why]]:
    look = Posture.objects.filter(account=account, checked_at__lte=at).first()  # the latest
    if look is None:
        return
    unit = unit_facts(Unit.objects.select_related(UNIT_JOINS).get(pk=account.unit_id))
    there = Q(unit=None) | Q(unit__in=[unit.id, *unit.within])
    standing = Q(ended_at=None) | Q(ended_at__gt=at)
    for row in RoleGrant.objects.filter(there, standing, role=look.recovery_role, at__lte=at).order_by("at"):
        yield row.person_id, Why.RECOVERY
