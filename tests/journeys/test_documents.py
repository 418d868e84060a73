"""A leaflet from the composer until it stands on LinkedIn's stand-in as a document, and elsewhere as pictures."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from mercat.sandbox import documents
from tests.images.crafted import pdf
from tests.journeys.conftest import fits, no_findings, sign_in, sign_out
from tests.journeys.steps import WORDS, approve, submit, write

pytestmark = pytest.mark.every_network

TITLE = "Keep safe in winter"
PAGES = ["Clear the ice from all windows.", "Tell somebody which way you go."]
LEAFLET = {"name": "leaflet.pdf", "mimeType": "application/pdf", "buffer": pdf(*PAGES)}


def test_a_leaflet_is_read_page_by_page_approved_and_goes_out_as_a_document(new_page, house, sandbox) -> None:
    page = new_page()
    sign_in(page, "communications")
    write(page, "The Force (LinkedIn)", "The Force (X)")
    page.get_by_label("Choose pictures").set_input_files(LEAFLET)
    describes(page)
    page.get_by_label("Title of the document").fill(TITLE)
    expect(page.locator("#preview-cards").get_by_text(f"Document: {TITLE}")).to_have_count(1)
    looks_right(page)
    address = submit(page)
    expect(page.get_by_text(f"Document: {TITLE}")).to_have_count(1)
    looks_right(page)
    sign_out(page)

    sign_in(page, "communications.duty")
    approve(page)
    expect(page.get_by_text("2 of 2 accounts are out and read back.")).to_be_visible(timeout=60_000)
    page.goto(address)
    page.get_by_role("link", name="See it on LinkedIn").click()
    expect(page.get_by_text(f"Document: {TITLE}")).to_be_visible()
    no_findings(page)
    with page.expect_download() as found:
        page.get_by_role("link", name=f"Document: {TITLE}, its first page").click()
    told = documents.inspect(found.value.path().read_bytes())
    assert told
    assert told.pages == len(PAGES)
    [there] = httpx.get(f"{sandbox.url}/_control/x/posts").raise_for_status().json()
    assert [medium["alt"] for medium in there["media"]] == PAGES


def test_a_leaflet_is_submitted_without_scripts(new_page, house) -> None:
    page = new_page(javascript=False, width=320)
    sign_in(page, "communications")
    write(page, "The Force (LinkedIn)")
    page.get_by_label("Choose pictures").set_input_files(LEAFLET)
    page.get_by_role("button", name="Add picture").click()
    describes(page)
    page.get_by_label("Title of the document").fill("T" * 59)
    page.get_by_role("button", name="Submit for approval").click()
    said = "The title of the document has 59 characters; LinkedIn takes 58. Shorten it."
    expect(page.get_by_role("alert").get_by_text(said)).to_be_visible()
    fits(page)
    page.get_by_label("Title of the document").fill(TITLE)
    submit(page)
    expect(page.get_by_text(f"Document: {TITLE}")).to_be_visible()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    fits(page)


def describes(page: Page) -> None:
    for number, words in enumerate(PAGES, 1):
        page.get_by_label(f"Picture {number}: describe it").fill(words)


def looks_right(page: Page) -> None:
    no_findings(page)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fits(page)
