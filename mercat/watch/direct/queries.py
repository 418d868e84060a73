"""Reads of posts past the tool, in the reach of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from mercat.guidance import facts
from mercat.register.exceptions.found import FoundPost
from mercat.register.facts import with_facts
from mercat.register.models import Account, DirectAccess
from mercat.register.scope import open_to
from mercat.watch.models import DirectLook, DirectUse

SEES = ("view_account", "settle_direct_use")  # either opens what was found on an account
MOST = 50  # of what stands beside something else, and is no list of its own
ACCOUNTS = 200  # to choose from

Outcome = DirectUse.Outcome
LISTS = {
    "waiting": ("Waiting", Q(outcome=Outcome.WAITING)),
    "expected": ("Expected", Q(outcome=Outcome.EXPECTED)),
    "settled": ("Settled", Q(outcome__in=[Outcome.TAKEN_DOWN, Outcome.OURS, Outcome.MISUSE])),
}


def rows() -> QuerySet[DirectUse]:
    return DirectUse.objects.select_related("account__unit", "settled_by", "exception__person", "ours")


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


def troubled(accounts: Iterable[Account]) -> list[DirectLook]:
    """Accounts that could not be looked at the last time, or not wholly."""
    keys = [row.pk for row in accounts]
    return list(DirectLook.objects.filter(account__in=keys).exclude(trouble="").select_related("account")[:MOST])


def to_settle(viewer: facts.Person, *, most: int, now: datetime) -> list[DirectUse]:
    """What waits for this person, the longest waiting first; not what they could have made themselves."""
    waiting = Account.objects.filter(direct_uses__outcome=Outcome.WAITING).distinct()
    mine = open_to(viewer, with_facts(waiting), by=("settle_direct_use",), now=now)
    return list(listed(mine, "waiting").exclude(could_have__person=viewer.id)[:most])


def exceptions_of(use: DirectUse) -> list[DirectAccess]:
    """Those that it could belong to, the latest first."""
    rows = DirectAccess.objects.filter(account=use.account, answer=DirectAccess.Answer.GRANTED)
    return list(rows.select_related("person").order_by("-answered_at")[:MOST])


def found_during(row: DirectAccess) -> list[FoundPost]:
    uses = DirectUse.objects.filter(exception=row).order_by("made_at", "pk")[:MOST]
    return [FoundPost(use.text, use.address, use.made_at, use.page) for use in uses]


def page_of(account: Account | None) -> str:
    return reverse("watch:direct") + (f"?account={account.pk}" if account else "")
