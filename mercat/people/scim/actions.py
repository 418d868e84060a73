"""What the directory says becomes what the list of people says, by the same actions as any other change.

A user that is not active has left; another department or title is a move. Nothing is deleted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from scim2_models import Resource, UniquenessException

from mercat.people import actions
from mercat.people.gate import Agent
from mercat.people.models import DirectoryEntry, Person
from mercat.people.moving import change_details
from mercat.people.pack import guidance
from mercat.people.scim.resources import said_of, spelt

REASON = "The directory says so"


@transaction.atomic
def create(*, by: Agent, user: Resource[Any], now: datetime) -> Person:
    """Somebody new, or somebody whom the directory had deleted and makes again.

    Raises UniquenessException where they are there already.
    """
    said = said_of(user)
    deleted = _deleted(said["number"])
    if deleted is not None:
        return change(by=by, person=deleted, user=user, now=now)
    named = Q(directory__user_name__iexact=user.user_name, directory__deleted_at=None)
    same = Q(email__iexact=said["email"]) | Q(number=said["number"]) | named
    if Person.objects.filter(same).exists():
        raise UniquenessException(detail="Somebody with this userName, e-mail or employee number is on the list.")
    rank = next(each for each in guidance().pack.ranks if each.key == said["rank"])
    person = actions.register_person(by=by, **said, employment=rank.kind, now=now)
    _keep(person, user, now=now)
    if user.active is False:
        actions.mark_left(by=by, person=person, reason=REASON, now=now)
    return _again(person)


@transaction.atomic
def change(*, by: Agent, person: Person, user: Resource[Any], now: datetime) -> Person:
    said = said_of(user)
    taken = DirectoryEntry.objects.filter(user_name__iexact=user.user_name, deleted_at=None).exclude(person=person)
    if taken.exists():
        raise UniquenessException(detail="This userName is another person's.")
    if said["number"] != person.number and not person.is_active and _has_a_past(person):
        raise UniquenessException(detail="Whoever has left keeps their number: somebody new is made anew.")
    change_details(by=by, person=person, **said, reason=REASON, now=now)
    _keep(person, user, now=now)
    if user.active and not person.is_active:
        actions.mark_returned(by=by, person=person, now=now)
    if user.active is False and person.is_active:  # last: it may be the token's own owner
        actions.mark_left(by=by, person=person, reason=REASON, now=now)
    return _again(person)


@transaction.atomic
def delete(*, by: Agent, person: Person, user: Resource[Any], now: datetime) -> None:
    """Out of the directory: they have left. The person, and all that they did, stays on record."""
    if person.is_active:
        actions.mark_left(by=by, person=person, reason=REASON, now=now)
    _keep(person, user, now=now)
    DirectoryEntry.objects.filter(person=person).update(deleted_at=now)


def _has_a_past(person: Person) -> bool:
    """Whether something of theirs would count for a namesake: a course, or procedures that they accepted."""
    return person.completions.exists() or person.acknowledgements.exists()


def _deleted(number: str) -> Person | None:
    """By the number alone: a userName is given again to somebody else, who is not who had it before."""
    gone = DirectoryEntry.objects.filter(deleted_at__isnull=False, person__number=number).select_related("person")
    entry = gone.order_by("-deleted_at").first()
    return entry.person if entry else None


def _keep(person: Person, user: Resource[Any], *, now: datetime) -> None:
    values = {**spelt(user), "deleted_at": None}
    entry, made = DirectoryEntry.objects.get_or_create(person=person, defaults={**values, "changed_at": now})
    if not made and any(getattr(entry, name) != value for name, value in values.items()):
        DirectoryEntry.objects.filter(pk=entry.pk).update(**values, changed_at=now)


def _again(person: Person) -> Person:
    return Person.objects.select_related("unit", "directory").get(pk=person.pk)
