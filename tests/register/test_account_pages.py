"""What is done about an account on pages: it is registered, has points of contact, is suspended and reinstated."""

from __future__ import annotations

import pytest

from mercat.people.models import Person
from mercat.register import actions
from mercat.register.models import Account, Slot, Spoc
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def communications(db: None):
    return signed_in(make.person("Comms", unit_key="corporate-communications", roles=("corporate-communications",)))


@pytest.fixture
def commander(db: None):
    return signed_in(make.person("Commander", unit_roles=("divisional-commander",)))


@pytest.fixture
def commander_elsewhere(db: None):
    return signed_in(make.person("Elsewhere", unit_key="edinburgh", unit_roles=("divisional-commander",)))


# Registering


def vacant(network: str = "bluesky") -> Slot:
    return make.slot("the-ferry", network=network, name="The Ferry")


def test_a_vacant_place_is_filled_by_those_who_may_and_connecting_follows(communications) -> None:
    vacant()
    assert 'href="/register/places/the-ferry/"' in communications.get("/register/").content.decode()
    assert 'value="The Ferry"' in communications.get("/register/places/the-ferry/").content.decode()
    response = communications.post("/register/places/the-ferry/", {"name": "Police in the Ferry"}, follow=True)
    row = Account.objects.get()
    assert (row.name, row.status) == ("Police in the Ferry", "approved")
    assert response.redirect_chain == [(f"/register/{row.pk}/connect/", 302)]
    assert "Police in the Ferry is on the register." in text_of(response)
    assert "places/the-ferry" not in communications.get("/register/").content.decode()
    again = communications.post("/register/places/the-ferry/", {"name": "Another"})
    assert again.headers["location"] == f"/register/{row.pk}/"


def test_an_account_that_cannot_be_connected_is_registered_all_the_same(communications) -> None:
    vacant("elsewhere")
    response = communications.post("/register/places/the-ferry/", {"name": "The Ferry"})
    assert response.headers["location"] == f"/register/{Account.objects.get().pk}/"


def test_an_account_has_a_name(communications) -> None:
    vacant()
    before = kept()
    response = communications.post("/register/places/the-ferry/", {"name": " "})
    assert response.status_code == 422
    assert '<a href="#name">Enter the name of the account</a>' in response.content.decode()
    assert not gained(before)


def test_nobody_else_registers_and_the_register_offers_it_to_nobody_else(commander) -> None:
    vacant()
    assert "places/the-ferry" not in commander.get("/register/").content.decode()
    for response in (commander.get("/register/places/the-ferry/"), commander.post("/register/places/the-ferry/")):
        assert response.status_code == 403
        assert "5.1 Accounts are put on the register by Corporate Communications." in text_of(response)
    assert not Account.objects.exists()


def test_a_place_that_is_closed_or_was_never_there_has_no_page(communications) -> None:
    make.shut_place(vacant())
    assert communications.get("/register/places/the-ferry/").status_code == 404
    assert communications.get("/register/places/nowhere/").status_code == 404


# Points of contact


def contacts(row: Account) -> str:
    return f"/register/{row.pk}/contacts/"


def test_people_of_the_unit_who_may_post_can_be_appointed_and_nobody_else(commander) -> None:
    row = make.account("Dundee")
    make.authorised("Able Person")
    make.person("Untrained Person")
    make.authorised("Foreign Person", unit_key="edinburgh")
    make.spoc_of(row, "Contact Already")
    Person.objects.filter(pk=make.authorised("Gone Person").pk).update(is_active=False)
    able = text_of(commander.get(contacts(row))).partition("People who can be appointed")[2]
    assert "Able Person" in able
    for name in ("Untrained Person", "Foreign Person", "Contact Already", "Gone Person"):
        assert name not in able


@pytest.mark.parametrize(("text", "found"), [("able", True), ("number", True), ("nobody of that name", False)])
def test_they_are_found_by_name_or_number(commander, text: str, found: bool) -> None:
    row, able = make.account("Dundee"), make.authorised("Able Person")
    wanted = able.number if text == "number" else text
    said = text_of(commander.get(contacts(row), {"text": wanted}))
    assert ("Appoint Able Person" in said) is found
    assert ("Nobody can be appointed" in said) is not found


