"""One approved post, with a picture, its description and a video, to every network: seen on each, and taken down from
all."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.config import seed
from mercat.networks import registry
from mercat.networks.port import Spec
from tests import factories as make
from tests.images.filmed import film
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import ALT, WORDS, approve, attach, submit, write

pytestmark = pytest.mark.every_network

NETWORKS = [each.spec for each in registry.all()]


@pytest.fixture
def everywhere(house, sandbox) -> None:
    """An account at Hootsuite besides: the demonstration's body keeps none there."""
    row = make.account(
        "The Force (Hootsuite)",
        unit_key="corporate-communications",
        network="hootsuite",
        tier="corporate",
        connected=False,
    )
    make.spoc_of(row)
    seed.connect_to_stand_in(row, handle="the.force", sandbox=sandbox.url, by=make.TEST, now=timezone.now())


def test_one_post_reaches_every_network_and_is_read_back_from_each(
    new_page, everywhere, sandbox, tmp_path: Path
) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, *(f"The Force ({spec.name})" for spec in NETWORKS))
    attach(page, javascript=True)
    # Hootsuite carries no descriptions: there it stands in the text.
    page.get_by_text("Different words for one network").click()
    page.get_by_label("Hootsuite only").fill(f"{WORDS} The picture shows: {ALT}")
    page.get_by_label("Choose a video beside them").set_input_files(film(tmp_path / "bridge.mov", seconds=4))
    expect(page.locator("#film-state video")).to_be_visible(timeout=30_000)
    page.get_by_label("Describe what the video shows").fill("The bridge from the river.")
    expect(page.get_by_text("YouTube takes videos alone, and is given the video.")).to_be_visible()
    no_findings(page)
    fits(page)
    address = submit(page)
    no_findings(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page)
    done = f"{len(NETWORKS)} of {len(NETWORKS)} accounts are out and read back."
    expect(page.get_by_text(done)).to_be_visible(timeout=120_000)
    no_findings(page)
    fits(page)
    for spec in NETWORKS:
        sees_it(page, address, spec)
    is_taken_down_everywhere(page, sandbox)


def is_taken_down_everywhere(page: Page, sandbox) -> None:
    page.get_by_role("link", name="Take it down everywhere").click()
    no_findings(page)
    fits(page)
    page.get_by_label("Why?").fill("The bridge is open again.")
    page.get_by_role("button", name="Take it down").click()
    takes = [spec for spec in NETWORKS if spec.slug != "hootsuite"]
    expect(page.get_by_text(f"{len(takes)} were taken down.")).to_be_visible(timeout=60_000)
    # What Hootsuite has published it cannot take back: the page leads to where a person can.
    expect(page.get_by_text("Hootsuite cannot take it down. Do that on Facebook itself").first).to_be_visible()
    no_findings(page)
    for spec in takes:
        standing = httpx.get(f"{sandbox.url}/_control/{spec.slug}/posts").raise_for_status().json()
        assert [post["text"] for post in standing] == [], spec.name


def sees_it(page: Page, address: str, spec: Spec) -> None:
    """Hootsuite takes no description of a picture."""
    page.get_by_role("link", name=f"See it on {spec.name}").click()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    if not spec.media.max_count:
        expect(page.locator("video")).to_be_visible()
    elif spec.media.max_alt:
        expect(page.get_by_alt_text(ALT)).to_be_visible()
    else:
        expect(page.locator("article img, main img").first).to_be_visible()
    page.goto(address)
