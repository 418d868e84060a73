"""One approved post, with a picture and its description, to every network that takes pictures: seen on each, and taken
down from all."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from mercat.networks import registry
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import ALT, WORDS, approve, attach, submit, write

pytestmark = pytest.mark.every_network

# All but YouTube, which takes no pictures, and Hootsuite, which takes none with a description.
NETWORKS = [each.spec for each in registry.all() if each.spec.media.max_count and each.spec.media.max_alt]


def test_one_post_reaches_every_network_and_is_read_back_from_each(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, *(f"The Force ({spec.name})" for spec in NETWORKS))
    attach(page, javascript=True)
    no_findings(page)
    address = submit(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page)
    done = f"{len(NETWORKS)} of {len(NETWORKS)} accounts are out and read back."
    expect(page.get_by_text(done)).to_be_visible(timeout=60_000)
    no_findings(page)
    fits(page)
    for spec in NETWORKS:
        sees_it(page, address, spec.name)
    is_taken_down_everywhere(page, sandbox)


def is_taken_down_everywhere(page: Page, sandbox) -> None:
    page.get_by_role("link", name="Take it down everywhere").click()
    no_findings(page)
    fits(page)
    page.get_by_label("Why?").fill("The bridge is open again.")
    page.get_by_role("button", name="Take it down").click()
    expect(page.get_by_text(f"{len(NETWORKS)} were taken down.")).to_be_visible(timeout=60_000)
    no_findings(page)
    for spec in NETWORKS:
        standing = httpx.get(f"{sandbox.url}/_control/{spec.slug}/posts").raise_for_status().json()
        assert [post["text"] for post in standing] == [], spec.name


def sees_it(page: Page, address: str, network: str) -> None:
    page.get_by_role("link", name=f"See it on {network}").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.get_by_alt_text(ALT)).to_be_visible()
    page.goto(address)
