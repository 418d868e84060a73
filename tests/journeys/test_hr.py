"""A file of the HR system in a browser: its faults named, the sound lines applied, a conflict resolved by choice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mercat.people.models import Completion, Person
from tests.journeys.conftest import fits, no_findings, sign_in
from tests.people.hr.files import as_csv, line, line_of

FAULTS = {
    "no staff number": line("", forename="Nobody"),
    "no name": line("f2", forename="", surname=""),
    "no e-mail": line("f3", email=""),
    "an e-mail that is none": line("f4", email="morag at mercat"),
    "an unknown rank": line("f5", rank="Bobby"),
    "an unknown unit": line("f6", unit="Z Division"),
    "an unknown employment": line("f7", employment="Volunteer"),
    "an employment against the rank": line("f8", employment="Police Staff"),
    "a leaving date that is none": line("f9", left="soon"),
    "a day that is none": line("f10", completed="31/02/2026", trainer="demo-trainer"),
    "a day ahead": line("f11", completed="01/01/2099", trainer="demo-trainer"),
    "no trainer": line("f12", completed="01/02/2026"),
    "a trainer who is none": line("f13", completed="01/02/2026", trainer="demo-spoc"),
    "a line given twice": line("101"),
}
REASONS = {
    "no staff number": "It has no staff number.",
    "no name": "It has no name.",
    "no e-mail": "It has no e-mail.",
    "an e-mail that is none": "“morag at mercat” is no e-mail.",
    "an unknown rank": "The rank or grade “Bobby” is not known here.",
    "an unknown unit": "The unit “Z Division” is not known here.",
    "an unknown employment": "The employment “Volunteer” is not known here.",
    "an employment against the rank": "“Police Staff” does not go with this rank or grade.",
    "a leaving date that is none": "“soon” in “Leaving date” is no day such as",
    "a day that is none": "“31/02/2026” in “Completed” is no day such as",
    "a day ahead": "The course is completed on 1 January 2099, which lies ahead.",
    "no trainer": "It names no trainer.",
    "a trainer who is none": "Single Point of Contact, Tayside was no trainer on 1 February 2026.",
    "a line given twice": "It says again what line 2 says.",
}


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_file_with_faults_is_read_line_by_line_and_a_conflict_resolved(new_page, javascript: bool, tmp_path) -> None:
    page = new_page(javascript=javascript, width=1280 if javascript else 320)
    officer = Person.objects.get(number="demo-local.officer")
    lines = [
        line("101", completed="01/02/2026", trainer="demo-trainer"),
        line_of(officer, rank="Sgt"),
        *FAULTS.values(),
    ]
    (tmp_path / "people.csv").write_bytes(as_csv(*lines))

    def look() -> None:
        if javascript:
            no_findings(page)
            for width in (1280, 320):
                page.set_viewport_size({"width": width, "height": 900})
                fits(page)
            page.set_viewport_size({"width": 1280, "height": 900})

    is_handed_in(page, tmp_path / "people.csv", look)
    faults_are_named(page, look)
    the_sound_are_applied(page, look)
    a_conflict_is_resolved(page, look)
    officer.refresh_from_db()
    assert officer.rank == "sergeant"
    assert Completion.objects.get(person__number="101").trainer.number == "demo-trainer"


def is_handed_in(page: Page, path, look) -> None:
    sign_in(page, "administrator")
    page.goto("/people/")
    page.get_by_role("button", name="Import from SCoPE").click()
    look()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "people.xlsx", "mimeType": "", "buffer": b"PK\x03\x04"}
    )
    page.get_by_role("button", name="Compare with the list").click()
    expect(page.get_by_role("alert").get_by_role("link", name="It is a spreadsheet")).to_be_visible()
    look()
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Compare with the list").click()
    expect(page.get_by_role("heading", name="people.csv")).to_be_visible()
    look()


def faults_are_named(page: Page, look) -> None:
    page.get_by_role("link", name=f"Faulty {len(FAULTS)}").click()
    for number, name in enumerate(FAULTS, 4):
        row = page.get_by_role("row").filter(has_text=REASONS[name])
        expect(row.get_by_role("cell").first).to_have_text(str(number))
    expect(page.get_by_text("2.2").first).to_be_visible()
    look()


def the_sound_are_applied(page: Page, look) -> None:
    page.get_by_label("Add everybody and every course that is new").check()
    page.get_by_role("button", name="Apply these groups").click()
    expect(page.get_by_text("done.")).to_be_visible()
    look()
    page.get_by_role("link", name="New").click()
    page.get_by_role("link", name="Morag Fictive 101").first.click()
    expect(page.get_by_text("SCoPE, people.csv")).to_be_visible()
    look()
    page.get_by_role("link", name="people.csv").click()


def a_conflict_is_resolved(page: Page, look) -> None:
    page.get_by_role("link", name="Conflicting 1").click()
    expect(page.get_by_text("Changed here since the HR system last said it")).to_be_visible()
    look()
    page.get_by_label("Take the file’s").check()
    page.get_by_role("button", name="Apply what is chosen here").click()
    expect(page.get_by_text("Done.", exact=True)).to_be_visible()
    look()


def test_details_are_corrected(new_page) -> None:
    page = new_page()
    sign_in(page, "administrator")
    page.goto(f"/people/{Person.objects.get(number='demo-new.officer').pk}/")
    page.get_by_role("link", name="Correct these details").click()
    no_findings(page)
    page.get_by_label("Name").fill("Newer Officer, Tayside")
    page.get_by_role("button", name="Correct the details").click()
    expect(page.get_by_role("alert").get_by_role("link", name="Enter the reason")).to_be_visible()
    no_findings(page)
    page.get_by_label("Why?").fill("A letter of theirs")
    page.get_by_role("button", name="Correct the details").click()
    expect(page.get_by_role("heading", name="Newer Officer, Tayside")).to_be_visible()
