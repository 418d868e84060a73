"""Reads of what was heard, for those who deal with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from mercat.guidance import facts
from mercat.register.facts import with_facts
from mercat.register.models import Account, Connection
from mercat.register.scope import open_to
from mercat.watch.heard import states
from mercat.watch.heard.actions import NEVER
from mercat.watch.models import CommentsLook, Heard, HeardGap, MentionsLook

SEES = ("settle_heard",)  # words of the public are for those who deal with them, and for no oversight
MOST = 50  # of what stands beside the list
ACCOUNTS = 200  # to choose from
SPAN = timedelta(days=7)  # of the numbers by day
LATE = timedelta(hours=3)  # a look that reaches no nearer is worth a word


def accounts_seen_by(viewer: facts.Person, *, now: datetime) -> list[Account]:
    """Those that were listened to, and that this person deals with."""
    rows = Account.objects.filter(Q(mentions_look__isnull=False) | Q(heard__isnull=False)).distinct()
    return open_to(viewer, with_facts(rows.order_by("network", "name")), by=SEES, now=now)


def is_open_to(viewer: facts.Person, account: Account, *, now: datetime) -> bool:
    return bool(open_to(viewer, with_facts(Account.objects.filter(pk=account.pk)), by=SEES, now=now))


def waiting(accounts: Iterable[Account]) -> QuerySet[Heard]:
    """What looks like a report first, and the newest first."""
    rows = Heard.objects.filter(state=states.NEW, account__in=[row.pk for row in accounts])
    return rows.select_related("account__connection", "under")


@dataclass(frozen=True, slots=True)
class Waits:
    """How much waits for somebody, and how much of it looks like a report."""

    all: int
    reports: int


def waits(viewer: facts.Person, *, now: datetime) -> Waits | None:
    """None for whoever deals with no account that is listened to."""
    accounts = accounts_seen_by(viewer, now=now)
    if not accounts:
        return None
    reports = Count("pk", filter=Q(looks_like_report=True))
    found = waiting(accounts).order_by().aggregate(all=Count("pk"), reports=reports)
    return Waits(**found)


def mentions_troubled(accounts: Iterable[Account], *, now: datetime) -> list[MentionsLook]:
    """Accounts whose mentions could not be read the last time, or not wholly, or not for hours."""
    looks = MentionsLook.objects.filter(account__in=[row.pk for row in accounts]).exclude(account__status__in=NEVER)
    unconnected = ~Q(account__connection__state=Connection.State.WORKING)
    found = looks.filter(~Q(trouble="") | unconnected | Q(looked_until__lt=now - LATE))
    return list(found.select_related("account__connection").order_by("looked_until", "pk")[:MOST])


def comments_troubled(accounts: Iterable[Account]) -> list[CommentsLook]:
    """Posts under which nothing could be read the last time, and that are asked for again."""
    keys = [row.pk for row in accounts]
    looks = CommentsLook.objects.filter(consignment__account__in=keys, next_at__isnull=False).exclude(trouble="")
    return list(looks.select_related("consignment__account").order_by("asked_at", "pk")[:MOST])


def not_read(accounts: Iterable[Account]) -> list[HeardGap]:
    """Times of which nobody read what named these accounts, the latest first."""
    gaps = HeardGap.objects.filter(account__in=[row.pk for row in accounts])
    return list(gaps.select_related("account")[:MOST])


def by_day(accounts: Sequence[Account], *, now: datetime) -> list[Mapping[str, Any]]:
    """Numbers alone, of each day and account, the latest first; they stay when the words are gone. One
    more than is shown, where there are more."""
    rows = Heard.objects.filter(account__in=[row.pk for row in accounts], heard_at__gt=now - SPAN).order_by()
    counted = rows.annotate(day=TruncDate("heard_at")).values("day", "account", "account__name", "account__network")
    numbers = counted.annotate(
        heard=Count("pk"),
        reports=Count("pk", filter=Q(looks_like_report=True)),
        signposted=Count("pk", filter=Q(state=states.SIGNPOSTED)),
        unsettled=Count("pk", filter=Q(state=states.FORGOTTEN)),
    )
    return list(numbers.order_by("-day", "account__name", "account__network", "account")[: MOST + 1])
