"""Changing what is known of a person: who may, what is kept of it, and what ends with a move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mercat.audit.models import Event
from mercat.guidance.gate import Refused
from mercat.people import actions, signals
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Nomination, Notice, Person, RoleGrant
from mercat.people.moving import change_details
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Holders
from tests.people.test_joining import clauses

pytestmark = pytest.mark.django_db

Until = Callable[[str], Person]
LATER = NOW + timedelta(hours=1)


def change(person: Person, *, by: Any = TEST, reason: str = "The posting of the first of the month", **given: Any):
    return change_details(by=by, person=person, reason=reason, now=LATER, **given)


def test_those_who_import_people_change_them_and_nobody_else(holders: Holders, newcomer: Person) -> None:
    def may(holder: Person) -> bool:
        try:
            change(newcomer, by=holder, name=f"Newcomer by {holder}")
        except Refused:
            return False
        return True

    assert {name for name, holder in holders.items() if may(holder)} == {"administrator", "comms"}


def test_every_change_is_on_record_with_old_and_new(newcomer: Person) -> None:
    old = Person.objects.get(pk=newcomer.pk)
    row = change(
        newcomer, name="New Name", email="New.Name@mercat.example", rank="manager", unit=make.unit("edinburgh")
    )
    row.refresh_from_db()
    assert (row.name, row.email, row.rank, row.employment, row.unit_id) == (
        "New Name",
        "new.name@mercat.example",
        "manager",
        "staff",
        "edinburgh",
    )
    event = Event.objects.get(what="person.changed")
    assert event.facts == {"fields": ["email", "employment", "name", "rank", "unit"], "ended": []}
    assert event.personal.data == {
        "name": f"{old.name} → New Name",
        "email": f"{old.email} → new.name@mercat.example",
        "rank": "constable → manager",
        "employment": "officer → staff",
        "unit": "tayside → edinburgh",
        "reason": "The posting of the first of the month",
    }
    told = {notice.subject: notice.mail_to for notice in Notice.objects.filter(person=row)}
    assert told == {"What is known of you was changed": "", "Your e-mail address was changed": old.email}


def test_what_is_the_same_already_is_no_change(newcomer: Person) -> None:
    before = kept()
    change(newcomer, name=newcomer.name, email=newcomer.email.upper(), rank=newcomer.rank, unit=newcomer.unit)
    change(newcomer)
    assert not gained(before)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rank": "admiral"}, "not a rank or grade of this body"),
        ({"email": "nobody"}, "Nothing was saved"),
        ({"name": ""}, "Nothing was saved"),
        ({"employment": "robot"}, "Nothing was saved"),
        ({"number": "taken"}, "Nothing was"),
        ({"name": "A", "reason": " "}, "Say why"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(newcomer: Person, given: dict[str, str], words: str) -> None:
    Person.objects.filter(pk=make.person("Other").pk).update(number="taken")
    before, was = kept(), Person.objects.filter(pk=newcomer.pk).values().get()
    with pytest.raises(Impossible, match=words):
        change(newcomer, **given)
    assert not gained(before)
    assert Person.objects.filter(pk=newcomer.pk).values().get() == was


def test_nobody_posts_or_promotes_themselves(holders: Holders) -> None:
    comms = holders["comms"]
    for given in ({"rank": "chief-constable"}, {"unit": make.unit("edinburgh")}):
        with pytest.raises(Impossible, match="Nobody changes their own e-mail, number, unit or rank"):
            change(comms, by=comms, **given)
    assert change(comms, by=comms, name="Married Name").name == "Married Name"


def test_a_move_ends_the_roles_and_the_nomination_of_the_old_unit(joined_until: Until) -> None:
    person = joined_until("end_access")
    actions.grant_role(by=TEST, person=person, role="spoc", unit=person.unit, now=NOW)
    actions.grant_role(by=TEST, person=person, role="auditor", unit=None, now=NOW)
    change(person, unit=make.unit("edinburgh"))
    standing = person_facts(person, now=LATER)
    assert (standing.unit.id, standing.unit_roles, standing.roles) == ("edinburgh", frozenset(), {"auditor"})
    assert not standing.nominated
    assert standing.licensed
    assert Nomination.objects.get(person=person).ended_at == LATER
    assert RoleGrant.objects.get(person=person, role="spoc").ended_at == LATER
    assert Event.objects.get(what="person.changed").facts["ended"] == ["spoc tayside", "nomination"]


def test_a_move_within_the_unit_ends_nothing(joined_until: Until) -> None:
    person = joined_until("end_access")
    actions.grant_role(by=TEST, person=person, role="spoc", unit=person.unit, now=NOW)
    part = type(person.unit).objects.create(key="tayside-station", name="Station", kind="station", parent=person.unit)
    change(person, unit=part)
    standing = person_facts(person, now=LATER)
    assert standing.nominated
    assert standing.unit_roles == {("spoc", "tayside")}


def test_the_rooms_above_are_told_of_a_move_and_can_take_it_back(newcomer: Person) -> None:
    told: list[dict[str, Any]] = []

    def follow(sender: type[Person], **about: Any) -> None:
        told.append(about)
        raise Impossible("Not now. Nothing was changed.")

    signals.moved.connect(follow)
    try:
        change(newcomer, name="Only a name")
        assert not told
        with pytest.raises(Impossible, match="Not now"):
            change(newcomer, rank="inspector")
    finally:
        signals.moved.disconnect(follow)
    assert [(each["unit"].pk, each["rank"], each["person"].rank) for each in told] == [
        ("tayside", "constable", "inspector")
    ]
    assert Person.objects.get(pk=newcomer.pk).rank == "constable"


def test_somebody_who_has_left_can_be_corrected(newcomer: Person) -> None:
    actions.mark_left(by=TEST, person=newcomer, reason="Retired", now=NOW)
    assert change(newcomer, name="Right Name").name == "Right Name"
    assert not Notice.objects.filter(person=newcomer).exists()


def test_whoever_may_not_is_refused_in_the_words_of_the_guidance(holders: Holders) -> None:
    with pytest.raises(Refused) as refused:
        change(holders["officer"], by=holders["commander"], rank="sergeant")
    assert clauses(refused) == {"M.9"}
