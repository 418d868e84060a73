"""Who deals with what happens outside of the register: those for whom guidance keeps it."""

from __future__ import annotations

from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.people.devices.here import situation
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.queries import holding


def dealing_with(action: str, *, now: datetime) -> list[Person]:
    """Holders of the roles that guidance names, where it keeps this action for some, as those who put it right."""
    refusals = reserved(guidance(), action, facts.Body(), situation(now=now))
    return list(holding({refusal.owner for refusal in refusals}))
