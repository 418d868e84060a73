"""An untrained officer hands something in, Corporate Communications makes a post of it, and the officer sees where."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.images import videos
from mercat.posts.contributions import publishing
from tests.images.filmed import film
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import picture

WORDS = "The new boat on the Tay, on its first day at work."
ALT = "A grey boat at the quay, with three officers on deck."
CREDIT = "Picture: Tayside"


def is_sound(page: Page, *, javascript: bool = True) -> None:
    if javascript:
        no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)


def finds_the_form(page: Page) -> None:
    page.get_by_role("link", name="Contribute").click()
    expect(page.get_by_role("heading", name="Hand in a picture or a video")).to_be_visible()


def says(page: Page) -> None:
    page.get_by_label("What is it about?").fill(WORDS)
    page.get_by_label("Where was it taken?").fill("Dundee harbour")
    page.get_by_label("On which day was it taken?").fill("2026-01-20")
    page.get_by_label("I took it myself").check()


def hands_in(page: Page, *, javascript: bool) -> None:
    """From the home page; the first time with everything missing."""
    finds_the_form(page)
    is_sound(page, javascript=javascript)
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(5)
    is_sound(page, javascript=javascript)
    says(page)
    page.get_by_label("Choose pictures").set_input_files(
        {"name": "boat.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    if not javascript:
        page.get_by_role("button", name="Add picture").click()
    page.get_by_label("What does picture 1 show?").fill(ALT)
    expect(page.get_by_label("What is it about?")).to_have_value(WORDS)
    is_sound(page, javascript=javascript)
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("You are told what becomes of it.").first).to_be_visible()
    is_sound(page, javascript=javascript)


def is_chosen(page: Page, *, javascript: bool) -> None:
    """By Corporate Communications, from their home page, until it is a draft of theirs."""
    page.get_by_role("link").filter(has_text="Look: what is handed in").click()
    expect(page.get_by_role("img", name=ALT)).to_be_visible()
    is_sound(page, javascript=javascript)
    page.get_by_role("link", name=WORDS).click()
    expect(page.get_by_text("Dundee harbour")).to_be_visible()
    is_sound(page, javascript=javascript)
    page.get_by_role("button", name="Make a post of it").click()
    expect(page.get_by_label("What to say")).to_have_value(f"{WORDS}\n\n{CREDIT}")
    expect(page.get_by_label("Picture 1: describe it")).to_have_value(ALT)


@pytest.mark.every_network
def test_from_an_officers_hand_to_instagram_and_back_to_the_officer(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "new.officer")
    hands_in(page, javascript=True)
    address = page.url
    sign_out(page)

    sign_in(page, "communications")
    is_chosen(page, javascript=True)
    expect(page.get_by_role("checkbox", name="The Force (Instagram)")).to_be_checked()
    page.get_by_label("Digital engagement").check()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Waiting for approval")).to_be_visible()
    expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    is_sound(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    page.get_by_role("link").filter(has_text=f"Look: {WORDS[:40]}").click()
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("Out, and read back", exact=True).first).to_be_visible(timeout=120_000)
    [post] = httpx.get(f"{sandbox.url}/_control/instagram/posts").raise_for_status().json()
    assert CREDIT in str(post)
    publishing.run(now=timezone.now())
    sign_out(page)

    sign_in(page, "new.officer")
    expect(page.get_by_role("button", name="What you handed in is published")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    is_sound(page)
    page.get_by_role("link", name="The Force (Instagram) on Instagram").click()
    expect(page.get_by_text(CREDIT).first).to_be_visible()


def test_without_scripts_it_is_handed_in_and_made_into_a_draft(new_page) -> None:
    page = new_page(javascript=False, width=320)
    sign_in(page, "new.officer")
    hands_in(page, javascript=False)
    page.goto("/posts/contributions/")
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    is_sound(page, javascript=False)
    sign_out(page)
    sign_in(page, "communications")
    is_chosen(page, javascript=False)


def test_a_video_goes_up_in_slices_and_another_is_declined(new_page, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(videos, "SLICE", 20_000)  # so that it comes in several
    road = film(tmp_path / "boat.mov", seconds=2, size=(320, 180))
    page = new_page()
    sign_in(page, "new.officer")
    finds_the_form(page)
    says(page)
    page.get_by_label("Or choose a video").set_input_files(road)
    expect(page.get_by_label("What does the video show?")).to_be_visible()
    page.get_by_label("What does the video show?").fill(ALT)
    is_sound(page)
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("You are told what becomes of it.").first).to_be_visible()
    for _ in range(20):
        if page.locator("video").count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    expect(page.locator("video")).to_be_visible()
    is_sound(page)
    address = page.url
    sign_out(page)

    sign_in(page, "communications")
    page.goto(address)
    page.get_by_text("Do not use it").click()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Say why")).to_be_visible()
    is_sound(page)
    page.get_by_label("Why?").fill("Please film it once more without the number plates.")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("Its video is not shown now.")).to_be_visible()
    is_sound(page)
    page.goto("/posts/contributions/handed-in/?state=declined")
    is_sound(page)
    sign_out(page)

    sign_in(page, "new.officer")
    page.goto(address)
    expect(page.get_by_text("without the number plates").first).to_be_visible()
    expect(page.locator("video")).to_be_visible()
