"""Somebody from outside looks whether an account is official; somebody inside looks how connections are."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.register.models import Account
from mercat.register.public.actions import CLOCK, publish
from mercat.register.public.book import SHELF
from tests.journeys.conftest import fits, no_findings, sign_in


@pytest.fixture(autouse=True)
def _edition(house) -> None:
    publish(by=CLOCK, now=timezone.now())
    SHELF.forget()
    yield
    SHELF.forget()


def look(page: Page, javascript: bool) -> None:
    if javascript:
        no_findings(page)
        fits(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("width", [1280, 320])
def test_anybody_finds_out_whether_an_account_is_official(new_page, house, javascript: bool, width: int) -> None:
    page = new_page(javascript=javascript, width=width)
    account = Account.objects.exclude(url="").first()
    page.goto(f"{house}/official/")
    expect(page.get_by_role("heading", name="Official accounts of Police Scotland")).to_be_visible()
    expect(page.get_by_role("link", name=account.name).first).to_have_attribute("rel", "me")
    look(page, javascript)
    for asked, heading in (
        (account.url, "It is official"),
        ("https://x.com/Somebody", "It is not official"),
        ("https://fаcebook.com/police", "It is not official"),
        ("nothing at all", "This cannot be read as an account"),
    ):
        page.get_by_label("Is it ours?").fill(asked)
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.get_by_label("Is it ours?")).to_have_value(asked)
        look(page, javascript)
    assert page.context.cookies() == []


def test_the_health_of_connections_is_read_and_one_is_disconnected(new_page) -> None:
    page = new_page()
    sign_in(page, "communications")
    page.get_by_role("link", name="Register", exact=True).click()
    page.get_by_role("link", name="Connections").click()
    look(page, True)
    page.get_by_role("main").get_by_role("row").nth(1).get_by_role("link").click()
    page.get_by_role("link", name="Disconnect").click()
    look(page, True)
    page.get_by_label("Why?").fill("The laptop was stolen")
    page.get_by_role("button", name="Disconnect now").click()
    expect(page.get_by_text("is disconnected. Its credentials are wiped")).to_be_visible()
    look(page, True)
