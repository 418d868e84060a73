"""Who answers for an account: those whom the guidance names as able to put something right."""

from __future__ import annotations

from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.people.devices.here import situation
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.queries import holding


def answering(action: str, about: facts.Account, *, now: datetime) -> list[Person]:
    """Holders of the roles that keep this action for themselves, everywhere or over the account's unit."""
    roles = {refusal.owner for refusal in reserved(guidance(), action, about, situation(now=now))}
    return holders(roles, about.unit)


def holders(roles: set[str], unit: facts.Unit) -> list[Person]:
    return list(holding(roles, units=[unit.id, *unit.within]))
