"""Found accounts in a browser: reported by an officer, told apart, dealt with, followed to the end."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import fits, no_findings, sign_in, sign_out

FAKE = "https://x.com/dundee_p0lice"
OURS = "https://www.facebook.com/dundee.dog.section.unofficial"


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_fake_account_goes_to_its_platform_and_is_followed(new_page, javascript: bool) -> None:
    page = new_page(javascript=javascript, width=1280 if javascript else 320)

    def look() -> None:
        fits(page)
        if javascript:
            no_findings(page)

    sign_in(page, "local.officer")
    page.get_by_role("link", name="Watch", exact=True).click() if javascript else page.goto("/watch/cases/")
    look()
    page.get_by_role("link", name="Report an account").click()
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    look()
    page.get_by_label("Web address of the account").fill(FAKE)
    page.get_by_label("What did you see there?").fill("It asks people for money in our name.")
    page.get_by_label("Pictures of the screen").set_input_files(
        {"name": "screen.png", "mimeType": "image/png", "buffer": screen()}
    )
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_text("You have reported it.")).to_be_visible()
    expect(page.get_by_text("To be looked at")).to_be_visible()
    look()
    sign_out(page)

    sign_in(page, "communications")
    page.get_by_role("link").filter(has_text="Look: Found accounts to be looked at").click()
    look()
    page.get_by_role("link", name=FAKE).click()
    expect(page.get_by_role("img", name="Picture 1 of what")).to_be_visible()
    look()
    says_what_it_is(page, "Somebody else", false_words=True)
    expect(page.get_by_text("It is fake. Those who deal with it are told.")).to_be_visible()
    expect(page.get_by_label("Copy it into the platform’s form")).to_contain_text(FAKE)
    look()
    page.get_by_label("The platform’s reference").fill("R-17")
    page.get_by_role("button", name="I have reported it").click()
    expect(page.get_by_text("See in 3 days whether it is still there")).to_be_visible()
    look()
    page.get_by_role("button", name="It is still there").click()
    expect(page.get_by_text("See again in 3 days")).to_be_visible()
    page.get_by_label("Taken down by the platform").check()
    page.get_by_label("How do you know?").fill("The page is gone.")
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_text("The case is closed.")).to_be_visible()
    look()
    sign_out(page)

    sign_in(page, "local.officer")
    expect(page.get_by_role("button", name="The account that you reported")).to_be_visible()
    page.get_by_role("button", name="The account that you reported").click()
    expect(page.get_by_text("Taken down by the platform")).to_be_visible()
    look()


def test_an_unauthorised_account_goes_to_the_information_security_officer(new_page) -> None:
    page = new_page(width=1280)
    sign_in(page, "local.officer")
    page.goto("/watch/cases/report/")
    page.get_by_label("Web address of the account").fill(OURS)
    page.get_by_label("What did you see there?").fill("A colleague posts for the dog section there.")
    page.get_by_role("button", name="Report it").click()
    sign_out(page)
    sign_in(page, "communications")
    page.goto("/watch/cases/?show=new")
    page.get_by_role("link", name=OURS).click()
    says_what_it_is(page, "One of our own people", false_words=False)
    expect(page.get_by_text("Information Security Officer").first).to_be_visible()
    expect(page.get_by_role("button", name="Close the case")).to_have_count(0)
    no_findings(page)
    sign_out(page)
    sign_in(page, "iso")
    page.get_by_role("link").filter(has_text="Look: Unauthorised accounts").click()
    page.get_by_role("link", name=OURS).click()
    expect(page.get_by_text("It becomes official only by an approved")).to_be_visible()
    page.get_by_label("Official now, by an approved application").check()
    page.get_by_label("How do you know?").fill("It was promised.")
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("alert")).to_contain_text("only by an approved application")
    expect(page.get_by_label("How do you know?")).to_have_value("It was promised.")
    no_findings(page)
    page.get_by_label("Closed by whoever ran it").check()
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_text("The case is closed.")).to_be_visible()


def says_what_it_is(page: Page, who: str, *, false_words: bool) -> None:
    page.get_by_label(who, exact=True).check()
    page.get_by_role("group", name="Does it use our name").get_by_label("Yes").check()
    page.get_by_role("group", name="Does it carry").get_by_label("No" if false_words else "Yes").check()
    page.get_by_role("group", name="Does it say what is false").get_by_label("Yes" if false_words else "No").check()
    page.get_by_label("What speaks for these answers?").fill("Its picture, and what it asks for.")
    page.get_by_role("button", name="Say what it is").click()


def screen() -> bytes:
    file = BytesIO()
    Image.new("RGB", (320, 240), "#335577").save(file, "PNG")
    return file.getvalue()
