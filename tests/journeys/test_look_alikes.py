"""Look-alikes in a browser: found on the stand-ins, each a case or none, and reported there (4.11, 7.1)."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mercat.people.pack import guidance
from mercat.sandbox.server import RunningSandbox
from mercat.watch.lookalikes import searching
from mercat.watch.lookalikes.actions import FOUND
from mercat.watch.models import Case, LookAlike
from mercat.watch.reporting import sending
from tests.journeys.conftest import fits, no_findings, sign_in
from tests.journeys.test_cases import says_what_it_is

FAKES = {"mastodon": "police_scotland_help", "bluesky": "policescotland.refunds.example"}


def put(sandbox: RunningSandbox, network: str, handle: str, name: str) -> None:
    """Somebody opens an account on the network."""
    made = {"handle": handle, "display_name": name}
    httpx.post(f"{sandbox.url}/_control/{network}/accounts", json=made).raise_for_status()


def reports(sandbox: RunningSandbox, network: str) -> list[dict[str, str]]:
    return httpx.get(f"{sandbox.url}/_control/{network}/reports").raise_for_status().json()


def search_all() -> None:
    """Both networks, for the body's own names."""
    for n in range(1 + len(guidance().pack.body.also_called)):
        searching.run(now=timezone.now() + n * timedelta(minutes=10))


@pytest.mark.parametrize(
    ("network", "javascript", "width"),
    [("mastodon", True, 1280), ("bluesky", True, 320), ("mastodon", False, 320)],
    ids=["wide", "narrow", "without scripts"],
)
def test_a_look_alike_is_found_opened_and_reported_through_its_network(
    new_page, sandbox: RunningSandbox, network: str, javascript: bool, width: int
) -> None:
    page = new_page(javascript=javascript, width=width)

    def look() -> None:
        if javascript:
            no_findings(page)
        fits(page)

    name = {"mastodon": "Mastodon", "bluesky": "Bluesky"}[network]
    put(sandbox, network, FAKES[network], "Police Scotland Help")
    put(sandbox, "mastodon", "police_scotland_fans", "Friends of Police Scotland")
    search_all()
    sign_in(page, "communications")
    page.get_by_role("button", name=FOUND).click()
    expect(page.get_by_role("heading", name="Accounts that look like ours")).to_be_visible()
    expect(page.get_by_text("Friends of Police Scotland")).to_be_visible()
    look()
    page.get_by_role("button", name=re.compile("^Not ours to deal with.*police_scotland_fans")).click()
    expect(page.get_by_text("What was found of it is forgotten.")).to_be_visible()
    expect(page.get_by_text("Friends of Police Scotland")).to_have_count(0)
    page.get_by_role("button", name=re.compile(f"^Open a case.*{FAKES[network]}")).click()
    expect(page.get_by_text("It is a case now.")).to_be_visible()
    look()
    says_what_it_is(page, "Somebody else", false_words=True)
    expect(page.get_by_text(f"{name} takes reports from here.")).to_be_visible()
    look()
    page.get_by_role("button", name=f"Report it through {name}").click()
    expect(page.get_by_text(f"It goes to {name} within a minute.")).to_be_visible()
    look()
    assert reports(sandbox, network) == []
    sending.run(now=timezone.now())
    [report] = reports(sandbox, network)
    assert "We are Police Scotland." in report["comment"]
    page.reload()
    case = Case.objects.get()
    assert (case.state, case.reference) == ("reported", report["id"])
    expect(page.get_by_text(f"Its reference: {report['id']}.")).to_be_visible()
    expect(page.get_by_role("heading", name="Is it still there?")).to_be_visible()
    look()
    page.goto("/watch/look-alikes/?show=dismissed")
    expect(page.get_by_text("An account on Mastodon")).to_be_visible()
    look()
    page.goto("/watch/look-alikes/?show=case")
    expect(page.get_by_role("link", name=f"Case {case.pk}")).to_be_visible()
    look()
    assert LookAlike.objects.count() == 2


def test_what_a_network_does_not_take_is_told_and_reported_by_hand(new_page, sandbox: RunningSandbox) -> None:
    page = new_page()
    put(sandbox, "mastodon", FAKES["mastodon"], "Police Scotland Help")
    search_all()
    sign_in(page, "communications")
    page.goto("/watch/cases/")
    page.get_by_role("link", name="1 account that looks like ours").click()
    page.get_by_role("button", name="Open a case").click()
    says_what_it_is(page, "Somebody else", false_words=True)
    fault = {"fault": "answer_lost", "on": "any"}
    page.get_by_role("button", name="Report it through Mastodon").click()
    httpx.post(f"{sandbox.url}/_control/mastodon/faults", json=fault).raise_for_status()
    sending.run(now=timezone.now())
    page.reload()
    expect(page.get_by_text("It may have been reported through Mastodon, and is not sent again")).to_be_visible()
    expect(page.get_by_role("button", name="Report it through Mastodon")).to_have_count(0)
    no_findings(page)
    fits(page)
    page.get_by_role("button", name="I have reported it").click()
    expect(page.get_by_text("See in 3 days whether it is still there")).to_be_visible()
