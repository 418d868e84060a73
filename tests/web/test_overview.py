"""The view over everything that somebody answers for (5.1, 5.6)."""

from __future__ import annotations

import pytest

from mercat.delivery import actions as delivery
from mercat.watch.cases import actions as cases
from tests import factories as make
from tests.factories import NOW
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

PAGE = "/overview/"


@pytest.fixture
def account():
    return make.account("Dundee")


@pytest.fixture
def comms():
    return make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",))


def page(person) -> str:
    return text_of(signed_in(person).get(PAGE))


def test_communications_see_every_account_post_person_and_case(account, comms) -> None:
    elsewhere = make.account("Kirkcaldy", unit_key="fife")
    author = make.authorised("Author")
    make.submitted(author, account, text="Road closed in Dundee")
    make.submitted(make.authorised("Other", unit_key="fife"), elsewhere, text="Snow in Kirkcaldy")
    make.approved(author, make.spoc_of(account), account, text="Road open again")
    cases.report(by=author, address="https://x.com/dundee_p0lice", words="Seen.", now=NOW)
    said = page(comms)
    for part in (
        "Dundee",
        "Kirkcaldy",
        "Road closed in Dundee",
        "Snow in Kirkcaldy",
        "2 accounts",
        "1 to be looked at",
    ):
        assert part in said, part
    assert "2 submitted" in said or "2 waiting" in said.lower()
    assert "Pause sending" in said


def test_a_commander_sees_the_own_division_alone(account) -> None:
    elsewhere = make.account("Kirkcaldy", unit_key="fife")
    make.submitted(make.authorised("Other", unit_key="fife"), elsewhere, text="Snow in Kirkcaldy")
    commander = make.person("Commander", rank="chief-superintendent", unit_roles=("divisional-commander",))
    said = page(commander)
    assert "Dundee" in said
    assert "Kirkcaldy" not in said
    assert "Found accounts" not in said


def test_whoever_answers_for_nothing_is_told_so(account) -> None:
    assert "You answer for no account" in page(make.person("Newcomer"))


def test_a_pause_shows_and_what_has_troubles_stands_first(account, comms) -> None:
    make.account("Aberdeen")
    delivery.pause(by=comms, scope="body", key="", reason="Tried", now=NOW)
    assert "1 pause in force" in page(comms)


def test_its_queries_do_not_grow_with_what_there_is(account, comms) -> None:
    author = make.authorised("Author")
    make.submitted(author, account)
    client = signed_in(comms)
    few = queries_of(client, PAGE)
    for number in range(5):
        more = make.account(f"Account {number}")
        make.submitted(author, more)
    assert queries_of(client, PAGE) == few
