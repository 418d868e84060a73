"""Training that runs out: 60, 30 and 7 days before, once each, to the person and their unit's contacts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from mercat.audit.models import Event
from mercat.people import actions, signals
from mercat.people.hr import reminders
from mercat.people.models import Completion, Notice, Person, Reminder
from tests import factories as make
from tests.factories import NOW, TEST

pytestmark = pytest.mark.django_db

END = NOW + timedelta(days=300)


def before(days: float) -> datetime:
    return END - timedelta(days=days)


def told(person: Person) -> int:
    return Notice.objects.filter(person=person, subject=reminders.SUBJECT).count()


def unread(person: Person) -> int:
    return Notice.objects.filter(person=person, subject=reminders.SUBJECT, read_at=None).count()


@pytest.fixture
def officer() -> Person:
    return make.joined("Officer", trained_until=END)


@pytest.fixture
def contact() -> Person:
    return make.person("Contact", unit_roles=("spoc",))


def test_each_time_of_the_pack_is_told_once(officer: Person, contact: Person) -> None:
    counted = []
    for days in (61, 60, 59.9, 31, 30, 29, 8, 7, 6, 1, 0, -1):
        reminders.run(now=before(days))
        reminders.run(now=before(days))
        counted.append((told(officer), told(contact)))
    assert counted == [(0, 0), *[(1, 1)] * 3, *[(2, 2)] * 3, *[(3, 3)] * 5]
    assert unread(officer) == 1, "the latest says it all"
    assert list(Reminder.objects.order_by("at").values_list("days", flat=True)) == [60, 30, 7]


def test_of_times_that_passed_unseen_only_the_nearest_is_told(officer: Person) -> None:
    reminders.run(now=before(20))
    assert list(Reminder.objects.values_list("days", flat=True)) == [30]


def test_contacts_are_those_of_the_persons_unit_and_whom_other_rooms_add(officer: Person, contact: Person) -> None:
    commander = make.person("Commander", unit_roles=("divisional-commander",))
    elsewhere = make.person("Elsewhere", unit_key="edinburgh", unit_roles=("spoc",))
    gone = make.person("Gone", unit_roles=("spoc",))
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    added = make.person("Added", unit_key="edinburgh")

    def receiver(person: Person, **_: object) -> list[Person]:
        return [added] if person == officer else []

    signals.training_runs_out.connect(receiver)
    try:
        reminders.run(now=before(30))
    finally:
        signals.training_runs_out.disconnect(receiver)
    assert [told(each) for each in (officer, contact, commander, added, elsewhere, gone)] == [1, 1, 1, 1, 0, 0]
    assert "Officer is in force until" in Notice.objects.get(person=contact, subject=reminders.SUBJECT).body


def test_a_contact_whose_own_training_runs_out_is_told_once() -> None:
    contact = make.joined("Contact", trained_until=END, unit_roles=("spoc",))
    reminders.run(now=before(30))
    assert told(contact) == 1


def test_a_renewal_settles_it_and_begins_anew(officer: Person, contact: Person) -> None:
    reminders.run(now=before(30))
    now = before(20)
    actions.record_completion(by=TEST, person=officer, trainer=make.trainer(), completed_at=now, now=now)
    reminders.run(now=now)
    assert (unread(officer), unread(contact)) == (0, 0)
    reminders.run(now=before(5))
    assert told(officer) == 1
    reminders.run(now=now + timedelta(days=1095 - 60))
    assert (told(officer), unread(officer)) == (2, 1)


@pytest.mark.parametrize("change", [{"signed_off": False}, {"ended_at": NOW}, {"course": "another"}])
def test_nobody_is_reminded_of_what_does_not_count(officer: Person, change: dict[str, object]) -> None:
    make.as_if(Completion, **change)
    reminders.run(now=before(30))
    assert not Reminder.objects.exists()


def test_whoever_has_left_is_not_reminded_and_what_was_told_is_settled(officer: Person, contact: Person) -> None:
    reminders.run(now=before(60))
    actions.mark_left(by=TEST, person=officer, reason="Left", now=before(50))
    reminders.run(now=before(30))
    assert (told(contact), unread(contact)) == (1, 0)


def test_it_is_on_record_and_kept_once_by_the_database(officer: Person) -> None:
    reminders.run(now=before(7))
    event = Event.objects.get(what="person.training_reminded")
    assert (event.about, event.facts) == ([officer.audit_ref], {"days": 7})
    row = Reminder.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="nobody_is_reminded_twice"), transaction.atomic():
        row.save(force_insert=True)
