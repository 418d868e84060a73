"""The structure in a real browser: another way to an account, a merger by two people, a foreign division kept out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mercat.register.models import Account, Application
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import writes

NAME = "Wildlife Crime Officer"
PERTH, DUNDEE = "Perth Local Policing (Mastodon)", "Tayside Division (Mastodon)"


def look(page: Page) -> None:
    no_findings(page)
    fits(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_an_application_refused_by_rank_is_granted_as_role_specific(new_page, javascript: bool) -> None:
    page = new_page(javascript=javascript)

    def see() -> None:
        if javascript:
            look(page)

    where = applies(page, see)
    is_asked_and_answers(page, where, see)
    is_granted_and_registered(page, where)
    see()
    if javascript:
        page.set_viewport_size({"width": 320, "height": 800})
        fits(page)
    assert Account.objects.get(name=NAME).slot.application == Application.objects.get(name=NAME)


def applies(page: Page, see: Callable[[], None]) -> str:
    """Returns the application's address."""
    sign_in(page, "local.officer")
    page.goto("/register/apply/")
    page.get_by_label("Network").select_option("Bluesky")
    page.get_by_label("Kind of account").select_option("Individual")
    page.get_by_label("Number of the person who is to hold it").fill("demo-local.officer")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").get_by_role("link", name="4.7: An individual account is only for")).to_be_visible()
    see()
    page.get_by_role("button", name="Apply for a role-specific account instead").click()
    expect(page.get_by_role("heading", name="Write the application")).to_be_visible()
    writes(page, NAME, "To teach about wildlife crime.")
    page.get_by_role("button", name="Keep the draft").click()
    expect(page.get_by_text("The draft is kept.")).to_be_visible()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("alert").get_by_role("link", name="4.8: The application does not say")).to_be_visible()
    see()
    page.get_by_label("Why does the role need an account of its own?").fill("Its holder is asked by name, daily.")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("The application is made.")).to_be_visible()
    where = page.url
    sign_out(page)
    return where


def is_asked_and_answers(page: Page, where: str, see: Callable[[], None]) -> None:
    sign_in(page, "head.communications")
    page.goto(where)
    page.get_by_label("Ask first").check()
    page.get_by_label("Reasons, or your question").fill("Who writes on leave days?")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The applicant is asked.")).to_be_visible()
    see()
    sign_out(page)
    sign_in(page, "local.officer")
    page.goto(where)
    page.get_by_label("Your answer").fill("Nobody; it says so in its bio.")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("Your answer is with the application.")).to_be_visible()
    sign_out(page)


def is_granted_and_registered(page: Page, where: str) -> None:
    sign_in(page, "head.communications")
    page.goto(where)
    page.get_by_label("Grant").check()
    page.get_by_label("Reasons, or your question").fill("The role gains from it.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text(f"Application for {NAME} is granted.")).to_be_visible()
    page.get_by_role("link", name="Register the account").click()
    page.get_by_role("button", name="Register", exact=True).click()
    account = Account.objects.get(name=NAME)
    page.goto(f"/register/{account.pk}/")
    expect(page.get_by_text("Held for the force by Local Officer, Tayside")).to_be_visible()


def test_a_review_merges_an_account_and_a_second_person_concludes_it(new_page) -> None:
    page = new_page()
    perth = Account.objects.get(name=PERTH)
    sign_in(page, "communications")
    page.goto(f"/register/{perth.pk}/")
    page.get_by_role("link", name="Review it").first.click()
    look(page)
    page.get_by_label("Merge into another account").check()
    page.get_by_label("Why?").fill("Too few follow it.")
    page.get_by_label("If it is merged: into").select_option(DUNDEE)
    page.get_by_label("how are those who follow it told?").fill("Told there for two weeks.")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("It waits for somebody else to conclude it.")).to_be_visible()
    look(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    page.goto("/register/reviews/")
    look(page)
    page.get_by_role("link").filter(has_text=f"Look: {perth.slot.name}").click()
    page.get_by_role("button", name="Conclude: merge").click()
    expect(page.get_by_text("is concluded.")).to_be_visible()
    look(page)
    perth.refresh_from_db()
    assert perth.status == "closed"
    assert bytes(perth.connection.sealed) == b""
    for address in ("/register/", "/register/reviews/", f"/register/{perth.pk}/", "/register/attention/", "/"):
        page.goto(address)
        look(page)
    page.set_viewport_size({"width": 320, "height": 800})
    for address in ("/register/", "/register/reviews/", f"/register/{perth.pk}/", "/register/attention/"):
        page.goto(address)
        fits(page)


def test_a_commander_keeps_the_own_accounts_and_a_foreign_division_is_kept_out(new_page) -> None:
    page = new_page()
    leith = Account.objects.get(name__startswith="Leith")
    perth = Account.objects.get(name=PERTH)
    sign_in(page, "commander")
    page.goto(f"/register/{perth.pk}/")
    page.get_by_role("link", name="Change what is said of it").click()
    look(page)
    page.get_by_label("Bio").fill("Do not report crime here. Call 101, or 999 in an emergency.")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text(f"What is said of {PERTH} is kept.")).to_be_visible()
    page.goto(f"/register/{leith.pk}/")
    expect(page.get_by_role("link", name="History")).to_have_count(0)
    expect(page.get_by_text("Suspend the account")).to_have_count(0)
    for address in (
        f"/register/{leith.pk}/describe/", f"/register/{leith.pk}/contacts/",
        f"/register/places/{leith.slot_id}/history/", f"/register/places/{leith.slot_id}/review/",
    ):  # fmt: skip
        assert page.goto(address).status == 403
        look(page)
    sign_out(page)
    sign_in(page, "communications")
    page.goto(f"/register/{leith.pk}/protection/")
    look(page)
    page.goto(f"/register/{leith.pk}/manage/")
    look(page)
