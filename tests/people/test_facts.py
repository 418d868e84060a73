"""Rows to facts: one query however many people, and only what stands counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mercat.people import actions
from mercat.people.facts import people_facts, person_facts
from mercat.people.models import Person, Unit
from tests import factories as make
from tests.factories import NOW, TEST
from tests.flush import unguarded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [0, 1, 12])
def test_facts_of_any_number_of_people_take_one_query(django_assert_num_queries, count: int) -> None:
    station = Unit.objects.create(key="station", name="Station", kind="station", parent=make.unit("tayside"))
    people = [make.joined(f"Person {n}", unit_roles=("spoc",)) for n in range(count)]
    Person.objects.update(unit=station)
    with django_assert_num_queries(1 if count else 0):
        found = people_facts([row.pk for row in people], now=NOW)
    assert set(found) == {str(row.pk) for row in people}
    assert all(each.unit.within == ("tayside",) and each.licensed for each in found.values())


def test_a_newcomer_has_nothing_and_somebody_authorised_everything() -> None:
    nothing, everything = make.person(), make.joined()
    for person, stands in ((nothing, False), (everything, True)):
        found = person_facts(person, now=NOW)
        assert {
            found.nominated, found.training_signed_off, found.authorised, found.acknowledged,
            found.training_confirmed, found.access, found.licensed,
        } == {stands}  # fmt: skip
    assert person_facts(nothing, now=NOW).trained_until is None
    assert person_facts(everything, now=NOW).trained_until == NOW + timedelta(days=300)


def test_roles_held_everywhere_and_in_a_unit_are_told_apart_and_end() -> None:
    person = make.person(roles=("auditor",), unit_roles=("spoc",))
    found = person_facts(person, now=NOW)
    assert (found.roles, found.unit_roles) == ({"auditor"}, {("spoc", "tayside")})
    person.role_grants.update(ended_at=NOW)
    found = person_facts(person, now=NOW)
    assert (found.roles, found.unit_roles) == (frozenset(), frozenset())


def test_a_completion_of_another_course_or_of_tomorrow_does_not_count() -> None:
    person = make.person()
    row = actions.record_completion(by=TEST, person=person, trainer=make.trainer(), completed_at=NOW, now=NOW)
    assert person_facts(person, now=NOW - timedelta(seconds=1)).trained_until is None
    assert person_facts(person, now=NOW).trained_until == row.expires_at
    other = make.person()
    about = {"trainer": row.trainer, "completed_at": NOW, "expires_at": row.expires_at, "recorded_at": NOW}
    type(row).objects.create(person=other, course="dog-handling", signed_off=True, source="scope", **about)
    assert person_facts(other, now=NOW).trained_until is None


def test_who_took_each_step_is_told_by_its_own_name(holders) -> None:
    """Each step by another person, whoever may take it: that is the actions' to hold."""
    person = make.joined()
    took = {step: make.person(step) for step in ("nominate", "record_completion", "authorise_access", "assign_licence")}
    confirmed, opened = make.person("confirmed"), make.person("opened")
    with unguarded(
        ["people_nomination", "people_completion", "people_authorisation", "people_access", "people_licence"]
    ):
        person.nominations.update(by=took["nominate"])
        person.completions.update(trainer=took["record_completion"])
        person.authorisations.update(by=took["authorise_access"])
        person.accesses.update(confirmed_by=confirmed, opened_by=opened)
        person.licences.update(by=took["assign_licence"])
    names = {**took, "confirm_training": confirmed, "open_access": opened}
    assert person_facts(person, now=NOW).steps == {(step, str(by.pk)) for step, by in names.items()}


def test_who_took_each_step_is_told_and_the_system_leaves_no_name(holders, newcomer) -> None:
    actions.nominate(by=holders["comms"], person=newcomer, now=NOW)
    actions.record_completion(
        by=holders["trainer"], person=newcomer, trainer=holders["trainer"], completed_at=NOW, now=NOW
    )
    actions.authorise(by=TEST, person=newcomer, now=NOW)
    assert person_facts(newcomer, now=NOW).steps == {
        ("nominate", str(holders["comms"].pk)),
        ("record_completion", str(holders["trainer"].pk)),
    }
