"""Reads of direct access, in the reach of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.slices import Slice, slice_of
from mercat.register.facts import with_facts
from mercat.register.models import Account, DirectAccess
from mercat.register.scope import open_to

ON_A_PAGE = 25
SEES = ("view_account", "answer_direct_access", "note_rotation")  # any of them opens what is about an account


@dataclass(frozen=True, slots=True)
class Overview:
    """What waits for an answer, what is open, whose credential is to be changed, and what is done."""

    waiting: list[DirectAccess]
    open: list[DirectAccess]
    rotating: list[DirectAccess]
    past: Slice


def overview(viewer: Person, *, page: str | None, now: datetime) -> Overview:
    rows = seen_by(viewer, now=now)
    settled = Q(answer__in=["refused", "withdrawn"]) | Q(rotated_at__isnull=False)
    return Overview(
        waiting=list(rows.filter(answer="").order_by("asked_at")),
        open=list(rows.filter(answer="granted", closed_at=None).order_by("until")),
        rotating=list(rows.filter(closed_at__isnull=False, rotated_at=None).order_by("rotate_by")),
        past=slice_of(rows.filter(settled), page, size=ON_A_PAGE),
    )


def seen_by(viewer: Person, *, now: datetime, account: Account | None = None) -> QuerySet[DirectAccess]:
    """One's own, and those of accounts that one answers for, oversees, or changes the credential of; or of one only."""
    ever = Account.objects.filter(direct_accesses__isnull=False)
    accounts = with_facts((ever.filter(pk=account.pk) if account else ever).distinct())
    mine = open_to(person_facts(viewer, now=now), accounts, by=SEES, now=now)
    return rows().filter(Q(account__in=[row.pk for row in mine]) | Q(person=viewer))


def rows() -> QuerySet[DirectAccess]:
    people = ("person", "answered_by", "closed_by", "rotated_by")
    return DirectAccess.objects.select_related("account__unit", "account__slot", *people)


def unsettled(account: Account, viewer: Person, *, now: datetime) -> list[DirectAccess]:
    """What of an account waits, is open or wants its credential changed, and this person may see."""
    found = seen_by(viewer, now=now, account=account)
    found = found.filter(account=account, rotated_at=None, answer__in=["", "granted"])
    return list(found.order_by("asked_at"))
