"""The pool of licences: taken, free, idle, who waits, and one ended with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mercat.audit.actions import record
from mercat.guidance.shape import Licences
from mercat.people import actions
from mercat.people.facts import person_facts
from mercat.people.joining import licences
from mercat.people.models import Licence, Person
from mercat.people.pack import guidance
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.pages import SOON, at_noon, signed_in, text_of  # noqa: F401
from tests.people.conftest import Holders
from tests.people.test_database import up_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PAGE = "/people/licences/"
LONG_AGO = NOW - timedelta(days=91)


@pytest.fixture
def pool_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(guidance(), pack=guidance().pack.model_copy(update={"licences": Licences(pool=1, idle_days=90)}))
    for module in (actions, licences):
        monkeypatch.setattr(module, "guidance", lambda: small)


def end(by: Person, person: Person, reason: str):
    return signed_in(by).post(PAGE, {"person": str(person.pk), f"end-{person.pk}-reason": reason})


def test_the_page_is_for_those_who_give_licences(holders: Holders) -> None:
    seen = {name for name, holder in holders.items() if signed_in(holder).get(PAGE).status_code == 200}
    assert seen == {"comms", "ict"}


@pytest.mark.usefixtures("pool_of_one")
def test_the_pool_says_what_is_taken_and_who_waits_when_it_is_full(holders: Holders) -> None:
    make.joined("Holder")
    up_to("assign_licence", make.person("Waiting"))
    said = text_of(signed_in(holders["comms"]).get(PAGE))
    assert "1 of 1 are taken, 0 are free." in said
    assert "Waiting for one None is free Waiting since 23 November 2026" in said
    assert "Holder Tayside 23 November 2026 Not yet" in said


def test_a_licence_that_nobody_used_for_the_packs_days_is_idle(holders: Holders) -> None:
    for name in ("Idle", "Busy"):
        make.joined(name, now=LONG_AGO)
    make.joined("New")
    busy = Person.objects.get(name="Busy")
    record(by=busy, what="post.composed", about=["post:1"], now=NOW - timedelta(days=2))
    assert [row.person.name for row in licences.idle(now=SOON)] == ["Idle"]
    client = signed_in(holders["comms"])
    said = text_of(client.get(PAGE))
    assert "Idle Tayside 24 August 2026 Not yet Idle" in said
    assert "Busy Tayside 24 August 2026 21 November 2026 End" in said
    assert "Busy" not in text_of(client.get(f"{PAGE}?idle=yes"))


def test_a_licence_is_ended_with_its_reason_and_the_rest_stands(holders: Holders) -> None:
    person = make.joined("Holder")
    assert end(holders["comms"], person, "").status_code == 422
    assert end(holders["comms"], person, "Not used").status_code == 302
    standing = person_facts(person, now=SOON)
    assert (standing.licensed, standing.access, standing.authorised) == (False, True, True)
    assert Licence.objects.get().ended_at == SOON
    notice = person.notices.latest("pk")
    assert (notice.subject, notice.body) == ("Your licence has ended", "By comms. Why: Not used")
    assert "has no licence" in text_of(end(holders["comms"], person, "Again"))


def test_nobody_else_ends_one(holders: Holders) -> None:
    person = make.joined("Holder")
    before = kept()
    assert end(holders["auditor"], person, "No").status_code == 403
    assert not gained(before)


def test_a_licence_ends_with_access_and_with_leaving() -> None:
    first, second = make.joined("First"), make.joined("Second")
    actions.end_access(by=TEST, person=first, reason="Moved", now=NOW)
    actions.mark_left(by=TEST, person=second, reason="Retired", now=NOW)
    assert licences.pool().taken == 0
