"""A post that is out at the stand-ins of Mastodon, Facebook, LinkedIn and YouTube is put right: written, approved by a
second person, read back, and told on its pages."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from mercat.networks import registry
from mercat.networks.port import Refused
from tests.images.filmed import film
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import ALT, WORDS, approve, attach, submit, write

pytestmark = pytest.mark.every_network

NEW = "The tunnel is closed to high vehicles because of flooding. Please use the other road."


def test_a_post_that_is_out_is_corrected_approved_and_read_back(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (Mastodon)", "The Force (Facebook)", "The Force (LinkedIn)", "The Force (Bluesky)")
    attach(page, javascript=True)
    address = submit(page)
    sign_out(page)
    sign_in(page, "communications.duty")
    approve(page)
    expect(page.get_by_text("4 of 4 accounts are out and read back.")).to_be_visible(timeout=60_000)
    sign_out(page)

    sign_in(page, "communications")
    page.goto(address)
    looks_right(page)
    page.get_by_role("button", name="Correct the words").click()
    expect(page.get_by_role("heading", name="Correct a post")).to_be_visible()
    expect(page.get_by_role("checkbox", name="The Force (Bluesky)")).not_to_be_checked()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("These are the words that stand already: nothing is corrected yet.").first).to_be_visible()
    page.get_by_label("What to say").fill(NEW)
    looks_right(page)
    correction = submit(page)
    looks_right(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    page.get_by_role("link").filter(has_text=f"Look: {NEW[:40]}").click()
    sides = page.locator(".mercat-becoming")
    expect(sides).to_have_count(3)
    expect(sides.filter(has_text="The Force (Facebook)").locator("del").first).to_contain_text("bridge")
    expect(sides.filter(has_text="The Force (Facebook)").locator("ins").first).to_contain_text("tunnel")
    looks_right(page)
    page.get_by_role("button", name="Approve and correct").click()
    expect(page.get_by_text("Approved. It is on its way to 3 accounts.")).to_be_visible()
    expect(page.locator("#sending-live").get_by_text("Corrected", exact=True)).to_have_count(3, timeout=60_000)
    looks_right(page)
    for network, words in (("mastodon", NEW), ("facebook", NEW), ("linkedin", NEW), ("bluesky", WORDS)):
        [post] = httpx.get(f"{sandbox.url}/_control/{network}/posts").raise_for_status().json()
        assert (post["text"], [medium["alt"] for medium in post["media"]]) == (words, [ALT])

    page.goto(address)
    expect(page.get_by_text("Words corrected, and read back")).to_have_count(6)  # of each account, and in what happened
    expect(page.get_by_text("Out, and corrected")).to_have_count(3)
    looks_right(page)
    page.get_by_role("link", name="The correction on The Force (Mastodon)").click()
    assert page.url == correction
    page.goto(f"{address}proof/")
    expect(page.get_by_role("heading", name="The words that stand now on The Force (Facebook)")).to_be_visible()
    expect(page.get_by_text(NEW).first).to_be_visible()
    looks_right(page)


def test_the_words_of_a_video_are_corrected_and_it_stays(new_page, house, sandbox, tmp_path: Path) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (YouTube)", "The Force (Mastodon)", "The Force (Facebook)")
    page.get_by_label("Or choose a video").set_input_files(film(tmp_path / "bridge.mov", seconds=4))
    expect(page.locator("#film-state video")).to_be_visible(timeout=60_000)
    page.get_by_label("Describe what the video shows").fill("The bridge from the river.")
    address = submit(page)
    sign_out(page)
    sign_in(page, "communications.duty")
    approve(page)
    expect(page.get_by_text("3 of 3 accounts are out and read back.")).to_be_visible(timeout=90_000)
    sign_out(page)

    sign_in(page, "communications")
    page.goto(address)
    page.get_by_role("button", name="Correct the words").click()
    page.get_by_label("What to say").fill(NEW)
    looks_right(page)
    submit(page)
    sign_out(page)
    sign_in(page, "communications.duty")
    page.get_by_role("link").filter(has_text=f"Look: {NEW[:40]}").click()
    page.get_by_role("button", name="Approve and correct").click()
    expect(page.locator("#sending-live").get_by_text("Corrected", exact=True)).to_have_count(3, timeout=90_000)
    for network in ("youtube", "mastodon", "facebook"):
        [post] = httpx.get(f"{sandbox.url}/_control/{network}/posts").raise_for_status().json()
        assert (NEW in post["text"], len(post["media"])) == (True, 1)


def test_it_is_corrected_without_scripts(new_page, house) -> None:
    page = new_page(javascript=False, width=320)
    begins(page)
    fits(page)
    page.get_by_role("button", name="Correct the words").click()
    page.get_by_label("What to say").fill(NEW)
    fits(page)
    submit(page)
    expect(page.get_by_text("This corrects the words of")).to_be_visible()
    fits(page)


def test_what_could_not_be_corrected_is_tried_again(new_page, house, monkeypatch: pytest.MonkeyPatch) -> None:
    page = new_page()
    begins(page)
    page.get_by_role("button", name="Correct the words").click()
    page.get_by_label("What to say").fill(NEW)
    correction = submit(page)
    sign_out(page)
    editor = type(registry.get("mastodon").editor)
    with monkeypatch.context() as patch:
        patch.setattr(editor, "edit", lambda *about, **more: Refused("Mastodon does not take these words."))
        sign_in(page, "communications.duty")
        page.goto(correction)
        page.get_by_role("button", name="Approve and correct").click()
        expect(page.get_by_text("Could not be corrected", exact=True)).to_be_visible(timeout=60_000)
    looks_right(page)
    page.get_by_role("button", name="Try again on The Force (Mastodon)").click()
    expect(page.get_by_text("It is tried again on The Force (Mastodon)")).to_be_visible()
    expect(page.locator("#sending-live").get_by_text("Corrected", exact=True)).to_be_visible(timeout=60_000)
    looks_right(page)


def begins(page: Page) -> None:
    """A post is out on Mastodon, and its author looks at its page."""
    sign_in(page, "communications")
    write(page, "The Force (Mastodon)")
    address = submit(page)
    sign_out(page)
    sign_in(page, "communications.duty")
    approve(page)
    for _ in range(60):
        if page.get_by_text("1 of 1 account is out and read back.").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    sign_out(page)
    sign_in(page, "communications")
    page.goto(address)


def looks_right(page: Page) -> None:
    no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)
