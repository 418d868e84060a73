"""What the database refuses by itself, when somebody goes around the actions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    Person,
    RoleGrant,
)
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def completion(person: Person, trainer: Person, **about: object) -> Completion:
    return Completion(
        **{
            "person": person,
            "trainer": trainer,
            "course": "a-course",
            "completed_at": NOW,
            "expires_at": LATER,
            "signed_off": True,
            "source": "trainer",
            "recorded_at": NOW,
            **about,
        }
    )


# What is written, by `one` about `one`, or about `one` by `other`; and the constraint that refuses it.
REFUSED = {
    "nobody_nominates_themselves": lambda one, other: [Nomination(person=one, by=one, at=NOW)],
    "nobody_trains_themselves": lambda one, other: [completion(one, one)],
    "nobody_authorises_themselves": lambda one, other: [
        made := completion(one, other),
        Authorisation(person=one, by=one, completion=made, at=NOW),
    ],
    "nobody_opens_their_own_access": lambda one, other: [
        Access(person=one, reference="R", confirmed_at=NOW, confirmed_by=one)
    ],
    "access_takes_two_people": lambda one, other: [
        Access(person=one, reference="R", confirmed_at=NOW, confirmed_by=other, opened_at=NOW, opened_by=other)
    ],
    "confirmed_before_opened": lambda one, other: [
        Access(person=one, reference="R", confirmed_at=LATER, confirmed_by=other, opened_at=NOW)
    ],
    "nobody_licenses_themselves": lambda one, other: [Licence(person=one, by=one, at=NOW)],
    "nobody_grants_themselves_a_role": lambda one, other: [RoleGrant(person=one, by=one, role="ict", at=NOW)],
    "a_completion_expires_after_it_began": lambda one, other: [completion(one, other, expires_at=NOW)],
    "one_standing_nomination": lambda one, other: [Nomination(person=one, by=other, at=NOW) for _ in range(2)],
    "one_standing_authorisation": lambda one, other: [
        made := completion(one, other),
        *(Authorisation(person=one, by=other, completion=made, at=NOW) for _ in range(2)),
    ],
    "one_standing_access": lambda one, other: [Access(person=one, reference="R", confirmed_at=NOW) for _ in range(2)],
    "one_standing_licence": lambda one, other: [Licence(person=one, by=other, at=NOW) for _ in range(2)],
    "one_standing_grant_of_a_role": lambda one, other: [
        RoleGrant(person=one, by=other, role="ict", at=NOW) for _ in range(2)
    ],
    "a_procedure_is_acknowledged_once": lambda one, other: [
        Acknowledgement(person=one, document="phones", at=NOW) for _ in range(2)
    ],
}


@pytest.mark.parametrize("constraint", REFUSED)
def test_what_may_not_be_cannot_be_written(constraint: str) -> None:
    one, other = make.person("One"), make.person("Other")
    *before, last = REFUSED[constraint](one, other)
    for row in before:
        row.save()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        last.save()


def test_access_opened_later_by_whoever_confirmed_it_is_refused_too() -> None:
    one, other = make.person("One"), make.person("Other")
    row = Access.objects.create(person=one, reference="R", confirmed_at=NOW, confirmed_by=other)
    with pytest.raises(IntegrityError, match="access_takes_two_people"), transaction.atomic():
        Access.objects.filter(pk=row.pk).update(opened_by=other, opened_at=LATER)


def test_what_has_ended_makes_room_for_the_next() -> None:
    one, other = make.person("One"), make.person("Other")
    for _ in range(2):
        Licence.objects.update(ended_at=LATER)
        Licence.objects.create(person=one, by=other, at=NOW)
    assert Licence.objects.filter(person=one, ended_at=None).count() == 1
