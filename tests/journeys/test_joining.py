"""From nomination to the first post: everybody takes one step in the browser, and nobody two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mercat.people.models import Person
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import WORDS, approve, submit, write

NEWCOMER = "New Officer, Tayside"
DUNDEE = "Dundee Local Policing"
# Who takes which step: the queue, what is typed there, the button beside the line, and what is then said.
STEPS = (
    ("commander", "To nominate", {}, "Nominate", "is nominated"),
    ("trainer", "For the course", {"Course completed on": "2026-11-20"}, "Sign off", "has completed the course"),
    ("iso", "To authorise", {}, "Authorise", "is authorised"),
    ("communications", "To confirm to the service desk", {"Service request": "REQ-41"}, "Confirm", "is confirmed"),
    ("ict", "To open access", {}, "Open access", "has access"),
    ("communications.duty", "For a licence", {}, "Give a licence", "has a licence"),
)

Look = Callable[[Page], None]


def whole(page: Page) -> None:
    """No finding, and nothing too wide on a telephone."""
    no_findings(page)
    page.set_viewport_size({"width": 320, "height": 800})
    fits(page)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_nomination_to_first_post(new_page, house, sandbox, javascript: bool) -> None:
    page = new_page(javascript=javascript)
    look: Look = whole if javascript else fits
    for login, title, typed, button, said in STEPS:
        in_the_queue(page, login, title)
        for label, value in typed.items():
            page.get_by_label(f"{label}: {NEWCOMER}").fill(value)
        look(page)
        page.get_by_role("button").filter(has_text=f"{button}: {NEWCOMER}").click()
        expect(page.get_by_text(f"{NEWCOMER} {said}.")).to_be_visible()
        look(page)
        sign_out(page)
        if login == "trainer":
            reads_and_accepts(page, look)
    posts(page, look)


def in_the_queue(page: Page, login: str, title: str) -> None:
    """From home, where one's own queues stand while somebody waits; nobody waits to be nominated."""
    sign_in(page, login)
    waits = page.get_by_role("link").filter(has_text=f"Look: {title}")
    if waits.count():
        waits.click()
    else:
        page.goto("/people/queues/")
        page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    if title == "To nominate":
        page.get_by_label("Name or number").fill("New Officer")
        page.get_by_role("button", name="Show").click()


def reads_and_accepts(page: Page, look: Look) -> None:
    sign_in(page, "new.officer")
    page.goto("/access/")
    expect(page.get_by_text("2 of 7 steps are done.")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Read and accept").click()
    expect(page.get_by_role("heading", name="Personal mobile phones on duty")).to_be_visible()
    look(page)
    page.get_by_role("button").filter(has_text="I have read it and accept it").click()
    expect(page.get_by_text("Kept: you have read")).to_be_visible()
    look(page)
    sign_out(page)


def posts(page: Page, look: Look) -> None:
    sign_in(page, "new.officer")
    page.goto("/access/")
    expect(page.get_by_text("You have gone the whole way, and can post.")).to_be_visible()
    look(page)
    write(page, DUNDEE)
    address = submit(page)
    sign_out(page)
    sign_in(page, "spoc")
    approve(page)
    for _ in range(60):
        page.goto(address)
        if page.get_by_text("1 of 1 account is out and read back.").count():
            break
        page.wait_for_timeout(250)
    page.get_by_role("link", name="See it on Bluesky").click()
    expect(page.get_by_text(WORDS)).to_be_visible()


def test_what_is_sent_back_and_the_pages_around_have_no_finding(new_page, house) -> None:
    page = new_page()
    in_the_queue(page, "commander", "To nominate")
    page.get_by_role("button").filter(has_text=f"Nominate: {NEWCOMER}").click()
    page.goto("/procedures/personal-mobile-phones/people/")
    expect(page.get_by_role("row").filter(has_text=NEWCOMER)).to_contain_text("Not accepted")
    whole(page)
    sign_out(page)
    in_the_queue(page, "trainer", "For the course")
    page.get_by_role("button", name="Sign off: all who are ticked").click()
    expect(page.get_by_text("Tick at least one person")).to_be_visible()
    whole(page)
    page.get_by_text(f"Send back: {NEWCOMER}").click()
    page.get_by_role("button", name="Send back").last.click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    whole(page)
    page.get_by_label("Why?").fill("Never came to the course")
    page.get_by_role("button", name="Send back").last.click()
    expect(page.get_by_text(f"{NEWCOMER} is sent back.")).to_be_visible()
    whole(page)
    page.goto("/people/queues/open/")
    expect(page.get_by_text("This step is not yours")).to_be_visible()
    whole(page)
    sign_out(page)
    sign_in(page, "commander")
    page.get_by_role("link").filter(has_text="Look: To nominate").click()
    expect(page.get_by_text("Never came to the course")).to_be_visible()
    whole(page)
    page.goto("/people/queues/")
    whole(page)
    sign_out(page)
    sign_in(page, "communications")
    page.goto("/people/licences/")
    page.get_by_text("End the licence of Local Officer, Tayside").click()
    whole(page)
    page.goto(f"/people/{Person.objects.get(name=NEWCOMER).pk}/")
    whole(page)
