"""Two connections at once: the second waits for the first, and then sees what it did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import transaction

from mercat.guidance.gate import Refused
from mercat.guidance.shape import Licences
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.models import Licence, Nomination, Person, RoleGrant
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.meanwhile import meanwhile
from tests.people.conftest import CHAIN

pytestmark = pytest.mark.django_db(transaction=True)


def with_access(name: str) -> Person:
    """Somebody who has taken every step but the licence."""
    person = make.person(name)
    for step in list(CHAIN)[: list(CHAIN).index("assign_licence")]:
        CHAIN[step](TEST, person)
    return person


@pytest.fixture
def pool_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = guidance().pack.model_copy(update={"licences": Licences(pool=1, idle_days=90)})
    small = replace(guidance(), pack=pack)
    monkeypatch.setattr(actions, "guidance", lambda: small)


@pytest.mark.usefixtures("pool_of_one")
def test_the_last_licence_is_not_given_twice() -> None:
    first, second = with_access("First"), with_access("Second")

    def take() -> None:
        actions.assign_licence(by=TEST, person=second, now=NOW)

    with transaction.atomic():
        actions.assign_licence(by=TEST, person=first, now=NOW)
        taking = meanwhile(take)
    with pytest.raises(Impossible, match="All 1 licences are taken"):
        taking.result(10)
    assert Licence.objects.get().person == first


@pytest.mark.usefixtures("pool_of_one")
def test_a_licence_that_ended_is_given_to_the_next() -> None:
    first, second = with_access("First"), with_access("Second")
    actions.assign_licence(by=TEST, person=first, now=NOW)
    actions.end_access(by=TEST, person=first, reason="Left", now=NOW)
    assert actions.assign_licence(by=TEST, person=second, now=NOW).person == second


def test_one_person_taking_two_steps_at_the_same_moment_is_refused_the_second() -> None:
    one = make.person(
        "One of both", unit_key="corporate-communications", roles=("corporate-communications", "social-media-trainer")
    )
    newcomer = make.person("Newcomer")

    def train() -> None:
        actions.record_completion(by=one, person=newcomer, trainer=one, completed_at=NOW, now=NOW)

    with transaction.atomic():
        actions.nominate(by=one, person=newcomer, now=NOW)
        training = meanwhile(train)
    with pytest.raises(Refused, match=r"M\.6"):
        training.result(10)


def test_two_who_nominate_at_the_same_moment_make_one_nomination() -> None:
    newcomer = make.person("Newcomer")

    def nominate() -> None:
        actions.nominate(by=TEST, person=newcomer, now=NOW)

    with transaction.atomic():
        nominate()
        nominating = meanwhile(nominate)
    with pytest.raises(Impossible, match="nominated already"):
        nominating.result(10)
    assert Nomination.objects.count() == 1


def test_two_administrators_who_end_each_others_role_leave_one() -> None:
    one, other = (make.person(name, unit_key="ict", roles=("administrator",)) for name in ("One", "Other"))

    def end(by: Person, of: Person) -> None:
        actions.end_role(by=by, grant=RoleGrant.objects.get(person=of), reason="No more", now=NOW)

    with transaction.atomic():
        end(one, other)
        ending = meanwhile(lambda: end(other, one))
    with pytest.raises(Refused, match=r"M\.9"):
        ending.result(10)
    assert RoleGrant.objects.get(ended_at=None).person == one


def test_two_administrators_who_mark_each_other_as_having_left_leave_one() -> None:
    one, other = (make.person(name, unit_key="ict", roles=("administrator",)) for name in ("One", "Other"))
    with transaction.atomic():
        actions.mark_left(by=one, person=other, reason="Gone", now=NOW)
        leaving = meanwhile(lambda: actions.mark_left(by=other, person=one, reason="Gone", now=NOW))
    with pytest.raises(Refused, match=r"M\.7"):
        leaving.result(10)
    assert Person.objects.get(is_active=True) == one


def test_a_role_given_while_its_holder_leaves_does_not_outlast_them() -> None:
    leaver = make.person("Leaver")
    with transaction.atomic():
        actions.mark_left(by=TEST, person=leaver, reason="Gone", now=NOW)
        giving = meanwhile(lambda: actions.grant_role(by=TEST, person=leaver, role="auditor", unit=None, now=NOW))
    with pytest.raises(Impossible, match="has left"):
        giving.result(10)
    assert not RoleGrant.objects.exists()


def test_one_person_added_twice_at_the_same_moment_is_on_the_list_once() -> None:
    unit = make.unit()

    def register() -> None:
        actions.register_person(
            by=TEST, name="A", email="a@mercat.example", number="1", unit=unit, rank="constable",
            employment="officer", now=NOW,
        )  # fmt: skip

    with transaction.atomic():
        register()
        registering = meanwhile(register)
    with pytest.raises(Impossible, match="on the list already"):
        registering.result(10)
    assert Person.objects.count() == 1
