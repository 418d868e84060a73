"""The pages in a real Chromium: what axe finds, how narrow they go, and the forms without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.sandbox.callers import picture
from tests.shared import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
BACK = "http://127.0.0.1:9/back"
FINDINGS = """
axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
   .then(result => result.violations.map(one => [one.id, one.nodes[0].html]))
"""
WORDS = "The A92 is closed at Cowdenbeath.\n\nUpdates: https://example.test/" + "long/" * 20 + " #A92"


@pytest.fixture
def page(browser: Browser, sandbox) -> Iterator[Page]:
    context = browser.new_context(base_url=sandbox.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def filled(bluesky, mastodon) -> dict[str, str]:
    """Addresses of every kind of page, each with something on it."""
    images = [{"image": bluesky.blob(picture(colour)), "alt": alt} for colour, alt in (("navy", "Navy"), ("red", ""))]
    bluesky.publish("Look", embed={"$type": "app.bsky.embed.images", "images": images}).raise_for_status()
    ids = [mastodon.upload(picture(size=(400, 300)), alt).json()["id"] for alt in ("A navy field", "")]
    mastodon.publish(WORDS, media_ids=ids, spoiler_text="Collision").raise_for_status()
    mastodon.publish(WORDS, media_ids=[mastodon.upload(picture(), "Navy").json()["id"]]).raise_for_status()
    mastodon.fault("rate_limited", times=3, account="fife")
    application = mastodon.http.post("/mastodon/api/v1/apps", data={"client_name": "Mercat", "redirect_uris": BACK})
    asked = {"client_id": application.json()["client_id"], "redirect_uri": BACK, "response_type": "code"}
    return {
        "index": "/",
        "Bluesky timeline": "/bluesky/",
        "Bluesky profile": bluesky.account["url"],
        "Bluesky post": bluesky.posts()[0]["url"],
        "Mastodon timeline": "/mastodon/",
        "Mastodon profile": mastodon.account["url"],
        "Mastodon post": mastodon.posts()[1]["url"],
        "hashtag": "/mastodon/tags/A92",
        "missing": "/mastodon/@nobody",
        "consent": f"/mastodon/oauth/authorize?{urlencode(asked)}",
        "consent refused": "/mastodon/oauth/authorize",
    }


def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_small_screen(browser, sandbox, filled):
    if not AXE.exists():
        pytest.skip("axe-core is not installed (make assets)")
    context = browser.new_context(base_url=sandbox.url, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for name, address in filled.items():
        page.goto(address)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.evaluate(AXE.read_text())
        assert page.evaluate(FINDINGS) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") == 320, name
    context.close()


def test_no_page_asks_for_anything_beyond_the_sandbox_or_breaks_its_own_policy(browser, sandbox, filled):
    context = browser.new_context(base_url=sandbox.url)
    page, trouble = context.new_page(), []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: request.url.startswith(sandbox.url) or trouble.append(request.url))
    for name in ("index", "Bluesky timeline", "Mastodon timeline", "consent"):
        page.goto(filled[name], wait_until="networkidle")
    assert trouble == []
    context.close()


def test_a_trainer_makes_an_account_and_switches_a_fault_on_and_off_without_javascript(page, http, mastodon):
    page.goto("/")
    section = page.get_by_role("region", name="Mastodon", exact=True)
    section.get_by_text("Make an account").click()
    section.get_by_label("Handle").fill("dundee")
    section.get_by_role("button", name="Make the account").click()
    assert http.get("/_control/mastodon/accounts").json()[0]["handle"] == "dundee"
    section.locator("summary", has_text="Answer lost").click()
    section.locator("#mastodon-answer_lost-times").fill("2")
    section.get_by_role("button", name="Switch on Answer lost").click()
    assert http.get("/_control/mastodon/faults").json()[0]["times"] == 2
    section.get_by_role("button", name="Clear Answer lost").click()
    assert http.get("/_control/mastodon/faults").json() == []


def test_consent_is_given_by_keyboard_and_leads_back_with_a_code(page, filled):
    page.goto(filled["consent"])
    page.get_by_label("Account").focus()
    page.keyboard.press("Tab")
    with page.expect_request(lambda request: request.url.startswith(BACK)) as asked:
        page.keyboard.press("Enter")
    assert "code=" in asked.value.url


def test_the_alt_text_opens_by_keyboard(page, filled):
    page.goto("/bluesky/")
    page.get_by_text("ALT text of picture 1").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("Navy", exact=True).is_visible()
