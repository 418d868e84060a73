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
    SentBack,
)
from tests import factories as make
from tests.factories import NOW, TEST
from tests.people.conftest import CHAIN

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


def up_to(step: str, person: Person) -> None:
    """Every step before this one, by the programme."""
    for name in list(CHAIN)[: list(CHAIN).index(step)]:
        CHAIN[name](TEST, person)


def authorisation(person: Person, by: Person | None, **about: object) -> Authorisation:
    rests_on = person.completions.get() if "completion" not in about else about["completion"]
    return Authorisation(**{"person": person, "by": by, "completion": rests_on, "at": NOW, **about})


# What is written, by `one` about `one`, or about `one` by `other`; and the constraint that refuses it.
REFUSED = {
    "nobody_nominates_themselves": lambda one, other: [Nomination(person=one, by=one, at=NOW)],
    "nobody_trains_themselves": lambda one, other: [completion(one, one)],
    "nobody_authorises_themselves": lambda one, other: [up_to("authorise", one), authorisation(one, one)],
    "nobody_opens_their_own_access": lambda one, other: [
        up_to("confirm_training", one),
        Access(person=one, reference="R", confirmed_at=NOW, confirmed_by=one),
    ],
    "nobody_licenses_themselves": lambda one, other: [
        up_to("assign_licence", one),
        Licence(person=one, by=one, at=NOW),
    ],
    "nobody_sends_themselves_back": lambda one, other: [
        SentBack(person=one, by=one, at=NOW, step="authorise_access", to="record_completion", reason="No")
    ],
    "nobody_grants_themselves_a_role": lambda one, other: [RoleGrant(person=one, by=one, role="ict", at=NOW)],
    "a_completion_expires_after_it_began": lambda one, other: [completion(one, other, expires_at=NOW)],
    "access_is_opened_at_a_time": lambda one, other: [
        up_to("confirm_training", one),
        Access(person=one, reference="R", confirmed_at=NOW, opened_by=other),
    ],
    "one_standing_nomination": lambda one, other: [Nomination(person=one, at=NOW) for _ in range(2)],
    "one_standing_authorisation": lambda one, other: [
        up_to("authorise", one),
        *(authorisation(one, None) for _ in range(2)),
    ],
    "one_standing_access": lambda one, other: [
        up_to("confirm_training", one),
        *(Access(person=one, reference="R", confirmed_at=NOW) for _ in range(2)),
    ],
    "one_standing_licence": lambda one, other: [
        up_to("assign_licence", one),
        *(Licence(person=one, at=NOW) for _ in range(2)),
    ],
    "one_standing_grant_of_a_role": lambda one, other: [
        RoleGrant(person=one, by=other, role="ict", at=NOW) for _ in range(2)
    ],
    "a_version_is_acknowledged_once": lambda one, other: [
        Acknowledgement(person=one, document="phones", version="1", at=NOW) for _ in range(2)
    ],
}


@pytest.mark.parametrize("constraint", REFUSED)
def test_what_may_not_be_cannot_be_written(constraint: str) -> None:
    one, other = make.person("One"), make.person("Other")
    *before, last = REFUSED[constraint](one, other)
    for row in filter(None, before):
        row.save()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        last.save()


@pytest.fixture
def confirmed() -> Access:
    one, other = make.person("One"), make.person("Other")
    up_to("confirm_training", one)
    return Access.objects.create(person=one, reference="R", confirmed_at=LATER, confirmed_by=other)


def test_access_is_not_opened_by_whoever_confirmed_it(confirmed: Access) -> None:
    with pytest.raises(IntegrityError, match="access_takes_two_people"), transaction.atomic():
        Access.objects.update(opened_by=confirmed.confirmed_by, opened_at=LATER)


def test_access_is_not_opened_before_it_was_confirmed(confirmed: Access) -> None:
    with pytest.raises(IntegrityError, match="confirmed_before_opened"), transaction.atomic():
        Access.objects.update(opened_at=NOW)


def test_what_has_ended_makes_room_for_the_next() -> None:
    one = make.person("One")
    up_to("assign_licence", one)
    for _ in range(2):
        Licence.objects.filter(ended_at=None).update(ended_at=LATER)
        Licence.objects.create(person=one, at=NOW)
    assert Licence.objects.filter(person=one, ended_at=None).count() == 1
