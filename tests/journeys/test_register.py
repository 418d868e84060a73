"""The way of a new account in a real browser: applied for, granted, registered, given a point of contact, suspended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mercat.register.models import Account, Application
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import writes

NAME = "Broughty Ferry Policing"


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_an_account_comes_from_an_application_to_a_point_of_contact(new_page, javascript: bool) -> None:
    page = new_page(javascript=javascript)

    def look() -> None:
        if javascript:
            no_findings(page)
            fits(page)

    applies(page, look)
    is_granted(page, look)
    is_registered(page, look)
    gets_a_point_of_contact(page, look)
    is_suspended(page, look)


def applies(page: Page, look: Callable[[], None]) -> None:
    sign_in(page, "local.officer")
    page.get_by_role("link", name="Register", exact=True).click()
    page.get_by_role("link", name="Apply for an account").click()
    page.get_by_label("Network").select_option("Bluesky")
    page.get_by_label("Kind of account").select_option("Individual")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").get_by_role("link", name="4.7: An individual account is only for")).to_be_visible()
    look()
    page.get_by_label("Kind of account").select_option("Local")
    page.get_by_role("button", name="Go on").click()
    writes(page, NAME, "To warn and inform the people of the Ferry.")
    look()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("The application is made.")).to_be_visible()
    look()
    sign_out(page)


def is_granted(page: Page, look: Callable[[], None]) -> None:
    sign_in(page, "head.communications")
    look()
    page.get_by_role("link", name=NAME).click()
    look()
    page.get_by_role("button", name="Decide").click()
    look()
    page.get_by_label("Grant").check()
    page.get_by_label("Reasons").fill("Nobody else speaks there.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text(f"Application for {NAME} is granted.")).to_be_visible()
    page.goto("/register/applications/")
    look()
    sign_out(page)


def is_registered(page: Page, look: Callable[[], None]) -> None:
    sign_in(page, "communications")
    page.goto("/register/?text=Ferry")
    look()
    page.get_by_role("link", name="Register the account").click()
    expect(page.get_by_label("Name of the account")).to_have_value(NAME)
    look()
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", name=f"Connect {NAME}")).to_be_visible()
    page.goto(f"/register/applications/{Application.objects.get(name=NAME).pk}/")
    page.get_by_role("link", name=NAME).click()
    look()


def gets_a_point_of_contact(page: Page, look: Callable[[], None]) -> None:
    page.get_by_role("link", name="Appoint a point of contact").click()
    look()
    page.get_by_label("Name or number").fill("Single point")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Appoint").first.click()
    expect(page.get_by_text(f"is a point of contact of {NAME}.")).to_be_visible()
    page.get_by_role("link", name="Appoint or dismiss").click()
    look()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text(f"is no longer a point of contact of {NAME}.")).to_be_visible()


def is_suspended(page: Page, look: Callable[[], None]) -> None:
    page.get_by_text("Suspend the account").click()
    page.get_by_label("Why?").fill("Not needed yet")
    look()
    page.get_by_role("button", name="Suspend now").click()
    expect(page.get_by_text("is suspended. Nothing goes out there")).to_be_visible()
    look()
    assert Account.objects.get(name=NAME).status == "suspended"
