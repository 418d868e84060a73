"""The view over everything, in a browser: for those who answer for all, and for one division."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.conftest import fits, no_findings, sign_in, sign_out


def test_each_sees_what_they_answer_for_and_can_stop_it(new_page) -> None:
    page = new_page(width=320)
    sign_in(page, "communications")
    page.get_by_role("link", name="Overview of all that you answer for").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    fits(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    no_findings(page)
    page.get_by_role("main").get_by_role("link", name="Pause sending").click()
    expect(page.get_by_role("heading", name="Pause sending")).to_be_visible()
    sign_out(page)
    sign_in(page, "commander")
    page.goto("/overview/")
    accounts = page.get_by_role("table", name="Accounts")
    expect(accounts).to_contain_text("Dundee")
    expect(accounts).not_to_contain_text("Edinburgh")
    sign_out(page)
    sign_in(page, "ict")
    page.goto("/overview/")
    fits(page)
    no_findings(page)
