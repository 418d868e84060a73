"""Rows to facts: what guidance is told of people, in one query however many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.shape import Procedure
from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    Person,
    RoleGrant,
    Unit,
)
from mercat.people.pack import guidance

# Units lie at most this deep (body, division, area, station): one join each, no recursion.
UNIT_JOINS = "parent__parent__parent"

# Who did each step of a person's joining: the guidance's action, and the annotation that holds it.
STEP_COLUMNS = {
    "nominate": "nominated_by",
    "record_completion": "trained_by",
    "authorise_access": "authorised_by",
    "confirm_training": "confirmed_by",
    "open_access": "opened_by",
    "assign_licence": "licensed_by",
}


def unit_facts(unit: Unit) -> facts.Unit:
    within = []
    above = unit.parent
    while above is not None:
        within.append(above.pk)
        above = above.parent
    return facts.Unit(id=unit.pk, within=tuple(within))


def person_facts(person: Person | UUID | str, *, now: datetime) -> facts.Person:
    pk = person.pk if isinstance(person, Person) else person
    return people_facts([pk], now=now)[str(pk)]


def people_facts(ids: Iterable[UUID | str], *, now: datetime) -> dict[str, facts.Person]:
    """Facts by person id."""
    return {str(row.pk): _facts(row, now) for row in _with_standing(Person.objects.filter(pk__in=list(ids)), now)}


def _with_standing(people: QuerySet[Person], now: datetime) -> QuerySet[Person]:
    mine = {"person": OuterRef("pk")}
    standing = {**mine, "ended_at": None}
    of_the_course = Completion.objects.filter(**standing, course=guidance().pack.course.key, completed_at__lte=now)
    best = of_the_course.order_by("-signed_off", "-expires_at")
    return people.select_related(f"unit__{UNIT_JOINS}").annotate(
        nominated=Exists(Nomination.objects.filter(**standing)),
        trained_until=Subquery(best.values("expires_at")[:1]),
        training_signed_off=Subquery(best.values("signed_off")[:1]),
        authorised=Exists(Authorisation.objects.filter(**standing)),
        confirmed=Exists(Access.objects.filter(**standing)),
        opened=Exists(Access.objects.filter(**standing, opened_at__isnull=False)),
        licensed=Exists(Licence.objects.filter(**standing)),
        nominated_by=ArraySubquery(Nomination.objects.filter(**standing).values("by_id")),
        trained_by=ArraySubquery(best.values("trainer_id")[:1]),
        authorised_by=ArraySubquery(Authorisation.objects.filter(**standing).values("by_id")),
        confirmed_by=ArraySubquery(Access.objects.filter(**standing).values("confirmed_by_id")),
        opened_by=ArraySubquery(Access.objects.filter(**standing).values("opened_by_id")),
        licensed_by=ArraySubquery(Licence.objects.filter(**standing).values("by_id")),
        accepted=ArraySubquery(
            Acknowledgement.objects.filter(**mine).values(each=JSONObject(document="document", version="version"))
        ),
        grants=ArraySubquery(
            RoleGrant.objects.filter(**standing).values(grant=JSONObject(role="role", unit="unit_id"))
        ),
    )


def is_accepted(procedure: Procedure, accepted: Iterable[tuple[str, str]], *, now: datetime) -> bool:
    """Whether (document, version) pairs hold this procedure's version; in its days of grace an earlier one will do."""
    versions = {version for document, version in accepted if document == procedure.key}
    in_grace = timezone.localdate(now) < procedure.asked_until
    return procedure.version in versions or (in_grace and bool(versions))


def _facts(row: Person, now: datetime) -> facts.Person:
    accepted = [(each["document"], each["version"]) for each in row.accepted]
    return facts.Person(
        id=str(row.pk),
        unit=unit_facts(row.unit),
        rank=row.rank,
        active=row.is_active,
        roles=frozenset(grant["role"] for grant in row.grants if grant["unit"] is None),
        unit_roles=frozenset((grant["role"], grant["unit"]) for grant in row.grants if grant["unit"] is not None),
        nominated=row.nominated,
        trained_until=row.trained_until,
        training_signed_off=bool(row.training_signed_off),
        authorised=row.authorised,
        acknowledged=all(is_accepted(each, accepted, now=now) for each in guidance().pack.procedures),
        training_confirmed=row.confirmed,
        access=row.opened,
        licensed=row.licensed,
        steps=frozenset(
            (action, str(by)) for action, column in STEP_COLUMNS.items() for by in getattr(row, column) if by
        ),
    )
