"""Rows of advice in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.advice import queries
from mercat.people.advice.things import Thing, seen, word_of
from mercat.people.devices.here import situation
from mercat.people.facts import people_facts
from mercat.people.models import AdviceThread
from mercat.people.pack import guidance

COLOURS = {"waiting": "yellow", "answered": "green", "closed": "grey"}


@dataclass(frozen=True, slots=True)
class Line:
    """A thread in a list. `thing` is None where it is about nothing, or about what is not open to whoever looks."""

    thread: AdviceThread
    colour: str
    waits: str  # for how long; empty where it does not wait
    thing: Thing | None
    about: str  # in a word, where the thing itself is not to be told


def lines(threads: Iterable[AdviceThread], me: facts.Person, *, now: datetime) -> list[Line]:
    rows = list(threads)
    things = seen(me, [row.about for row in rows], now=now)
    return [line(row, things, now=now) for row in rows]


def line(thread: AdviceThread, things: Mapping[str, Thing], *, now: datetime) -> Line:
    waits = long_since(thread.since, now) if thread.state == AdviceThread.State.WAITING else ""
    thing = things.get(thread.about)
    about = word_of(thread.about) if thread.about and thing is None else ""
    return Line(thread, COLOURS[thread.state], waits, thing, about)


def long_since(then: datetime, now: datetime) -> str:
    """How long ago, in its largest whole unit: “3 days”, “1 hour”."""
    passed = max(now - then, timedelta())
    for name, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if passed >= size:
            number = passed // size
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return "less than a minute"


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do in a thread."""

    ask: bool
    answer: bool
    close: bool
    reopen: bool


def powers(thread: AdviceThread, me: facts.Person, *, now: datetime) -> Powers:
    asker = people_facts([thread.asker_id], now=now)[str(thread.asker_id)]
    asked, around = prepare(guidance(), me, [asker]), situation(now=now)
    ask = asked.decide("ask_advice", asker, around).allowed
    answer = asked.decide("answer_advice", asker, around).allowed
    closed = thread.state == AdviceThread.State.CLOSED
    return Powers(
        ask=ask and not closed,
        answer=answer and not closed,
        close=(ask or answer) and not closed,
        reopen=(ask or answer) and closed,
    )


def tabs(*, adviser: bool) -> dict[str, str]:
    """The lists that somebody has, by key, in words; the first is what they see at first."""
    own = {"mine": "My questions"}
    return {"waiting": "Waiting", "answered": "Answered", "closed": "Closed", **own} if adviser else own


def listed(key: str, me: facts.Person):
    return queries.mine(me) if key == "mine" else queries.in_state(key)
