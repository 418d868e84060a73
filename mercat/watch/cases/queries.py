"""Reads of cases, and who sees what of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Q, QuerySet

from mercat.guidance import facts
from mercat.guidance.gate import may
from mercat.people.devices.here import situation
from mercat.people.pack import guidance
from mercat.register.models import Account
from mercat.watch.cases import states
from mercat.watch.models import Case, CaseNote

# What waits, in the order of a case's way.
TASKS = {
    states.NEW: "Found accounts to be looked at",
    states.UNAUTHORISED: "Unauthorised accounts",
    states.FAKE: "Fake accounts to be reported",
}
FOLLOWED = "Reported accounts to be looked at again"


def allows(viewer: facts.Person, action: str, *, now: datetime) -> bool:
    return may(guidance(), action, viewer, facts.Body(), situation(now=now))


def sees_all(viewer: facts.Person, *, now: datetime) -> bool:
    return allows(viewer, "view_cases", now=now)


def reported_by(viewer: facts.Person) -> QuerySet[Case]:
    """Those that this person reported, alone or among others."""
    found = CaseNote.objects.filter(by=viewer.id, kind=CaseNote.Kind.FOUND).values("case")
    return Case.objects.filter(pk__in=found)


def seen_by(viewer: facts.Person, *, now: datetime) -> QuerySet[Case]:
    """All, or one's own."""
    return Case.objects.all() if sees_all(viewer, now=now) else reported_by(viewer)


def in_list(key: str) -> QuerySet[Case]:
    """`key` is a state, or "open" for all that are not closed. The longest waiting first, closed ones the latest."""
    if key == "open":
        return Case.objects.exclude(state=states.CLOSED).order_by("found_at", "pk")
    rows = Case.objects.filter(state=key)
    return rows.order_by("-closed_at", "-pk") if key == states.CLOSED else rows.order_by("found_at", "pk")


def earlier(case: Case) -> QuerySet[Case]:
    """Other cases of the same account, the latest first."""
    if not case.key:
        return Case.objects.none()
    return Case.objects.filter(network=case.network, key=case.key).exclude(pk=case.pk)


def official_on(network: str) -> QuerySet[Account]:
    """The body's own accounts there, that could be imitated; all of them, where the network is not known."""
    rows = Account.objects.exclude(status=Account.Status.CLOSED).exclude(url="").order_by("name")
    return rows.filter(network=network) if network else rows


@dataclass(frozen=True, slots=True)
class Task:
    """Cases that wait for this person: how many, since when, and the list that shows them."""

    title: str
    count: int
    since: datetime
    show: str


def tasks(viewer: facts.Person, *, now: datetime) -> list[Task]:
    """What of the watch waits for this person, in one query a kind."""
    return list(_tasks(viewer, now=now))


def _tasks(viewer: facts.Person, *, now: datetime) -> Iterator[Task]:
    for state, title in TASKS.items():
        if allows(viewer, states.NEXT[state], now=now):
            yield from _task(title, Q(state=state), "found_at", state)
    if allows(viewer, states.NEXT[states.REPORTED], now=now):
        yield from _task(FOLLOWED, Q(state=states.REPORTED, look_at__lte=now), "look_at", states.REPORTED)


def _task(title: str, those: Q, since: str, show: str) -> Iterator[Task]:
    rows = Case.objects.filter(those)
    first = rows.aggregate(first=Min(since))["first"]
    if first is not None:
        yield Task(title, rows.count(), first, show)
