"""Ending a role, and marking somebody as having left: who may, what it ends, and who is always left to administer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from mercat.guidance.gate import Refused
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Access, Authorisation, Licence, Nomination, Person, RoleGrant
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import Act, Holders, end_role, grant_role, mark_left, mark_returned, nominate
from tests.people.test_joining import allowed, clauses

pytestmark = pytest.mark.django_db

Until = Callable[[str], Person]
LATER = NOW + timedelta(hours=1)
ACTS = {"grant_role": grant_role, "end_role": end_role, "mark_left": mark_left, "mark_returned": mark_returned}


def administrator(name: str) -> Person:
    return make.person(name, unit_key="ict", roles=("administrator",))


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_roles_and_leavers_are_for_the_administrator_alone(holders: Holders, newcomer: Person, act: Act) -> None:
    assert {name for name, holder in holders.items() if allowed(act, holder, newcomer)} == {"administrator"}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_anybody_else_is_refused_by_the_house_and_nothing_is_kept(holders: Holders, newcomer: Person, act: Act) -> None:
    grant_role(TEST, newcomer)
    if act is mark_returned:
        mark_left(TEST, newcomer)
    before, active = kept(), Person.objects.get(pk=newcomer.pk).is_active
    with pytest.raises(Refused) as refused:
        act(holders["comms"], newcomer)
    assert clauses(refused) == {"M.9"}
    assert not gained(before)
    assert Person.objects.get(pk=newcomer.pk).is_active is active


def test_an_ended_role_is_held_no_more_and_can_be_given_again(newcomer: Person) -> None:
    grant = grant_role(TEST, newcomer)
    actions.end_role(by=TEST, grant=grant, reason="Moved", now=LATER)
    grant.refresh_from_db()
    assert grant.ended_at == LATER
    assert not person_facts(newcomer, now=LATER).roles
    with pytest.raises(Impossible, match="does not hold this role any more"):
        actions.end_role(by=TEST, grant=grant, reason="Moved", now=LATER)
    grant_role(TEST, newcomer)
    assert person_facts(newcomer, now=LATER).roles == {"auditor"}


@pytest.mark.parametrize("act", [actions.end_role, actions.mark_left])
def test_it_is_said_why(newcomer: Person, act: Callable[..., None]) -> None:
    about = {"grant": grant_role(TEST, newcomer)} if act is actions.end_role else {"person": newcomer}
    before = kept()
    with pytest.raises(Impossible, match="Say why"):
        act(by=TEST, reason=" ", now=NOW, **about)
    assert not gained(before)
    assert person_facts(newcomer, now=NOW).roles == ({"auditor"} if act is actions.end_role else set())


@pytest.mark.parametrize("act", [end_role, mark_left])
def test_the_last_administrator_stays(act: Act) -> None:
    only = administrator("Only")
    Person.objects.filter(pk=administrator("Long gone").pk).update(is_active=False)
    with pytest.raises(Impossible, match="Only is the last administrator"):
        act(TEST, only)
    second = administrator("Second")
    act(second, only)
    assert not person_facts(only, now=NOW).roles


def test_nobody_ends_their_own_role_or_marks_themselves_as_having_left() -> None:
    one, _ = administrator("One"), administrator("Another")
    with pytest.raises(Refused) as refused:
        end_role(one, one)
    assert clauses(refused) == {"M.5"}
    with pytest.raises(Impossible, match="another administrator does it"):
        mark_left(one, one)
    assert person_facts(one, now=NOW).roles == {"administrator"}


def test_whoever_has_left_holds_nothing_any_more_and_all_of_it_stays_on_record(joined_until: Until) -> None:
    person = joined_until("end_access")
    actions.grant_role(by=TEST, person=person, role="spoc", unit=person.unit, now=NOW)
    before = kept()
    actions.mark_left(by=TEST, person=person, reason="Retired", now=LATER)
    standing = person_facts(person, now=LATER)
    assert not any(
        (standing.active, standing.unit_roles, standing.nominated, standing.authorised, standing.access,
         standing.licensed)
    )  # fmt: skip
    for model in (Access, Authorisation, Licence, Nomination, RoleGrant):
        assert [row.ended_at for row in model.objects.filter(person=person)] == [LATER]
    assert gained(before) == {"audit.Event": 1, "audit.Pending": 1, "audit.PersonalData": 1}


def test_what_had_ended_before_keeps_its_day(newcomer: Person) -> None:
    actions.end_role(by=TEST, grant=grant_role(TEST, newcomer), reason="Moved", now=NOW)
    actions.mark_left(by=TEST, person=newcomer, reason="Retired", now=LATER)
    assert RoleGrant.objects.get(person=newcomer).ended_at == NOW


@pytest.mark.parametrize(
    "act",
    [
        mark_left,
        grant_role,
        nominate,
        lambda by, person: actions.set_passphrase(
            by=by, person=person, passphrase="harbour lantern thistle", now=LATER
        ),
    ],
)
def test_whoever_has_left_is_given_nothing(newcomer: Person, act: Act) -> None:
    mark_left(TEST, newcomer)
    before = kept()
    with pytest.raises(Impossible, match="has left"), transaction.atomic():
        act(TEST, newcomer)
    assert not gained(before)


def test_whoever_comes_back_begins_anew(joined_until: Until) -> None:
    person = joined_until("end_access")
    grant_role(TEST, person)
    actions.set_passphrase(by=TEST, person=person, passphrase="harbour lantern thistle", now=NOW)
    mark_returned(TEST, person)
    standing, row = person_facts(person, now=LATER), Person.objects.get(pk=person.pk)
    assert (standing.active, standing.roles, standing.nominated, standing.access) == (True, set(), False, False)
    assert not row.has_usable_password()
    nominate(TEST, person)
    with pytest.raises(Impossible, match="on the list of active people already"):
        actions.mark_returned(by=TEST, person=person, now=LATER)
