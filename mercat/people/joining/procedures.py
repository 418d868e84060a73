"""Procedures that are read and accepted before access, and again when a version is new (clause 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.guidance.shape import Procedure
from mercat.people.actions import tell, to_read
from mercat.people.devices.here import situation
from mercat.people.facts import UNIT_JOINS, is_accepted, unit_facts
from mercat.people.models import Acknowledgement, Nomination, Notice, Person, Unit
from mercat.people.pack import guidance

PROCEDURES = "/procedures/"
REMIND_EVERY = timedelta(days=7)
ON_THEIR_WAY = Q(Exists(Nomination.objects.filter(person=OuterRef("pk"), ended_at=None)), is_active=True)
DONE, EARLIER, MISSING = "Accepted", "An earlier version accepted", "Not accepted"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one person stands to one procedure: `version` and `at` of what they accepted last; `counts`: it is enough."""

    person: Person
    version: str
    at: datetime | None
    state: str
    counts: bool


def accepted_by(person: Person) -> dict[str, Acknowledgement]:
    """Of each procedure, what a person accepted last, by its key."""
    return {row.document: row for row in Acknowledgement.objects.filter(person=person).order_by("at")}


def seen_by(viewer: facts.Person, *, now: datetime) -> set[str]:
    """The units of whose people this person sees who has accepted what."""
    units = [unit_facts(unit) for unit in Unit.objects.select_related(UNIT_JOINS)]
    answers = prepare(guidance(), viewer, units).decide_many("read_acknowledgements", units, situation(now=now))
    return {unit.id for unit, answer in zip(units, answers, strict=True) if answer.allowed}


def readers(units: set[str]) -> QuerySet[Person]:
    """Whoever is nominated, and so has to accept the procedures, with what they accepted."""
    mine = Acknowledgement.objects.filter(person=OuterRef("pk")).order_by("at")
    each = JSONObject(document="document", version="version", at="at")
    people = Person.objects.filter(ON_THEIR_WAY, unit__in=units).select_related("unit").order_by("name", "pk")
    return people.annotate(accepted=ArraySubquery(mine.values(each=each)))


def reading(procedure: Procedure, person: Person, *, now: datetime) -> Reading:
    """One line of the list; `person` comes from `readers`."""
    mine = [each for each in person.accepted if each["document"] == procedure.key]
    last = mine[-1] if mine else None
    pairs = [(each["document"], each["version"]) for each in mine]
    is_this = any(version == procedure.version for _, version in pairs)
    return Reading(
        person=person,
        version=last["version"] if last else "",
        at=datetime.fromisoformat(last["at"]) if last else None,
        state=DONE if is_this else EARLIER if last else MISSING,
        counts=is_accepted(procedure, pairs, now=now),
    )


def table(procedure: Procedure, units: set[str], *, now: datetime) -> Iterator[list[str]]:
    """The list as rows of text, for a file that is opened in a spreadsheet."""
    yield ["Name", "Number", "Unit", "Procedure", "Version", "State", "Accepted version", "Accepted on"]
    for person in readers(units):
        line = reading(procedure, person, now=now)
        about = [procedure.name, procedure.version, line.state, line.version]
        day = line.at.date().isoformat() if line.at else ""
        yield [harmless(text) for text in (person.name, person.number, person.unit.name, *about, day)]


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) or (text[:1] in "\t\r" and text) else text


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Ask whoever is nominated and has not accepted the present version: at once, then weekly. Returns how many."""
    return sum(_remind(procedure, now=now) for procedure in guidance().pack.procedures)


def _remind(procedure: Procedure, *, now: datetime) -> int:
    subject = to_read(procedure)
    mine = {"person": OuterRef("pk")}
    has = Exists(Acknowledgement.objects.filter(**mine, document=procedure.key, version=procedure.version))
    told = Exists(Notice.objects.filter(**mine, subject=subject, at__gt=now - REMIND_EVERY))
    people = list(Person.objects.filter(ON_THEIR_WAY, ~has, ~told))
    Notice.objects.filter(person__in=people, subject=subject, read_at=None).update(read_at=now)  # the new one stands in
    body = f"Whoever accepted an earlier version can work with it until {procedure.asked_until:%-d %B %Y}."
    tell(people, kind="reminders", subject=subject, body=body, link=PROCEDURES, now=now)
    return len(people)
