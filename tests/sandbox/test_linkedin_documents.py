"""LinkedIn's stand-in takes of documents what LinkedIn takes, and shows their first page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fpdf import FPDF

from tests.sandbox.callers import picture
from tests.sandbox.test_linkedin import LinkedInCaller

TITLE = "Keep safe in winter"


def pdf(pages: int = 2) -> bytes:
    made = FPDF()
    for _ in range(pages):
        made.add_page()
    return bytes(made.output())


@pytest.fixture
def linkedin(http):
    return LinkedInCaller(http, "fife-division", "Fife Division")


def announce(page, **asked):
    return page.post("documents?action=initializeUpload", {"initializeUploadRequest": {"owner": page.urn, **asked}})


def hand_over(page, data):
    value = announce(page).json()["value"]
    assert page.put(value["uploadUrl"], data).status_code == 201
    return value["document"]


def status(page, urn):
    return page.get(f"documents/{quote(urn, safe='')}").json()["status"]


def show(page, urn, **fields):
    return page.publish("Our leaflet.", content={"media": {"id": urn, "title": TITLE, **fields}})


def test_a_document_stands_on_a_post_with_its_title_and_its_first_page(linkedin, http):
    value = announce(linkedin).json()["value"]
    assert status(linkedin, value["document"]) == "WAITING_UPLOAD"
    assert linkedin.put(value["uploadUrl"], pdf()).status_code == 201
    assert status(linkedin, value["document"]) == "AVAILABLE"
    name = show(linkedin, value["document"]).headers["x-restli-id"]
    told = linkedin.get(f"posts/{quote(name, safe='')}").json()
    assert told["content"] == {"media": {"id": value["document"], "title": TITLE}}
    number = value["document"].rpartition(":")[2]
    shown = http.get(f"/linkedin/feed/update/{name}/").text
    assert f"Document: {TITLE}" in shown
    assert f"/linkedin/media/{number}/first-page" in shown
    assert http.get(f"/linkedin/media/{number}/first-page").headers["content-type"] == "image/png"


def test_what_is_no_document_is_taken_and_then_fails(linkedin):
    for data in (picture(), pdf(301), pdf()[:200], b"%PDF-1.7"):
        assert status(linkedin, hand_over(linkedin, data)) == "PROCESSING_FAILED"


def test_a_place_takes_one_document_of_its_own_kind(linkedin):
    value = announce(linkedin).json()["value"]
    assert linkedin.put(value["uploadUrl"].replace("uploaded-document", "uploaded-image"), picture()).status_code == 400
    assert linkedin.put(value["uploadUrl"], pdf()).status_code == 201
    assert linkedin.put(value["uploadUrl"], pdf()).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": None},
        {"title": "T" * 59},
        {"title": "Two\nlines"},
        {"title": 7},
        {"altText": "A leaflet"},
    ],
    ids=["empty", "null", "long", "lines", "number", "described"],
)
def test_a_post_with_a_document_needs_its_title_and_has_no_description(linkedin, fields):
    assert show(linkedin, hand_over(linkedin, pdf()), **fields).status_code == 422
    assert linkedin.posts() == []


def test_a_picture_has_no_title_and_a_document_stands_alone(linkedin):
    image, document = linkedin.image(), hand_over(linkedin, pdf())
    assert linkedin.publish("x", content={"media": {"id": image, "title": TITLE}}).status_code == 422
    both = [{"id": image}, {"id": document, "title": TITLE}]
    assert linkedin.publish("x", content={"multiImage": {"images": both}}).status_code == 422


def test_anothers_document_is_nobodys(linkedin, http):
    urn = hand_over(LinkedInCaller(http, "tayside-division", "Tayside Division"), pdf())
    assert linkedin.get(f"documents/{quote(urn, safe='')}").status_code == 404
    assert show(linkedin, urn).status_code == 422
    assert announce(linkedin, owner="urn:li:organization:1").status_code == 403


def test_a_picture_has_no_first_page(linkedin, http):
    number = linkedin.image().rpartition(":")[2]
    assert http.get(f"/linkedin/media/{number}/first-page").status_code == 404
