"""What became of a post, in a browser: it goes out, its networks count, and the figures stand by account."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.delivery.models import Consignment
from mercat.sandbox.server import RunningSandbox
from mercat.watch.figures import asking
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import WORDS, approve, submit, write

DUNDEE, PERTH = "Dundee Local Policing", "Perth Local Policing"
HOUR = timedelta(hours=1)


def is_out(page: Page, address: str) -> None:
    done = page.get_by_text("2 of 2 accounts are out and read back.")
    for _ in range(60):
        page.goto(address)
        if done.count():
            break
        page.wait_for_timeout(250)
    expect(done).to_be_visible()


def are_counted(sandbox: RunningSandbox, *, after: timedelta, **figures: int) -> None:
    """The networks count so many, and are asked for it."""
    for row in Consignment.objects.select_related("account"):
        counted = {"post": row.native_id, **figures}
        httpx.post(f"{sandbox.url}/_control/{row.account.network}/figures", json=counted).raise_for_status()
    asking.run(now=timezone.now() + after)


def is_sound(page: Page, *, javascript: bool) -> None:
    if javascript:
        no_findings(page)
    fits(page)


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1280), (True, 320), (False, 320)], ids=["wide", "narrow", "without scripts"]
)
def test_what_became_of_a_post_is_seen_by_account_and_together(
    new_page, sandbox: RunningSandbox, javascript: bool, width: int
) -> None:
    page = new_page(javascript=javascript, width=width)

    def look() -> None:
        is_sound(page, javascript=javascript)

    sign_in(page, "local.officer")
    page.goto("/watch/figures/")
    expect(page.get_by_text("Nothing went out in the last 30 days")).to_be_visible()
    look()
    write(page, DUNDEE, PERTH)
    address = submit(page)
    sign_out(page)
    sign_in(page, "spoc")
    approve(page)
    is_out(page, address)
    are_counted(sandbox, after=2 * HOUR, views=900, reactions=40, shares=3)
    are_counted(sandbox, after=7 * HOUR, views=2400, reactions=1250, shares=31, replies=2)

    page.get_by_role("link", name="Figures: what became of it").click()
    expect(page.get_by_role("heading", name="What became of this post")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Together")).to_contain_text("2,500")
    expect(page.get_by_text("not told").first).to_be_visible()
    look()
    page.get_by_text("What the figures mean").click()
    expect(page.get_by_text("it is not nought")).to_be_visible()
    look()
    expect(page.get_by_role("table", name=f"How it grew: {DUNDEE}").get_by_role("row")).to_have_count(
        3 if width == 1280 else 2  # their heads are not there where tables are stacked
    )

    page.get_by_role("link", name="Figures of all that went out lately").click()
    expect(page.get_by_role("link", name=WORDS[:40])).to_be_visible()
    look()
    page.get_by_label("Pillar", exact=True).select_option("Warning and informing")
    page.get_by_label("Network", exact=True).select_option("Mastodon")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="reactions", exact=True).click()
    expect(page.get_by_role("link", name=WORDS[:40])).to_be_visible()
    expect(page.get_by_text("2,500")).to_have_count(0)
    look()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Take it away as a table (CSV)").click()
    assert begun.value.suggested_filename.startswith("figures-")
    text = begun.value.path().read_text(encoding="utf-8")
    assert "1250" in text
    assert "bluesky" not in text, "as it was chosen"
