"""Who deals with what happens outside of the register: those for whom guidance keeps it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from mercat.guidance import facts
from mercat.guidance.gate import prepare, reserved
from mercat.people.devices.here import situation
from mercat.people.facts import people_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.queries import holding


def dealing_with(action: str, *, now: datetime) -> list[Person]:
    """Holders of the roles that guidance names, where it keeps this action for some, as those who put it right."""
    refusals = reserved(guidance(), action, facts.Body(), situation(now=now))
    return list(holding({refusal.owner for refusal in refusals}))


def who_may(action: str, about: facts.Account, *, now: datetime) -> list[Person]:
    """Who may do this with the account, as the guidance says of each who is named in it or holds a role over it."""
    there = Q(role_grants__unit=None) | Q(role_grants__unit__in=[about.unit.id, *about.unit.within])
    named = {*about.spocs, *filter(None, [about.holder])}
    rows = Person.objects.filter(Q(pk__in=named) | Q(there, role_grants__ended_at=None), is_active=True)
    people = list(rows.distinct())
    found = people_facts([each.pk for each in people], now=now)
    around = facts.Situation(now=now)  # of their standing, not of the device that somebody else is acting from
    return [
        each
        for each in people
        if prepare(guidance(), found[str(each.pk)], [about]).decide(action, about, around).allowed
    ]
