"""The steps of a joining in their order, whose each is, and whose turn it is. The pack says which a body has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mercat.guidance import facts
from mercat.guidance.decision import Refusal
from mercat.guidance.gate import prepare, reserved
from mercat.people.devices.here import situation
from mercat.people.facts import UNIT_JOINS, unit_facts
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.people.queries import holding

ACKNOWLEDGE = "acknowledge"  # a step that everybody takes for themselves, and no action of guidance


def _trained(standing: facts.Person, now: datetime) -> bool:
    return standing.training_signed_off and standing.trained_until is not None and now < standing.trained_until


@dataclass(frozen=True, slots=True)
class Step:
    """`title` as it is headed; `news`: what the person is told once it is taken."""

    title: str
    news: str
    taken: Callable[[facts.Person, datetime], bool]


# By guidance's name of the action, in their order.
STEPS: Mapping[str, Step] = {
    "nominate": Step("Nomination", "You are nominated to post", lambda who, _: who.nominated),
    "record_completion": Step("Training", "Your training is on record", _trained),
    ACKNOWLEDGE: Step("Procedure read", "", lambda who, _: who.acknowledged),
    "authorise_access": Step("Authorisation", "Your access is authorised", lambda who, _: who.authorised),
    "confirm_training": Step("Training confirmed", "Your training is confirmed", lambda who, _: who.training_confirmed),
    "open_access": Step("Access", "Your access is open", lambda who, _: who.access),
    "assign_licence": Step("Licence", "You have a licence", lambda who, _: who.licensed),
}


def known() -> list[str]:
    """The steps that this body has, in their order."""
    here = guidance().policies.keys() | ({ACKNOWLEDGE} if guidance().pack.procedures else set())
    return [action for action in STEPS if action in here]


def by_others() -> list[str]:
    """Those that somebody else takes: the ones that wait in queues."""
    return [action for action in known() if action != ACKNOWLEDGE]


def step_before(action: str) -> str | None:
    """The step that one of a queue is sent back to; none before the first."""
    order = by_others()
    return order[order.index(action) - 1] if order.index(action) else None


def next_of(standing: facts.Person, now: datetime) -> str | None:
    """The first step that is missing and that somebody else takes. Procedures are read at any time before access."""
    return next((action for action in by_others() if not STEPS[action].taken(standing, now)), None)


def with_everything(standing: facts.Person, now: datetime) -> facts.Person:
    """The same person with nothing missing: what guidance then has against an act is about whoever takes it."""
    return replace(
        standing,
        active=True,
        nominated=True,
        trained_until=now + timedelta(days=1),
        training_signed_off=True,
        acknowledged=True,
        authorised=True,
        training_confirmed=True,
        access=True,
    )


def kept_for(action: str, standing: facts.Person, now: datetime) -> Refusal | None:
    """The clause that says whose a step is: what guidance has against a stranger, when nothing else is missing."""
    whole = with_everything(standing, now)
    if action != ACKNOWLEDGE:
        return next(iter(reserved(guidance(), action, whole, facts.Situation(now=now))), None)
    # Everybody's own, and no action: whatever stands in the way of access only without it.
    without, with_it = (
        reserved(guidance(), "open_access", each, facts.Situation(now=now))
        for each in (replace(whole, acknowledged=False), whole)
    )
    return next((refusal for refusal in without if refusal not in with_it), None)


def holders(action: str, standing: facts.Person, now: datetime) -> QuerySet[Person]:
    """Whose step it is, by role: without the person, and without those who took another step of theirs already."""
    clause = kept_for(action, standing, now)
    if clause is None:
        return Person.objects.none()
    held = holding([clause.owner], units=[standing.unit.id, *standing.unit.within])
    return held.exclude(pk__in={standing.id, *(who for _, who in standing.steps)})


def units_of(viewer: facts.Person, now: datetime) -> dict[str, set[str]]:
    """By step: the units for whose people `viewer` may take it, when nothing is missing; steps of others are left out.

    Asked of guidance, unit by unit, about somebody who is like everybody there.
    """
    if not (viewer.roles or viewer.unit_roles):
        return {}
    people = [
        with_everything(facts.Person(id=f"somebody-{unit.pk}", unit=unit_facts(unit)), now)
        for unit in Unit.objects.select_related(UNIT_JOINS)
    ]
    asked = prepare(guidance(), viewer, people)
    found = {}
    for action in by_others():
        answers = asked.decide_many(action, people, situation(now=now))
        found[action] = {who.unit.id for who, answer in zip(people, answers, strict=True) if answer.allowed}
    return {action: units for action, units in found.items() if units}


def required_rows() -> set[tuple[str, str]]:
    """What the database is to hold each joining against: step, and key of the course or procedure that it is about."""
    pack = guidance().pack
    subjects = {"record_completion": [pack.course.key], ACKNOWLEDGE: [each.key for each in pack.procedures]}
    return {(action, subject) for action in known() for subject in subjects.get(action, [""])}
