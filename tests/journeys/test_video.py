"""A video from the file that somebody chooses until it stands on every network that takes one."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from mercat.images import videos
from tests.images.filmed import film
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import WORDS, approve, submit, write

pytestmark = [pytest.mark.every_network, pytest.mark.long]

NETWORKS = ("YouTube", "Facebook", "Instagram", "X")
ALT = "The bridge from the river, with its gate closed."
SRT = "1\n00:00:00,500 --> 00:00:03,000\nThe bridge is closed to high vehicles.\n"


@pytest.fixture
def road(tmp_path: Path) -> Path:
    return film(tmp_path / "bridge.mov", seconds=4, size=(640, 360))


def test_a_video_reaches_every_network_that_takes_one(
    new_page, house, sandbox, road: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "SLICE", 20_000)  # so that it comes in several
    page = new_page()
    address = writes_and_submits(page, road, javascript=True)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page)
    done = f"{len(NETWORKS)} of {len(NETWORKS)} accounts are out and read back."
    expect(page.get_by_text(done)).to_be_visible(timeout=120_000)  # Instagram is asked once a minute
    no_findings(page)
    for name in NETWORKS:
        sees_it(page, address, name)
    for slug in map(str.lower, NETWORKS):
        [post] = httpx.get(f"{sandbox.url}/_control/{slug}/posts").raise_for_status().json()
        assert [medium["mime"] for medium in post["media"]] == ["video/mp4"], slug


def test_an_upright_video_stands_on_facebook_as_a_reel(new_page, house, sandbox, tmp_path: Path) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (Facebook)")
    brings(page, film(tmp_path / "upright.mov", seconds=4, size=(720, 1280)), javascript=True)
    describes(page, javascript=True)
    address = submit(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page)
    expect(page.get_by_text("1 of 1 account is out and read back.")).to_be_visible(timeout=60_000)
    sees_it(page, address, "Facebook")
    fits(page)
    page.set_viewport_size({"width": 320, "height": 800})
    fits(page)
    asked = httpx.get(f"{sandbox.url}/_control/facebook/requests").raise_for_status().json()["requests"]
    assert asked[-1]["path"].endswith("/video_reels")


def test_a_video_is_brought_described_and_submitted_without_scripts(new_page, house, sandbox, road: Path) -> None:
    writes_and_submits(new_page(javascript=False), road, javascript=False)


def writes_and_submits(page: Page, road: Path, *, javascript: bool) -> str:
    sign_in(page, "communications")
    write(page, *(f"The Force ({name})" for name in NETWORKS))
    brings(page, road, javascript=javascript)
    describes(page, javascript=javascript)
    if javascript:  # axe waits for the player, which without scripts never tells that it is there
        no_findings(page)
    fits(page)
    page.set_viewport_size({"width": 320, "height": 800})
    fits(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    address = submit(page)
    page.get_by_text("Captions", exact=True).click()
    expect(page.get_by_text("The bridge is closed to high vehicles.").last).to_be_visible()
    if javascript:
        no_findings(page)
    return address


def brings(page: Page, road: Path, *, javascript: bool) -> None:
    page.get_by_label("Or choose a video").set_input_files(road)
    if not javascript:
        page.get_by_role("button", name="Add video").click()
    expect(page.get_by_text("Describe what the video shows")).to_be_visible(timeout=30_000)
    for _ in range(20):
        if page.locator("#film-state video").count():
            break
        page.wait_for_timeout(1_000)
        if not javascript:
            page.reload()
    expect(page.locator("#film-state video")).to_be_visible()


def describes(page: Page, *, javascript: bool) -> None:
    page.get_by_label("Describe what the video shows").fill(ALT)
    page.get_by_text("Captions: what is said in it").click()
    page.get_by_label("From a file").set_input_files(
        {"name": "bridge.srt", "mimeType": "text/plain", "buffer": SRT.encode()}
    )
    if not javascript:
        page.get_by_role("button", name="Add captions").click()
    expect(page.get_by_label("Or write them here")).to_have_value(
        "WEBVTT\n\n00:00:00.500 --> 00:00:03.000\nThe bridge is closed to high vehicles.\n"
    )


def sees_it(page: Page, address: str, network: str) -> None:
    page.goto(address)
    page.get_by_role("link", name=f"See it on {network}").click()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    expect(page.locator("video")).to_be_visible()
