"""Reads of advice, and who may see which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet, Subquery, Window

from mercat.guidance import facts
from mercat.guidance.gate import may
from mercat.people.advice.things import Thing, find
from mercat.people.devices.here import situation
from mercat.people.models import AdviceMessage, AdviceThread
from mercat.people.pack import guidance

State = AdviceThread.State

SHOWN = 3  # threads beside a thing; its own list has the rest


def is_adviser(me: facts.Person, *, now: datetime) -> bool:
    """Whether this person reads every question: asked about somebody with nothing else to their name."""
    return may(guidance(), "read_advice", me, facts.Person(id="somebody", unit=me.unit), situation(now=now))


def may_read(me: facts.Person, thread: AdviceThread, *, now: datetime) -> bool:
    """The team and whoever asked, as guidance says; and those to whom the inner life of what it is about is open."""
    if is_adviser(me, now=now) or str(thread.asker_id) == me.id:
        return True
    thing = find(me, thread.about, now=now)
    return thing is not None and thing.inside


def mine(me: facts.Person) -> QuerySet[AdviceThread]:
    return _told(AdviceThread.objects.filter(asker=me.id))


def in_state(state: str) -> QuerySet[AdviceThread]:
    """For the team: those that wait come the longest waiting first, all others the latest first."""
    rows = _told(AdviceThread.objects.filter(state=state))
    return rows.order_by("since", "pk") if state == State.WAITING else rows


def about(thing: Thing, me: facts.Person, *, now: datetime) -> QuerySet[AdviceThread]:
    """Those about one thing that this person may read."""
    return _told(_about(thing.reference, me, inside=thing.inside, now=now))


def _about(reference: str, me: facts.Person, *, inside: bool, now: datetime) -> QuerySet[AdviceThread]:
    rows = AdviceThread.objects.filter(about=reference)
    return rows if inside or is_adviser(me, now=now) else rows.filter(asker=me.id)


def _told(rows: QuerySet[AdviceThread]) -> QuerySet[AdviceThread]:
    return rows.select_related("asker__unit")


@dataclass(frozen=True, slots=True)
class LastAnswer:
    text: str
    by: str
    at: datetime
    path: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands of advice beside a thing, on its own page."""

    reference: str
    threads: Iterable[AdviceThread]  # the latest, SHOWN at most
    count: int
    answer: LastAnswer | None


def beside(reference: str, me: facts.Person, *, inside: bool, now: datetime) -> Beside:
    """What this person may read of it, in one query. `inside`: the thing's inner life is open to them."""
    rows = _about(reference, me, inside=inside, now=now)
    answers = AdviceMessage.objects.filter(kind=AdviceMessage.Kind.ANSWER, thread__in=rows.order_by().values("pk"))
    last = {
        name: Subquery(answers.order_by("-pk").values(column)[:1])
        for name, column in (("text", "text"), ("said_by", "by__name"), ("said_at", "at"), ("said_in", "thread"))
    }
    found = list(rows.annotate(count=Window(Count("pk")), **last)[:SHOWN])
    first = found[0] if found else None
    answer = None
    if first and first.text:
        answer = LastAnswer(first.text, first.said_by, first.said_at, AdviceThread(pk=first.said_in).path)
    return Beside(reference, found, first.count if first else 0, answer)
