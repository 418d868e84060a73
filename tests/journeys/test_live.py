"""A press conference: announced on YouTube's stand-in, watched until a picture arrives, started, and ended."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.posts.forms import LONDON
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import submit, write

pytestmark = [pytest.mark.every_network, pytest.mark.long]

WORDS = "Press conference about the bridge\nThe Assistant Chief Constable speaks. Subtitled afterwards."


def test_a_press_conference_is_announced_shown_and_ended(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (YouTube)", words=WORDS)
    begins = timezone.now().astimezone(LONDON) + timedelta(hours=30)
    page.get_by_label("This announces a live broadcast").check()
    page.get_by_label("Day of the broadcast").fill(f"{begins:%Y-%m-%d}")
    page.get_by_label("Begins at, in London").fill("14:00")
    no_findings(page)
    address = submit(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    page.get_by_role("link").filter(has_text="Look: Press conference about the bridge").click()
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("1 of 1 account is out and read back.")).to_be_visible(timeout=60_000)
    sign_out(page)

    sign_in(page, "communications")
    page.goto(address)
    page.get_by_role("link", name="The live broadcast").click()
    expect(page.get_by_text("No picture arrives yet.")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Show server and stream key").click()
    expect(page.get_by_text("rtmps://live.stand-in.example:443/live2")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Start the encoder, wait until its picture arrives").first).to_be_visible()

    httpx.post(f"{sandbox.url}/_control/youtube/faults", json={"fault": "encoder_sends"}).raise_for_status()
    expect(page.get_by_text("A picture arrives, and nobody sees it yet.")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("All who watch see the picture now.")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="End the broadcast").click()
    expect(page.get_by_text("It is over.")).to_be_visible()
    page.goto(address)
    for happened in ("Saw the key for the encoder", "The broadcast is live", "The broadcast has ended"):
        expect(page.get_by_text(happened).first).to_be_visible()
    no_findings(page)


def looks_right(page: Page) -> None:
    no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        fits(page)
