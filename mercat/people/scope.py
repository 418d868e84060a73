"""Whose pages are open to somebody (clause 5.6): as guidance says of each unit, so that a list asks one question."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.facts import UNIT_JOINS, unit_facts
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance


def open_to(viewer: facts.Person, people: QuerySet[Person], *, now: datetime) -> QuerySet[Person]:
    """Those of these people whom this person sees: oneself, and the people of the units that guidance opens."""
    units = units_open_to(viewer, now=now)
    return people.filter(Q(pk=viewer.id) | Q(unit__in=units))


def units_open_to(viewer: facts.Person, *, now: datetime) -> list[Unit]:
    """The units whose people this person sees; asked about somebody in each with nothing else to their name."""
    units = {unit.pk: unit for unit in Unit.objects.select_related(UNIT_JOINS)}
    somebody = [facts.Person(id=f"somebody in {key}", unit=unit_facts(unit)) for key, unit in units.items()]
    asked = prepare(guidance(), viewer, somebody)
    around = situation(now=now)
    return [units[each.unit.id] for each in somebody if asked.decide("view_person", each, around).allowed]
