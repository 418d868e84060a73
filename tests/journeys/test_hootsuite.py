"""Coming from Hootsuite in a browser: its bulk file to drafts, its members and profiles beside what stands here."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from mercat.posts.models import Post
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out

DUNDEE, PERTH = "Dundee Local Policing", "Perth Local Policing"
ROAD = "The coast road is closed until noon. https://example.org/road"
FILE = (
    "01/02/2099 09:30,The coast road is closed until noon.,https://example.org/road\n"
    f"02/02/2099 09:30,{'Much too long. ' * 40},\n"
    "2020-02-02 09:30,Long past.,www.example.org\n"
    '2099-02-03 18:00,"Mind the ice, please.",,https://example.org/ice.png\n'
).encode()
MEMBERS = {
    "data": [
        {"id": "1", "fullName": "Local Officer", "email": "local.officer@mercat.example", "isActive": True},
        {"id": "2", "fullName": "Nobody of Ours", "email": "nobody@elsewhere.example", "isActive": False},
        {"id": "3", "type": "TWITTER", "socialNetworkId": "1560718270506380122", "socialNetworkUsername": None},
        {"id": "4"},
    ]
}


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_bulk_file_becomes_drafts_and_a_draft_goes_the_way_of_every_other(new_page, javascript: bool) -> None:
    page = new_page(javascript=javascript, width=1280 if javascript else 320)

    def look() -> None:
        is_sound(page, javascript=javascript)

    sign_in(page, "local.officer")
    page.goto("/posts/")
    page.get_by_role("link", name="Import from Hootsuite").click()
    look()
    page.get_by_role("button", name="Look through it").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(3)
    look()
    is_handed_in(page)
    expect(page.get_by_text("2 lines good, 2 refused.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Long past.")
    expect(row).to_contain_text("9:30am on 2 February 2020 is past.")
    expect(row).to_contain_text("“www.example.org” is no link.")
    look()
    assert Post.objects.count() == 0
    page.get_by_role("button", name="Make 2 drafts").click()
    expect(page.get_by_text("2 drafts are made.")).to_be_visible()
    look()
    is_not_imported_twice(page, look)
    is_submitted(page)
    sign_out(page)
    sign_in(page, "spoc")
    is_approved(page)


def is_handed_in(page: Page) -> None:
    page.get_by_label("File", exact=True).set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_label("the day, such as").check()
    page.get_by_label(DUNDEE).check()
    page.get_by_label(PERTH).check()
    page.get_by_role("button", name="Look through it").click()


def is_not_imported_twice(page: Page, look) -> None:
    page.get_by_role("link", name="Import from Hootsuite").click()
    is_handed_in(page)
    expect(page.get_by_text("0 lines good, 4 refused.")).to_be_visible()
    expect(page.get_by_text("You imported this line before.")).to_have_count(2)
    look()
    page.get_by_role("link", name="Open it from line 1").click()


def is_submitted(page: Page) -> None:
    page.goto("/posts/?state=draft&mine=yes")
    page.get_by_role("link", name="The coast road").click()
    expect(page.get_by_label("What to say")).to_have_value(ROAD)
    page.get_by_label("Warning and informing").check()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Waiting for approval")).to_be_visible()


def is_approved(page: Page) -> None:
    page.get_by_role("link").filter(has_text=f"Look: {ROAD[:40]}").click()
    expect(page.get_by_text("1 February 2099").first).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Approved").first).to_be_visible()


def test_members_and_profiles_are_compared_with_what_stands_here(new_page) -> None:
    page = new_page()
    sign_in(page, "communications")
    page.goto("/register/")
    page.get_by_role("link", name="Compare with Hootsuite").click()
    is_sound(page)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Choose a file")).to_be_visible()
    is_sound(page)
    file = {"name": "a.json", "mimeType": "application/json", "buffer": json.dumps(MEMBERS).encode()}
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row").filter(has_text="local.officer@")).to_contain_text("Licensed")
    expect(page.get_by_role("row").filter(has_text="nobody@")).to_contain_text("Not on the list of people")
    expect(page.get_by_role("row").filter(has_text="TWITTER")).to_contain_text("Not on the register")
    expect(page.get_by_text("report each that is not on the register to the Information Security")).to_be_visible()
    is_sound(page)


def is_sound(page: Page, *, javascript: bool = True) -> None:
    if not javascript:
        fits(page)
        return
    no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)
