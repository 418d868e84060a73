"""A story from the composer until it stands on Instagram's stand-in, and is looked at there."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import ALT, attach, submit, write

pytestmark = pytest.mark.every_network

SAID = "A story: gone after a day"


def test_a_story_is_written_approved_read_back_and_seen(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (Instagram)", "The Force (X)", words="")
    attach(page, javascript=True)
    page.get_by_label("This is a story").check()
    expect(page.get_by_text("X has no stories from here.")).to_be_visible()
    page.get_by_role("checkbox", name="The Force (X)").uncheck()
    expect(page.get_by_text("X has no stories from here.")).to_be_hidden()
    expect(page.locator("#preview-cards").get_by_text(SAID)).to_be_visible()
    looks_right(page)
    address = submit(page)
    expect(page.get_by_text(SAID).first).to_be_visible()
    looks_right(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    page.get_by_role("link").filter(has_text="Look: A story").click()
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("1 of 1 account is out and read back.")).to_be_visible(timeout=60_000)
    page.goto(address)
    page.get_by_role("link", name="See it on Instagram").click()
    expect(page.get_by_text(SAID)).to_be_visible()
    assert "/stories/" in page.url
    [post] = httpx.get(f"{sandbox.url}/_control/instagram/posts").raise_for_status().json()
    assert (post["text"], [medium["alt"] for medium in post["media"]]) == ("", [""])
    page.get_by_role("link", name="@the.force").first.click()
    expect(page.get_by_text(SAID)).to_be_visible()


def test_a_story_is_written_and_submitted_without_scripts(new_page, house, sandbox) -> None:
    page = new_page(javascript=False, width=320)
    sign_in(page, "communications")
    write(page, "The Force (Instagram)", words="")
    attach(page, javascript=False)
    page.get_by_label("This is a story").check()
    page.get_by_role("button", name="Count and preview").click()
    expect(page.locator("#preview-cards").get_by_text(SAID)).to_be_visible()
    fits(page)
    submit(page)
    expect(page.get_by_text(ALT).first).to_be_visible()
    fits(page)


def looks_right(page: Page) -> None:
    no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)
