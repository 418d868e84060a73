"""Direct access in a browser: asked for, granted, a post noted, ended, and the credential changed (6.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.register.models import Account, DirectAccess
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out

NAME = "Dundee Local Policing (Bluesky)"
URL = "https://bsky.app/profile/dundee.example/post/3kabcdefghijklmnopqrstuvwxyz234567"


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_direct_access_from_the_question_to_the_changed_credential(new_page, javascript: bool, width: int) -> None:
    page = new_page(javascript=javascript, width=width)
    account = Account.objects.get(name=NAME)

    def look() -> None:
        if javascript:
            no_findings(page)
            fits(page)

    asks(page, account, look)
    is_granted(page, look)
    notes_a_post_and_ends(page, look)
    changes_the_credential(page, account, look)


def asks(page: Page, account: Account, look: Callable[[], None]) -> None:
    sign_in(page, "local.officer")
    page.goto(f"/register/{account.pk}/")
    look()
    page.get_by_role("link", name="Ask for direct access").click()
    look()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    look()
    page.get_by_label("The tool does not work").check()
    page.get_by_label("What do you need it for?").fill("The bridge is closed, and people are on their way.")
    page.get_by_label("For how many hours?").fill("6")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("You have asked.")).to_be_visible()
    look()
    sign_out(page)


def is_granted(page: Page, look: Callable[[], None]) -> None:
    sign_in(page, "communications")
    page.goto("/register/exceptions/")
    look()
    page.get_by_role("link", name=NAME).click()
    look()
    page.get_by_role("radio", name="Grant").check()
    page.get_by_label("If it is granted: for how many hours?").fill("2")
    page.get_by_label("Advice").fill("Use the words of the last warning.")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("Granted.").first).to_be_visible()
    look()
    sign_out(page)


def notes_a_post_and_ends(page: Page, look: Callable[[], None]) -> None:
    row = DirectAccess.objects.get()
    sign_in(page, "local.officer")
    page.goto(row.page)
    page.get_by_role("button", name="Note the post").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    look()
    page.get_by_label("Web address of the post").fill(URL)
    page.get_by_label("When was it published?").fill(f"{timezone.localtime():%Y-%m-%dT%H:%M}")
    page.get_by_label("What was published?").fill("The bridge is closed.")
    page.get_by_role("button", name="Note the post").click()
    expect(page.get_by_role("link", name=URL)).to_be_visible()
    look()
    page.get_by_role("button", name="End direct access now").click()
    expect(page.get_by_role("heading", name="Who changes the credential")).to_be_visible()
    look()
    sign_out(page)


def changes_the_credential(page: Page, account: Account, look: Callable[[], None]) -> None:
    sign_in(page, "ict")
    page.goto("/register/exceptions/")
    look()
    page.get_by_role("link", name=NAME).click()
    look()
    page.get_by_label("What was changed?").fill("The password; all sessions signed out.")
    page.get_by_role("button", name="Note the change").click()
    expect(page.get_by_text("This exception is closed.")).to_be_visible()
    look()
    row = DirectAccess.objects.get()
    assert (row.account, row.rotated_by.number, row.posts.count()) == (account, "demo-ict", 1)
    page.goto("/register/exceptions/")
    expect(page.get_by_text("Past")).to_be_visible()
    look()
    sign_out(page)
