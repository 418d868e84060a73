"""A person chooses what they are told by e-mail, is told, reads the message, and follows its link."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mercat.people import actions
from mercat.people.models import Person
from mercat.people.notices.mailing import run
from tests import factories as make
from tests.journeys.conftest import fits, no_findings, sign_in
from tests.servers.mail import running


def look(page: Page) -> None:
    no_findings(page)
    fits(page)


@pytest.mark.parametrize(("javascript", "width"), [(True, 1280), (False, 320)])
def test_a_notice_is_chosen_sent_and_followed(new_page, house, settings, javascript: bool, width: int) -> None:
    page = new_page(javascript=javascript, width=width)
    sign_in(page, "new.officer")
    page.goto("/notices/")
    page.get_by_role("link", name="What you are told by e-mail").click()
    expect(page.get_by_text("No e-mail is sent from here")).to_be_visible()
    with running(settings) as box:
        page.reload()
        expect(page.get_by_text("No e-mail is sent from here")).to_be_hidden()
        access = page.get_by_role("group", name="Access to posting")
        expect(access.get_by_label("At once")).to_be_checked()
        expect(page.get_by_role("group", name="Security").get_by_label("Never")).to_have_count(0)
        page.get_by_role("group", name="Accounts").get_by_label("Never").check()
        page.get_by_role("group", name="Reminders").get_by_label("At once").check()
        if javascript:
            look(page)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Your choices are kept.")).to_be_visible()
        expect(page.get_by_role("group", name="Accounts").get_by_label("Never")).to_be_checked()
        fits(page)

        officer, now = Person.objects.get(email="new.officer@mercat.example"), timezone.now()
        commander = make.person("Commander", unit_key=officer.unit_id, unit_roles=("divisional-commander",))
        actions.nominate(by=commander, person=officer, now=now)
        run(now=now)
        mine = [message for message in box.messages if message["To"] == officer.email]
    assert len(mine) == 1
    link = re.search(r"Read it: (\S+)", mine[0].get_content())[1]
    assert link.startswith(house)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url == link == f"{house}/access/"
    page.goto("/notices/")
    expect(page.locator(".mercat-notice__subject", has_text=mine[0]["Subject"])).to_be_visible()
    if javascript:
        look(page)
