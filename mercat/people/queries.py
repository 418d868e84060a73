"""Reads about people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    Notice,
    Person,
    RoleGrant,
    SentBack,
)
from mercat.people.pack import guidance


def holding(roles: Iterable[str], *, units: Iterable[str] | None = None) -> QuerySet[Person]:
    """Who holds one of these roles now, and has not left. `units`: everywhere or in one of these; None: anywhere."""
    there = Q() if units is None else Q(role_grants__unit=None) | Q(role_grants__unit__in=units)
    held = Person.objects.filter(there, role_grants__role__in=roles, role_grants__ended_at=None, is_active=True)
    return held.distinct()


def administrators() -> list[Person]:
    """Holders of the role by which this body is administered."""
    return list(holding([guidance().pack.administered_by]))


def search(*, text: str = "", unit: str = "", role: str = "", joining: bool = False) -> QuerySet[Person]:
    """People by name, number or e-mail, unit and role; `joining`: nominated, and not yet at the end of the path."""
    people = matching(Person.objects.select_related("unit").order_by("name", "pk"), text)
    if unit:
        people = people.filter(unit=unit)
    if role:
        people = people.filter(role_grants__role=role, role_grants__ended_at=None).distinct()
    if joining:
        people = people.filter(nominations__ended_at=None, nominations__isnull=False).exclude(
            pk__in=_arrivals().filter(ended_at=None).values("person")
        )
    return people


def matching(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those whose name, number or e-mail is meant by these words; all where there are none."""
    if not text:
        return people
    return people.filter(Q(name__icontains=text) | Q(number__iexact=text) | Q(email__icontains=text))


def _arrivals() -> QuerySet[Licence] | QuerySet[Access]:
    """The rows of the last step: the licence, or access where the body gives none."""
    if "assign_licence" in guidance().policies:
        return Licence.objects.all()
    return Access.objects.filter(opened_at__isnull=False)


def unread_notices(person: Person) -> int:
    return Notice.objects.filter(person=person, read_at=None).count()


@dataclass(frozen=True, slots=True)
class Steps:
    """The standing rows of a person's joining; None where a step has not been taken."""

    nomination: Nomination | None
    completion: Completion | None
    acknowledged: dict[str, Acknowledgement]  # by the document's key, the latest
    authorisation: Authorisation | None
    access: Access | None
    licence: Licence | None
    sent_back: dict[str, SentBack]  # by the step that it was sent back to


def steps_of(person: Person) -> Steps:
    standing = {"person": person, "ended_at": None}
    completions = Completion.objects.filter(**standing, course=guidance().pack.course.key)
    return Steps(
        nomination=Nomination.objects.filter(**standing).select_related("by").first(),
        completion=completions.order_by("-signed_off", "-expires_at").select_related("trainer").first(),
        acknowledged={row.document: row for row in Acknowledgement.objects.filter(person=person).order_by("at")},
        authorisation=Authorisation.objects.filter(**standing).select_related("by").first(),
        access=Access.objects.filter(**standing).select_related("confirmed_by", "opened_by").first(),
        licence=Licence.objects.filter(**standing).select_related("by").first(),
        sent_back={row.to: row for row in SentBack.objects.filter(**standing).select_related("by").order_by("at")},
    )


def roles_of(person: Person) -> QuerySet[RoleGrant]:
    """The roles that a person holds now, the oldest first."""
    return RoleGrant.objects.filter(person=person, ended_at=None).select_related("unit").order_by("at", "pk")


def names_of(references: Iterable[str]) -> dict[str, str]:
    """Names by audit reference (“person:…”), for lines of a record."""
    ids = {reference.removeprefix("person:") for reference in references if reference.startswith("person:")}
    return {row.audit_ref: row.name for row in Person.objects.filter(pk__in=ids).only("pk", "name")}
