"""Reads of posts past the tool, in the reach of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain, islice
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from mercat.guidance import facts
from mercat.register.exceptions.found import FoundPost
from mercat.register.facts import facts_of, with_facts
from mercat.register.models import Account, Connection, DirectAccess
from mercat.register.scope import open_to
from mercat.watch.direct.actions import NEVER, somebody_else
from mercat.watch.models import CouldHave, DirectGap, DirectLook, DirectUse

SEES = ("view_account", "settle_direct_use")  # either opens what was found on an account
MOST = 50  # of what stands beside something else, and is no list of its own
ACCOUNTS = 200  # to choose from
LATE = timedelta(hours=3)  # a look that reaches no nearer is worth a word

Outcome = DirectUse.Outcome
LISTS = {
    "waiting": ("Waiting", Q(outcome=Outcome.WAITING)),
    "expected": ("Expected", Q(outcome=Outcome.EXPECTED)),
    "settled": ("Settled", Q(outcome__in=[Outcome.TAKEN_DOWN, Outcome.OURS, Outcome.MISUSE])),
}


def rows() -> QuerySet[DirectUse]:
    return DirectUse.objects.select_related("account__unit", "settled_by", "exception__person", "ours", "changes")


def listed(accounts: Iterable[Account], show: str) -> QuerySet[DirectUse]:
    """One of `LISTS` of these accounts: what has waited longest first, else the latest."""
    _, which = LISTS[show]
    found = rows().filter(which, account__in=[row.pk for row in accounts])
    return found.order_by("made_at", "pk") if show == "waiting" else found


def accounts_seen_by(viewer: facts.Person, *, now: datetime) -> list[Account]:
    """Those on which something was found, or that were looked at, and this person may know of it."""
    looked_at = Account.objects.filter(Q(direct_look__isnull=False) | Q(direct_uses__isnull=False)).distinct()
    return open_to(viewer, with_facts(looked_at.order_by("network", "name")), by=SEES, now=now)


def is_open_to(viewer: facts.Person, account: Account, *, now: datetime) -> bool:
    return bool(open_to(viewer, with_facts(Account.objects.filter(pk=account.pk)), by=SEES, now=now))


def troubled(accounts: Iterable[Account], *, now: datetime) -> list[DirectLook]:
    """Accounts that could not be looked at the last time, or not wholly, or not for hours; those that are not looked at
    since their connection does not work are among them."""
    looks = DirectLook.objects.filter(account__in=[row.pk for row in accounts]).exclude(account__status__in=NEVER)
    unconnected = ~Q(account__connection__state=Connection.State.WORKING)
    found = looks.filter(~Q(trouble="") | unconnected | Q(looked_until__lt=now - LATE))
    return list(found.select_related("account__connection").order_by("looked_until", "pk")[:MOST])


def not_read(accounts: Iterable[Account]) -> list[DirectGap]:
    """Times of which posts could not be read, the latest first."""
    gaps = DirectGap.objects.filter(account__in=[row.pk for row in accounts])
    return list(gaps.select_related("account")[:MOST])


def to_settle(viewer: facts.Person, *, most: int, now: datetime) -> list[DirectUse]:
    """What waits for this person, the longest waiting first. What they could have made themselves waits for them only
    where nobody else is there who may settle it."""
    waiting = Account.objects.filter(direct_uses__outcome=Outcome.WAITING).distinct()
    mine = open_to(viewer, with_facts(waiting), by=("settle_direct_use",), now=now)
    named = CouldHave.objects.filter(person=viewer.id).exclude(why=CouldHave.Why.DIRECT_BEFORE).values("direct_use")
    rows = listed(mine, "waiting")
    theirs = (
        use
        for use in rows.filter(pk__in=named)[:MOST]
        if somebody_else(use, UUID(viewer.id), facts_of(use.account), now=now) is None
    )
    found = chain(rows.exclude(pk__in=named)[:most], islice(theirs, most))
    return sorted(found, key=lambda use: (use.made_at, use.pk))[:most]


def exceptions_of(use: DirectUse) -> list[DirectAccess]:
    """Those that it could belong to, the latest first."""
    rows = DirectAccess.objects.filter(account=use.account, answer=DirectAccess.Answer.GRANTED)
    return list(rows.select_related("person").order_by("-answered_at")[:MOST])


def found_during(row: DirectAccess) -> list[FoundPost]:
    uses = DirectUse.objects.filter(exception=row).order_by("made_at", "pk")[:MOST]
    return [FoundPost(use.text, use.address, use.made_at, use.page) for use in uses]


def page_of(account: Account | None) -> str:
    return reverse("watch:direct") + (f"?account={account.pk}" if account else "")