def test_a_commander_appoints_and_dismisses_and_the_page_says_what_follows(commander) -> None:
    row, able = make.account("Dundee"), make.authorised("Able Person")
    where = f"/register/{row.pk}/"
    assert "stops speaking after 14 days from 23 November 2026 Appoint a point of contact" in text_of(
        commander.get(where)
    )
    said = text_of(commander.post(contacts(row), {"person": able.pk}, follow=True))
    assert "Able Person is a point of contact of Dundee." in said
    assert "Able Person since 23 November 2026 Appoint or dismiss" in said
    spoc = Spoc.objects.get()
    said = text_of(commander.post(f"{contacts(row)}{spoc.pk}/dismiss/", follow=True))
    assert "Able Person is no longer a point of contact of Dundee." in said
    again = commander.post(f"{contacts(row)}{spoc.pk}/dismiss/")
    assert again.status_code == 422
    assert "no longer a point of contact of this account. Nothing was changed." in text_of(again)
    assert "There is none, since 23 November 2026 . Without a point of contact, the account stops" in text_of(again)


@pytest.mark.parametrize("who", ["untrained", "foreign", "nobody"])
def test_whoever_is_not_offered_is_not_appointed(commander, who: str) -> None:
    row = make.account("Dundee")
    people = {"untrained": make.person().pk, "foreign": make.authorised(unit_key="edinburgh").pk, "nobody": "x"}
    before = kept()
    response = commander.post(contacts(row), {"person": people[who]})
    assert response.status_code == 422
    assert "Choose somebody of the account’s unit who may post" in text_of(response)
    assert not gained(before)


def test_the_commander_of_another_division_neither_appoints_nor_dismisses(commander_elsewhere) -> None:
    row = make.account("Dundee")
    make.spoc_of(row)
    able = make.authorised()
    before = kept()
    assert "Appoint or dismiss" not in text_of(commander_elsewhere.get(f"/register/{row.pk}/"))
    for response in (
        commander_elsewhere.get(contacts(row)),
        commander_elsewhere.post(contacts(row), {"person": able.pk}),
        commander_elsewhere.post(f"{contacts(row)}{Spoc.objects.get().pk}/dismiss/"),
    ):
        assert response.status_code == 403
        assert "5.7 A point of contact is appointed by the commander of the account's division" in text_of(response)
    assert not gained(before)
    assert Spoc.objects.get().ended_at is None


def test_a_point_of_contact_of_another_account_is_not_dismissed_from_here(commander) -> None:
    row, other = make.account("Dundee"), make.account("Leith", unit_key="edinburgh")
    make.spoc_of(other)
    assert commander.post(f"{contacts(row)}{Spoc.objects.get().pk}/dismiss/").status_code == 404


# Suspension


def test_a_commander_suspends_and_reinstates_with_a_reason(commander) -> None:
    row = make.account("Dundee")
    where = f"/register/{row.pk}/"
    said = text_of(commander.post(f"{where}suspend/", {"reason": "Strange posts"}, follow=True))
    assert "Dundee is suspended. Nothing goes out there until it is reinstated; what is due is held." in said
    assert "Reinstate the account" in said
    assert "Suspend the account" not in said
    said = text_of(commander.post(f"{where}reinstate/", {"reason": "Cleared up"}, follow=True))
    assert "Dundee is reinstated." in said
    row.refresh_from_db()
    assert row.status == "active"


def test_without_a_reason_nothing_is_suspended(commander) -> None:
    row = make.account("Dundee")
    before = kept()
    response = commander.post(f"/register/{row.pk}/suspend/", {"reason": " "})
    assert response.status_code == 422
    assert '<a href="#reason">Say why</a>' in response.content.decode()
    assert not gained(before)


def test_what_is_suspended_already_is_told(commander) -> None:
    row = make.account("Dundee")
    actions.suspend_account(by=TEST, account=row, reason="Strange posts", now=NOW)
    response = commander.post(f"/register/{row.pk}/suspend/", {"reason": "Typed already"})
    assert response.status_code == 422
    assert "suspended already. Nothing was changed." in text_of(response)
    assert 'value="Typed already"' in response.content.decode()


def test_the_commander_of_another_division_does_not_suspend(commander_elsewhere) -> None:
    row = make.account("Dundee")
    assert "Suspend the account" not in text_of(commander_elsewhere.get(f"/register/{row.pk}/"))
    for action in ("suspend", "reinstate"):
        response = commander_elsewhere.post(f"/register/{row.pk}/{action}/", {"reason": "Because"})
        assert response.status_code == 403
        assert "5.6" in text_of(response)


def test_a_suspended_account_is_shown_as_suspended_even_where_it_was_never_connected(commander) -> None:
    row = make.account("Dundee", connected=False)
    actions.suspend_account(by=TEST, account=row, reason="Not now", now=NOW)
    assert "Dundee Bluesky Suspended" in text_of(commander.get(f"/register/{row.pk}/"))
