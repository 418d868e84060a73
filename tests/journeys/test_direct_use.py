"""Posts past the tool in a browser: found on the stand-in, told of, looked into and settled; or expected (6.2, 6.3)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.people.models import Notice, Person
from mercat.register.exceptions import actions as exceptions
from mercat.register.models import Account, DirectAccess, Posture
from mercat.sandbox.server import RunningSandbox
from mercat.watch.direct import looking
from mercat.watch.direct.actions import FOUND
from mercat.watch.models import DirectGap, DirectUse
from tests.journeys.conftest import fits, no_findings, sign_in

NAME = "Dundee Local Policing (Bluesky)"
WORDS = "Free parking for everybody, says the duty officer."
AHEAD = timedelta(minutes=5)  # beyond the moment in which a post may still be one that is being sent


def put(sandbox: RunningSandbox, account: Account) -> None:
    """Somebody posts on the network's own site."""
    made = {"account": account.handle, "text": WORDS}
    httpx.post(f"{sandbox.url}/_control/{account.network}/posts", json=made).raise_for_status()


def is_recovered_by_others(account: Account) -> None:
    """In the demonstration all of Corporate Communications could have, since it can recover every account."""
    found = {
        "second_factor": True,
        "recovery_role": "ict",
        "recovery_mailbox": "ict@mercat.example",
        "evidence": "Seen",
    }
    now = timezone.now()
    Posture.objects.create(account=account, **found, checked_at=now, expires_at=now + timedelta(days=90))


def look_at_all() -> None:
    now = timezone.now() + AHEAD
    while looking.due(now=now).exists():
        looking.run(now=now)


def is_sound(page: Page, *, javascript: bool) -> None:
    if javascript:
        no_findings(page)
    fits(page)


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1280), (True, 320), (False, 320)], ids=["wide", "narrow", "without scripts"]
)
def test_a_post_past_the_tool_is_found_and_settled(
    new_page, sandbox: RunningSandbox, javascript: bool, width: int
) -> None:
    page = new_page(javascript=javascript, width=width)

    def look() -> None:
        is_sound(page, javascript=javascript)

    account = Account.objects.get(name=NAME)
    is_recovered_by_others(account)
    put(sandbox, account)
    look_at_all()
    now = timezone.now()
    DirectGap.objects.create(account=account, since=now - timedelta(hours=2), until=now, found_at=now)
    sign_in(page, "communications")
    expect(page.get_by_role("heading", name="Posts that did not go through here")).to_be_visible()
    look()
    page.get_by_role("button", name=FOUND).click()
    expect(page.get_by_role("heading", name=f"A post on {NAME}")).to_be_visible()
    expect(page.get_by_role("heading", name="People who could have made it")).to_be_visible()
    look()
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    look()
    page.get_by_label("It was taken down on the network").check()
    page.get_by_label("In words").fill("The duty officer had an old password. It is changed.")
    page.get_by_role("button", name="Settle it").click()
    page.get_by_role("alert").get_by_role("link", name="Enter when it was taken down").click()
    expect(page.get_by_label("In words")).to_have_value("The duty officer had an old password. It is changed.")
    look()
    page.get_by_label("If it was taken down: when?").fill(f"{timezone.localtime():%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_text("It is settled, and on record.")).to_be_visible()
    look()
    page.get_by_role("link", name="Posts that did not go through here").click()
    expect(page.get_by_text("No post waits to be looked into")).to_be_visible()
    expect(page.get_by_role("heading", name="Never read")).to_be_visible()
    look()
    page.get_by_role("link", name="Settled", exact=True).click()
    expect(page.get_by_role("link", name=WORDS)).to_be_visible()
    look()
    use = DirectUse.objects.get()
    assert (use.outcome, use.settled_by.email) == ("taken_down", "communications@mercat.example")


def test_one_made_while_direct_access_was_open_is_expected(new_page, sandbox: RunningSandbox) -> None:
    page = new_page()
    account, now = Account.objects.get(name=NAME), timezone.now()
    officer, comms = (
        Person.objects.get(email=f"{login}@mercat.example") for login in ("local.officer", "communications")
    )
    is_recovered_by_others(account)
    row = exceptions.ask(
        by=officer, account=account, why=DirectAccess.Why.OUTAGE, words="The tool is down.", hours=2, now=now
    )
    exceptions.grant(by=comms, row=row, hours=2, now=now)
    put(sandbox, account)
    look_at_all()
    assert not Notice.objects.filter(subject=FOUND).exists()
    sign_in(page, "communications")
    page.goto(row.page)
    expect(page.get_by_role("heading", name="Found there")).to_be_visible()
    is_sound(page, javascript=True)
    page.get_by_role("link", name=WORDS).click()
    expect(page.get_by_text("was expected: direct access was open")).to_be_visible()
    expect(page.get_by_role("heading", name="Was it something else?")).to_be_visible()
    is_sound(page, javascript=True)
    page.goto(f"/register/{account.pk}/")
    page.get_by_role("link", name="Posts past the tool").click()
    page.get_by_role("link", name="Expected", exact=True).click()
    expect(page.get_by_role("link", name=WORDS)).to_be_visible()
    is_sound(page, javascript=True)
