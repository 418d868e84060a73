"""Every action is recorded once, by whoever took it, in the same transaction; names stay outside the leaf."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from mercat.audit.actors import NoActor, System
from mercat.audit.models import Event
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.people.conftest import CHAIN, Holders, end_role, grant_role, mark_left, mark_returned

pytestmark = pytest.mark.django_db

ABOUT = {"name": "Somebody Byname", "email": "some.body@mercat.example", "number": "n-4711"}
OTHERS = {
    "register_person": lambda by, person: actions.register_person(
        by=by, unit=person.unit, rank="constable", employment="officer", now=NOW, **ABOUT
    ),
    "set_passphrase": lambda by, person: actions.set_passphrase(
        by=by, person=person, passphrase="harbour lantern thistle", now=NOW
    ),
    "grant_role": grant_role,
    "end_role": end_role,
    "mark_left": mark_left,
    "mark_returned": mark_returned,
}
BY = {
    "nominate": "comms",
    "record_completion": "trainer",
    "acknowledge": "officer",
    "authorise": "iso",
    "confirm_training": "comms",
    "open_access": "ict",
    "assign_licence": "ict",
    "end_access": "commander",
    "register_person": "administrator",
    "set_passphrase": "administrator",
    "grant_role": "administrator",
    "end_role": "administrator",
    "mark_left": "administrator",
    "mark_returned": "administrator",
}
WHAT = {
    "nominate": "person.nominated",
    "record_completion": "person.trained",
    "acknowledge": "person.acknowledged",
    "authorise": "person.authorised",
    "confirm_training": "person.training_confirmed",
    "open_access": "person.access_opened",
    "assign_licence": "person.licensed",
    "end_access": "person.access_ended",
    "register_person": "person.registered",
    "set_passphrase": "person.passphrase_set",
    "grant_role": "person.role_granted",
    "end_role": "person.role_ended",
    "mark_left": "person.left",
    "mark_returned": "person.returned",
}
BEFORE = {"end_role": grant_role, "mark_returned": mark_left}  # what each of these takes back
ACTS = {**CHAIN, **OTHERS}
Until = Callable[[str], Person]


@pytest.mark.parametrize("act", ACTS)
def test_an_action_is_one_event_of_whoever_took_it(holders: Holders, joined_until: Until, act: str) -> None:
    person = joined_until(act if act in CHAIN else "nominate")
    if act in BEFORE:
        BEFORE[act](TEST, person)
    before = Event.objects.count()
    ACTS[act](holders[BY[act]], person)
    (event,) = Event.objects.order_by("id")[before:]
    by = person if act == "acknowledge" else holders[BY[act]]
    assert (event.what, event.actor, event.system_reason, event.at) == (WHAT[act], by.audit_ref, "", NOW)
    about = person if act != "register_person" else Person.objects.get(number="n-4711")
    assert event.about[0] == about.audit_ref


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_recorded_is_not_done(
    holders: Holders, joined_until: Until, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = joined_until(act if act in CHAIN else "nominate")
    if act in BEFORE:
        BEFORE[act](TEST, person)
    before = kept()
    standing = list(Person.objects.order_by("pk").values())

    def full(**_: object) -> None:
        raise OSError("no room for the record")

    monkeypatch.setattr(actions, "record", full)
    with pytest.raises(OSError, match="no room"), transaction.atomic():
        ACTS[act](holders[BY[act]], person)
    assert not gained(before)
    assert list(Person.objects.order_by("pk").values()) == standing


@pytest.mark.parametrize("act", [act for act in ACTS if act != "acknowledge"])
def test_the_systems_reason_is_recorded(joined_until: Until, act: str) -> None:
    person = joined_until(act if act in CHAIN else "nominate")
    ACTS[act](System("Imported from the list of 2026"), person)
    event = Event.objects.get(what=WHAT[act], system_reason="Imported from the list of 2026")
    assert event.actor == ""


def test_nobody_acts_without_a_name_or_a_reason(newcomer: Person) -> None:
    before = kept()
    with pytest.raises(NoActor), transaction.atomic():
        actions.nominate(by=System(" "), person=newcomer, now=NOW)
    assert not gained(before)


def test_names_and_free_words_about_people_are_outside_the_leaf(holders: Holders, joined_until: Until) -> None:
    actions.register_person(
        by=holders["administrator"], unit=make.unit(), rank="constable", employment="officer", now=NOW, **ABOUT
    )
    person = joined_until("end_access")
    actions.end_access(by=holders["ict"], person=person, reason="Long-term sickness", now=NOW)
    end_role(holders["administrator"], person)
    mark_left(holders["administrator"], person)
    leaves = b"".join(bytes(event.leaf) for event in Event.objects.all())
    for words in (*ABOUT.values(), "sickness", "another desk", "to the sea", person.name, person.email):
        assert words.encode() not in leaves
    assert Event.objects.get(what="person.access_ended").personal.data == {"reason": "Long-term sickness"}
    registered = Event.objects.filter(what="person.registered").order_by("-id")
    assert ABOUT in [event.personal.data for event in registered]


def test_whoever_gets_a_passphrase_from_somebody_else_is_told(holders: Holders, newcomer: Person) -> None:
    """Else an administrator could act as them unseen."""
    for by in (TEST, newcomer, holders["administrator"]):
        actions.set_passphrase(by=by, person=newcomer, passphrase="harbour lantern thistle", now=NOW)
    (notice,) = newcomer.notices.all()
    assert notice.body.startswith("administrator set it.")


def test_a_passphrase_is_recorded_as_set_and_never_as_text(newcomer: Person) -> None:
    actions.set_passphrase(by=newcomer, person=newcomer, passphrase="harbour lantern thistle", now=NOW)
    assert Person.objects.get(pk=newcomer.pk).check_password("harbour lantern thistle")
    event = Event.objects.get(what="person.passphrase_set")
    assert b"harbour" not in bytes(event.leaf)
    assert not hasattr(event, "personal")


@pytest.mark.parametrize("passphrase", ["", "short", "password123456"])
def test_a_weak_passphrase_is_refused_and_the_old_one_stands(newcomer: Person, passphrase: str) -> None:
    actions.set_passphrase(by=TEST, person=newcomer, passphrase="harbour lantern thistle", now=NOW)
    before = kept()
    with pytest.raises(Impossible, match="as it was"):
        actions.set_passphrase(by=newcomer, person=newcomer, passphrase=passphrase, now=NOW)
    assert not gained(before)
    assert Person.objects.get(pk=newcomer.pk).check_password("harbour lantern thistle")


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"rank": "field-marshal"}, "not a rank"),
        ({"employment": "volunteer"}, "not a valid choice"),
        ({"email": "no address"}, "valid email"),
        ({"email": "TAKEN@mercat.example"}, "already exists"),
        ({"number": "taken"}, "already exists"),
        ({"name": ""}, "blank"),
        ({"name": "x" * 121}, "at most 120"),
    ],
)
def test_a_person_who_cannot_be_is_refused_in_words_and_not_kept(about: dict, says: str) -> None:
    someone = {"unit": make.unit(), "rank": "constable", "employment": "officer"}
    actions.register_person(by=TEST, **someone, name="Taken", email="taken@mercat.example", number="taken", now=NOW)
    before = kept()
    with pytest.raises(Impossible, match=says) as refused:
        actions.register_person(by=TEST, now=NOW, **{**ABOUT, **someone, **about})
    assert "Nothing was saved" in str(refused.value)
    assert not gained(before)


def test_addresses_differ_by_more_than_their_case(newcomer: Person) -> None:
    person = actions.register_person(
        by=TEST, name="A", email="A.Person@Mercat.Example", number="7", unit=make.unit(), rank="constable",
        employment="officer", now=NOW,
    )  # fmt: skip
    assert person.email == "a.person@mercat.example"
    assert Person.objects.get_by_natural_key("A.PERSON@mercat.example") == person


@pytest.mark.parametrize(
    ("role", "unit", "says"),
    [
        ("king", None, "not a role"),
        ("divisional-commander", None, "say in which"),
        ("auditor", "tayside", "held everywhere"),
    ],
)
def test_a_role_that_would_grant_nothing_is_refused(newcomer: Person, role: str, unit: str | None, says: str) -> None:
    before = kept()
    with pytest.raises(Impossible, match=says):
        actions.grant_role(by=TEST, person=newcomer, role=role, unit=make.unit(unit) if unit else None, now=NOW)
    assert not gained(before)


def test_a_role_is_held_once(newcomer: Person) -> None:
    actions.grant_role(by=TEST, person=newcomer, role="auditor", unit=None, now=NOW)
    with pytest.raises(Impossible, match="already"):
        actions.grant_role(by=TEST, person=newcomer, role="auditor", unit=None, now=NOW + timedelta(days=1))


def test_units_are_founded_once_with_the_ones_around_them() -> None:
    assert actions.found_units(by=TEST, now=NOW) == len(guidance().pack.units)
    before = kept()
    assert actions.found_units(by=TEST, now=NOW) == 0
    assert not gained(before)
    assert Unit.objects.filter(kind="division").count() == 13
