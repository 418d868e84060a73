"""What people write to an account, in a browser: it comes in, somebody is signposted, and no word of it is left."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.delivery.models import Consignment
from mercat.people.pack import guidance
from mercat.sandbox.server import RunningSandbox
from mercat.watch.heard import actions, listening
from mercat.watch.models import Heard
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import approve, submit, write

PERTH = "Perth Local Policing"
MARK = "Looks like a report: tell them to call"
REPORT = "Somebody has stolen my bike in Reform Street."
THANKS = "Thank you for keeping us posted about the bridge."
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def says(sandbox: RunningSandbox, text: str, answers: str = "") -> None:
    """Somebody with an account of their own writes on Mastodon, by an app of theirs."""
    account = {"handle": "walker", "display_name": "A walker"}
    made = httpx.post(f"{sandbox.url}/_control/mastodon/accounts", json=account).raise_for_status().json()
    said = {"status": text, "visibility": "public"} | ({"in_reply_to_id": answers} if answers else {})
    by = {"Authorization": f"Bearer {made['token']}"}
    httpx.post(f"{sandbox.url}/mastodon/api/v1/statuses", json=said, headers=by).raise_for_status()


def is_out(page: Page, address: str) -> Consignment:
    for _ in range(120):
        page.goto(address)
        if page.get_by_text("1 of 1 account is out and read back").count():
            break
        page.wait_for_timeout(250)
    return Consignment.objects.get(read_back_at__isnull=False)


def look(page: Page, *, javascript: bool) -> None:
    if javascript:
        no_findings(page)
    fits(page)


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1280), (True, 320), (False, 320)], ids=["wide", "narrow", "without scripts"]
)
def test_a_report_is_signposted_and_forgotten(new_page, sandbox: RunningSandbox, javascript: bool, width: int) -> None:
    page = new_page(javascript=javascript, width=width)
    sign_in(page, "local.officer")
    write(page, PERTH)
    address = submit(page)
    sign_out(page)
    sign_in(page, "spoc")
    page.goto("/watch/heard/")
    expect(page.get_by_text("You deal with no account that is listened to")).to_be_visible()
    look(page, javascript=javascript)
    page.goto("/")
    approve(page)
    row = is_out(page, address)
    says(sandbox, THANKS, answers=row.native_id)
    says(sandbox, f"@perth {REPORT}")
    for _ in range(3):  # a few accounts at a time
        listening.run(now=timezone.now() + HOUR)
    assert sorted(Heard.objects.values_list("kind", "looks_like_report")) == [("comment", False), ("mention", True)]

    page.goto("/")
    page.get_by_role("button", name="Something that looks like a report was written to an account").click()
    expect(page.get_by_role("heading", name="What people write to us")).to_be_visible()
    expect(page.get_by_text(MARK)).to_be_visible()
    expect(page.get_by_text(REPORT)).to_be_visible()
    expect(page.get_by_text(THANKS)).to_be_visible()
    assert page.get_by_label("Copy it into an answer").first.input_value() in guidance().pack.signposting.texts
    look(page, javascript=javascript)
    page.get_by_role("button", name=re.compile("^Signposted")).first.click()
    expect(page.get_by_text("They were told whom to call.")).to_be_visible()
    expect(page.get_by_text(REPORT)).to_have_count(0)
    expect(page.get_by_text(THANKS)).to_be_visible()
    look(page, javascript=javascript)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM watch_heard AS row WHERE row::text LIKE %s", [f"%{REPORT}%"])
        assert cursor.fetchone() == (0,)
    page.get_by_role("button", name=re.compile("^Nothing to do")).click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    expect(page.get_by_text("The last seven days in numbers")).to_be_visible()
    look(page, javascript=javascript)
    for _ in range(3):
        listening.run(now=timezone.now() + 3 * HOUR)
    assert sorted(Heard.objects.values_list("state", "text")) == [("nothing", ""), ("signposted", "")]
    actions.note_gaps(now=timezone.now() + 30 * DAY)
    page.goto("/watch/heard/")
    expect(page.get_by_role("heading", name="Never read")).to_be_visible()
    expect(page.get_by_text("What named it between").first).to_be_visible()
    look(page, javascript=javascript)
