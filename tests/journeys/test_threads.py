"""One text that is a thread where a network has threads: written, approved, out post by post, and taken down."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import approve, submit, write

pytestmark = pytest.mark.every_network

FIRST, SECOND, THIRD = "The bridge is closed until Friday.", "Use the one at Kincardine.", "It opens at six on Friday."
THREADED = ("Bluesky", "Mastodon", "Threads", "X")


def test_a_thread_goes_out_post_by_post_and_is_taken_down_whole(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, *(f"The Force ({name})" for name in (*THREADED, "Facebook")))
    page.get_by_label("What to say").fill("a" * 300)
    expect(page.get_by_text("A line with only --- begins a second post, as a thread").first).to_be_visible()
    page.get_by_label("What to say").fill(f"{FIRST}\n---\n{SECOND}\n---\n{THIRD}")
    card = page.get_by_role("article", name="X (Twitter): The Force (X)")
    expect(card.get_by_text("Post 3 of 3")).to_be_visible()
    expect(page.get_by_role("article", name="Facebook: The Force (Facebook)").get_by_text("Post 1")).to_have_count(0)
    no_findings(page)
    fits(page)
    submit(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page, FIRST)
    expect(page.get_by_text("13 of 13 posts are out and read back.")).to_be_visible(timeout=60_000)
    no_findings(page)
    fits(page)
    for name in THREADED:
        is_a_thread(sandbox.url, name.lower())
    sees_what_it_goes_on_after(page)

    page.get_by_role("link", name="Take it down everywhere").click()
    page.get_by_label("Why?").fill("The bridge is open again.")
    page.get_by_role("button", name="Take it down").click()
    expect(page.get_by_text("13 were taken down.")).to_be_visible(timeout=60_000)


def is_a_thread(sandbox: str, network: str) -> None:
    told = httpx.get(f"{sandbox}/_control/{network}/posts", timeout=20).raise_for_status().json()
    ours = {post["text"]: post for post in told if post["text"] in (FIRST, SECOND, THIRD)}
    assert [ours[text]["answers"] for text in (FIRST, SECOND, THIRD)] == [
        "", ours[FIRST]["native_id"], ours[SECOND]["native_id"],
    ]  # fmt: skip


def sees_what_it_goes_on_after(page: Page) -> None:
    post = page.url
    row = page.get_by_role("listitem").filter(has_text="The Force (X)").filter(has_text="post 2 of 3")
    row.get_by_role("link", name="See it on X").click()
    expect(page.get_by_text(SECOND)).to_be_visible()
    page.get_by_role("link", name="the post before it").click()
    expect(page.get_by_text(FIRST)).to_be_visible()
    page.goto(post)
