"""The structure on pages: places over and overdue, reviews by two people, what is kept of accounts, and who sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mercat.people.models import Person
from mercat.register.flags import missing_numbers
from mercat.register.models import Account, Review, Slot
from mercat.register.reviews.actions import propose
from mercat.register.standing import actions as standing
from tests import factories as make
from tests.factories import NOW, TEST
from tests.kept import gained, kept
from tests.pages import at_noon, queries_of, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

STEPS = ("close", "dormant", "wake", "suspend", "reinstate")
BIO = "Do not report crime here. Call 101, or 999 in an emergency."


def communicator(name: str) -> Person:
    return make.person(name, unit_key="corporate-communications", roles=("corporate-communications",))


@pytest.fixture
def communications(db: None) -> Client:
    return signed_in(communicator("Comms"))


@pytest.fixture
def second(db: None) -> Client:
    return signed_in(communicator("Second"))


@pytest.fixture
def commander(db: None) -> Client:
    return signed_in(make.person("Commander", unit_roles=("divisional-commander",)))


@pytest.fixture
def foreign(db: None) -> Client:
    return signed_in(make.person("Foreign", unit_key="edinburgh", unit_roles=("divisional-commander",)))


def review_of(row: Account) -> str:
    return f"/register/places/{row.slot_id}/review/"


def days_later(days: int, monkeypatch: pytest.MonkeyPatch, **clients: Client) -> None:
    """Time passes, and these people, by their names in small letters, sign in again."""
    later = NOW + timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: later)
    for name, client in clients.items():
        client.force_login(Person.objects.get(name=name.capitalize()))


# The register


def test_each_tier_of_a_network_is_counted_filled_vacant_and_over(commander: Client) -> None:
    make.account("Dundee", connected=False)
    make.slot("vacant", name="Vacant place")
    over = make.account("Perth", connected=False)
    make.shut_place(over.slot)
    said = text_of(commander.get("/register/"))
    assert "Bluesky 1 of 2, 1 over" in said
    assert "Network Tier Places Filled Vacant Over Bluesky Local 2 1 1 1" in said
    table = said.partition("Places in the authorised structure Network Place")[2]
    assert "Perth Tayside Local Perth – Over Close the account" in table
    assert "Perth" in text_of(commander.get("/register/?state=over")).partition("Places in the authorised")[2]


def test_what_is_overdue_stands_on_the_register_and_at_home(commander, foreign, monkeypatch) -> None:
    make.account("Dundee", connected=False)
    assert "Review overdue" not in text_of(commander.get("/register/"))
    assert "On the register" not in text_of(foreign.get("/"))
    days_later(366, monkeypatch, commander=commander, foreign=foreign)
    assert "Review overdue since 23 November 2027" in text_of(commander.get("/register/"))
    assert "On the register 1 Dundee" in text_of(commander.get("/"))
    assert "On the register" not in text_of(foreign.get("/"))
    assert "Dundee" in text_of(commander.get("/register/reviews/"))
    assert "Nothing is due" in text_of(foreign.get("/register/reviews/"))


def test_the_pages_take_the_same_queries_for_many_places(communications, monkeypatch) -> None:
    def one(name: str) -> None:
        row = make.account(name)
        make.spoc_of(row)
        propose(by=TEST, slot=row.slot, outcome=Review.Outcome.KEEP, reason="Used", now=NOW)

    one("Dundee")
    days_later(366, monkeypatch, comms=communications)
    pages = ("/register/", "/register/reviews/", "/register/attention/", "/")
    for page in pages:
        communications.get(page)
    few = {page: queries_of(communications, page) for page in pages}
    for number in range(4):
        one(f"Place {number}")
    assert {page: queries_of(communications, page) for page in pages} == few


# Reviews


def test_a_commander_proposes_and_corporate_communications_concludes(commander, communications) -> None:
    row = make.account("Dundee", connected=False)
    said = text_of(commander.post(review_of(row), {"outcome": "close", "reason": "Nobody reads it."}, follow=True))
    assert "Review of Dundee is proposed. Somebody else concludes it." in said
    assert "It waits for somebody else to conclude it." in said
    review = Review.objects.get()
    assert commander.post(f"{review_of(row)}{review.pk}/conclude/").status_code == 403
    assert "Conclude: close" in text_of(communications.get(review_of(row)))
    said = text_of(communications.post(f"{review_of(row)}{review.pk}/conclude/", follow=True))
    assert "Review of Dundee is concluded." in said
    assert "This place is closed." in said
    assert "Review: close Nobody reads it. Commander" in said
    row.refresh_from_db()
    assert row.status == "closed"


def test_whoever_proposes_to_close_what_is_connected_does_not_conclude_it(communications, second) -> None:
    row = make.account("Dundee")
    communications.post(review_of(row), {"outcome": "close", "reason": "Nobody reads it."})
    review = Review.objects.get()
    assert "Conclude: close" not in text_of(communications.get(review_of(row)))
    again = communications.post(f"{review_of(row)}{review.pk}/conclude/")
    assert again.status_code == 422
    assert "Whoever proposed this does not conclude it." in text_of(again)
    second.post(f"{review_of(row)}{review.pk}/conclude/")
    row.refresh_from_db()
    assert row.status == "closed"


def test_a_review_is_declined_with_a_reason(communications, commander) -> None:
    row = make.account("Dundee", connected=False)
    commander.post(review_of(row), {"outcome": "close", "reason": "Nobody reads it."})
    where = f"{review_of(row)}{Review.objects.get().pk}/decline/"
    empty = communications.post(where, {"reason": ""})
    assert empty.status_code == 422
    assert '<a href="#reason-declined">Say why' in empty.content.decode()
    said = text_of(communications.post(where, {"reason": "It is read."}, follow=True))
    assert "Review declined It is read. Comms" in said


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"reason": "Because"}, "outcome"),
        ({"outcome": "keep"}, "reason"),
        ({"outcome": "merge", "reason": "Because"}, "successor"),
        ({"outcome": "keep", "reason": "Because", "next_due": "soon"}, "next_due"),
    ],
)
def test_half_a_review_is_none_and_what_was_typed_stays(communications, typed: dict[str, str], field: str) -> None:
    row = make.account("Dundee")
    before = kept()
    response = communications.post(review_of(row), typed)
    assert response.status_code == 422
    assert f'<a href="#{field}">' in response.content.decode()
    assert typed.get("reason", "") in response.content.decode()
    assert not gained(before)


def test_keeping_moves_the_review_date(communications) -> None:
    row = make.account("Dundee")
    typed = {"outcome": "keep", "reason": "Used daily.", "next_due": "2027-06-01"}
    said = text_of(communications.post(review_of(row), typed, follow=True))
    assert "Review of Dundee is done." in said
    assert "Next review: 1 June 2027" in said
    late = communications.post(review_of(row), {**typed, "next_due": "2030-01-01"})
    assert late.status_code == 422
    assert Slot.objects.get(pk=row.slot_id).review_due.isoformat() == "2027-06-01"


# Scope


def test_a_commander_of_another_division_neither_sees_nor_does_anything_about_it(foreign: Client) -> None:
    row = make.account("Dundee")
    standing.record_posture(
        by=TEST, account=row, second_factor=True, recovery_role="ict", recovery_mailbox="recovery@force.example",
        evidence="Seen", now=NOW,
    )  # fmt: skip
    make.put(row, "suspended")
    review = propose(by=TEST, slot=row.slot, outcome=Review.Outcome.KEEP, reason="A secret reason", now=NOW)
    where = f"/register/{row.pk}/"
    said = text_of(foreign.get(where))
    assert "A test" not in said
    assert "recovery@force.example" not in said
    assert "History" not in said
    before = kept()
    refused = [
        foreign.get(f"/register/places/{row.slot_id}/history/"),
        foreign.get(review_of(row)),
        foreign.post(review_of(row), {"outcome": "close", "reason": "Mine now"}),
        foreign.post(f"{review_of(row)}{review.pk}/conclude/"),
        foreign.post(f"{review_of(row)}{review.pk}/decline/", {"reason": "No"}),
        foreign.get(f"{where}describe/"),
        foreign.post(f"{where}describe/", {"bio": "Owned"}),
        foreign.get(f"{where}manage/"),
        foreign.post(f"{where}manage/", {"name": "Owned"}),
        foreign.get(f"{where}protection/"),
        *(
            foreign.post(f"{where}{act}/", {"reason": "x"})
            for act in ("close", "dormant", "wake", "suspend", "reinstate")
        ),
    ]
    assert {response.status_code for response in refused} == {403}
    assert "A secret reason" not in text_of(foreign.get("/register/reviews/"))
    assert not gained(before)


def test_the_own_commander_sees_why_it_is_suspended_and_how_it_is_protected(commander: Client) -> None:
    row = make.account("Dundee")
    make.put(row, "suspended")
    said = text_of(commander.get(f"/register/{row.pk}/"))
    assert "Suspended 23 November 2026 : A test" in said
    assert "A test" in text_of(commander.get(f"/register/places/{row.slot_id}/history/"))


# What is kept of an account


def test_a_bio_names_the_numbers_to_call_or_is_flagged(commander: Client) -> None:
    row = make.account("Dundee")
    where = f"/register/{row.pk}/"
    assert "Its bio is not on record" in text_of(commander.get(where))
    commander.post(f"{where}describe/", {"bio": "Call 101.", "purpose": "To inform", "languages": "English, Gaelic"})
    said = text_of(commander.get(where))
    assert "Its bio does not name 999" in said
    assert "English, Gaelic" in said
    assert "Its bio does not name 999" in text_of(commander.get("/register/attention/"))
    commander.post(f"{where}describe/", {"bio": BIO})
    assert "Its bio" not in text_of(commander.get(where))


@pytest.mark.parametrize(
    ("bio", "missing"),
    [(BIO, []), ("Call 1011 or 9999", ["101", "999"]), ("101/999", []), ("", ["101", "999"]), ("999 only", ["101"])],
)
def test_a_number_is_named_as_a_number_of_its_own(bio: str, missing: list[str]) -> None:
    assert missing_numbers(bio) == missing


def test_protection_is_looked_at_and_flagged_when_the_look_runs_out(communications, monkeypatch) -> None:
    row = make.account("Dundee")
    where = f"/register/{row.pk}/"
    assert "Its protection on the network has not been looked at" in text_of(communications.get(where))
    own = Person.objects.get(name="Comms").email
    typed = {"second_factor": "yes", "recovery_role": "ict", "recovery_mailbox": own, "evidence": "Seen on screen"}
    wrong = communications.post(f"{where}protection/", typed)
    assert wrong.status_code == 422
    assert "one person’s own address" in text_of(wrong)
    typed["recovery_mailbox"] = "r@force.example"
    said = text_of(communications.post(f"{where}protection/", typed, follow=True))
    assert "is kept, and counts for 90 days" in said
    assert "Second factor on; recovered by ICT service desk, r@force.example" in said
    days_later(91, monkeypatch, comms=communications)
    assert "The look at its protection ran out on 21 February 2027" in text_of(communications.get(where))


@pytest.mark.parametrize("field", ["second_factor", "recovery_role", "recovery_mailbox", "evidence"])
def test_a_look_says_all_of_it(communications, field: str) -> None:
    row = make.account("Dundee")
    typed = {"second_factor": "no", "recovery_role": "ict", "recovery_mailbox": "r@force.example", "evidence": "Seen"}
    response = communications.post(f"/register/{row.pk}/protection/", {**typed, field: ""})
    assert response.status_code == 422
    assert f'<a href="#{field}">' in response.content.decode()


def test_name_and_holder_are_changed_under_the_rule_of_rank(communications) -> None:
    row = make.account("Chief", tier="individual", connected=False)
    constable, chief = make.person(rank="constable"), make.person("The Chief", rank="chief-constable")
    where = f"/register/{row.pk}/manage/"
    wrong = communications.post(where, {"name": "Chief", "holder": constable.number})
    assert wrong.status_code == 422
    assert "4.7" in text_of(wrong)
    said = text_of(communications.post(where, {"name": "Chief", "holder": chief.number}, follow=True))
    assert "Held for the force by The Chief" in said


# Status


def test_an_account_is_closed_by_another_than_suspended_it(communications, commander) -> None:
    row = make.account("Dundee")
    where = f"/register/{row.pk}/"
    assert "closing it takes two people" in text_of(communications.get(where)).lower()
    refused = communications.post(f"{where}close/", {"reason": "Now"})
    assert refused.status_code == 422
    assert "closing it takes two people" in text_of(refused)
    assert commander.post(f"{where}close/", {"reason": "Now"}).status_code == 403
    make.suspend(row)
    said = text_of(communications.post(f"{where}close/", {"reason": "Its place is gone"}, follow=True))
    assert "Dundee is closed, and its credentials are destroyed." in said
    assert "Suspend the account" not in said


def test_an_account_is_marked_dormant_and_woken(commander: Client) -> None:
    row = make.account("Dundee")
    where = f"/register/{row.pk}/"
    said = text_of(commander.post(f"{where}dormant/", {"reason": "Nobody writes"}, follow=True))
    assert "Dundee is dormant." in said
    assert "Wake the account" in said
    said = text_of(commander.post(f"{where}wake/", {"reason": "Gales"}, follow=True))
    assert "Dundee is active again." in said
    again = commander.post(f"{where}wake/", {"reason": "Gales"})
    assert again.status_code == 422
