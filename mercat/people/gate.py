"""Asking guidance on behalf of an action.

`by` is a person, whose standing is read anew each time; an agent, which may do what its owner may, and no more; or
`System(reason)`: the programme itself (clock, import, founding). The programme is not asked; its reason goes into the
record instead, where everybody can see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mercat.audit.actors import System
from mercat.guidance import facts, gate
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.signing_in import step_up


@dataclass(frozen=True, slots=True)
class Agent:
    """Another programme that acts for a person, its owner, and is on record under its own name (ADR 0013)."""

    audit_ref: str
    name: str
    owner: Person

    def __str__(self) -> str:
        return self.name


By = Person | Agent | System


def require(
    by: By,
    action: str,
    resource: facts.Resource | Person,
    *,
    now: datetime,
    post: facts.Post | None = None,
    paused_by: str | None = None,
) -> None:
    """Raise `Refused`, with every clause in the way, unless `by` may do this now.

    What is allowed may still need a recent proof of who acts: then `ProofNeeded`, which a page asks for.
    """
    if isinstance(by, System):
        return
    about = person_facts(resource, now=now) if isinstance(resource, Person) else resource
    around = situation(now=now, paused_by=paused_by)
    gate.require(guidance(), action, person_facts(person_or_none(by), now=now), about, around, post)
    step_up.ask_for(action, now=now)


def person_or_none(by: By) -> Person | None:
    """For the `by` column of a row: the person, an agent's owner, or nothing where the programme acted."""
    if isinstance(by, Agent):
        return by.owner
    return by if isinstance(by, Person) else None
