"""Advice in a real browser: asked from what is being written, answered by the team, found with its post."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mercat.people.models import AdviceThread
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import submit, write

QUESTION, ANSWER = "May we name the road?", "Name the road, and not the house."


def look(page: Page, *, javascript: bool) -> None:
    if javascript:  # axe is a script
        no_findings(page)
    fits(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_advice_is_asked_for_answered_and_stays_with_its_post(new_page, javascript: bool) -> None:
    page = new_page(javascript=javascript)
    sign_in(page, "local.officer")
    write(page, "Tayside Division (Mastodon)")
    if javascript:
        no_findings(page)
    post = submit(page)
    page.get_by_role("link", name="Ask for advice").click()
    expect(page.get_by_text("This is no place to report a crime.")).to_be_visible()
    page.get_by_role("button", name="Ask the team").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Enter your question")).to_be_visible()
    look(page, javascript=javascript)
    page.get_by_label("What is it about?").fill("Names of roads")
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_role("button", name="Ask the team").click()
    expect(page.get_by_text("Your question is with the team.")).to_be_visible()
    look(page, javascript=javascript)
    sign_out(page)

    sign_in(page, "communications")
    page.get_by_role("button", name="Advice: a question waits for you").click()
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Advice").click()
    expect(page.get_by_text("Waits for")).to_be_visible()
    look(page, javascript=javascript)
    page.get_by_role("link", name="Names of roads").click()
    page.get_by_label("Your answer").fill(ANSWER)
    look(page, javascript=javascript)
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    sign_out(page)

    sign_in(page, "local.officer")
    page.goto(post)
    expect(page.get_by_text(ANSWER)).to_be_visible()
    look(page, javascript=javascript)
    page.get_by_role("link", name="Read the answer").click()
    page.get_by_text("Close the thread").click()
    page.get_by_label("Why?").fill("Thank you.")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("The thread is closed.")).to_be_visible()
    look(page, javascript=javascript)
    page.set_viewport_size({"width": 320, "height": 800})
    thread = AdviceThread.objects.get()
    for address in (thread.path, "/advice/", "/advice/new/", f"/advice/?about={thread.about}", post):
        page.goto(address)
        look(page, javascript=javascript)
