"""Documents: the approved pictures as the pages of a PDF, at the stand-in, read back by their title."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from PIL import Image

from mercat.networks.linkedin.adapter import NETWORK
from mercat.networks.linkedin.documents import pdf_of
from mercat.networks.port import Altered, Channel, Found, Item, Later, Pending, Refused, Sent
from mercat.sandbox import documents
from tests.networks.doubles import (
    NOW,
    MemoryCredentials,
    MemoryNotes,
    channel_of,
    client_for,
    item,
    medium,
    nobodys,
    picture,
    spoilt,
    video,
)
from tests.networks.servers import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", ["linkedin"], indirect=True)
TITLE = "Keep safe in winter"
FRONT, BACK = picture("A sheet of ice", size=(8, 12), mime="image/jpeg"), picture("Who to call", size=(12, 8), shade=9)


@pytest.fixture
def channel(sandbox: Sandbox) -> Any:
    assert NETWORK.connector
    with client_for(sandbox.origin) as http:
        yield channel_of(NETWORK.connector.connect(sandbox.new_account(), http, now=datetime.now(UTC)), http)


def leaflet(*pages: Any, title: str = TITLE, text: str = "Our leaflet.") -> Item:
    return replace(item(text, *(pages or (FRONT, BACK)), created_at=datetime.now(UTC)), document=title)


def publish(channel: Channel, one: Item, notes: MemoryNotes | None = None) -> Any:
    return NETWORK.publisher.publish(channel, one, notes or MemoryNotes(), now=datetime.now(UTC))


def find(channel: Channel, one: Item, native_id: str | None = None) -> Any:
    now = datetime.now(UTC)
    return NETWORK.reader.find(channel, one, MemoryNotes(), native_id=native_id, is_another=nobodys, now=now)


def test_its_pages_are_the_pictures_as_they_are_and_a_screen_reader_is_told_what_they_show(sandbox: Sandbox) -> None:
    one = leaflet()
    made = pdf_of(one, now=NOW)
    told = documents.inspect(made)
    assert told
    assert (told.pages, told.width, told.height) == (2, 561, 842)
    assert FRONT.read() in made  # a JPEG is not encoded anew
    for words in (TITLE, *(page.alt for page in one.media)):
        assert words.encode("utf-16-be").hex() in made.decode("latin-1").lower() or f"({words})".encode() in made
    assert b"/Lang (en)" in made
    assert made == pdf_of(one, now=NOW)


@pytest.mark.parametrize("sign", [b"/JS", b"/JavaScript", b"/EmbeddedFile", b"/URI", b"/Annots", b"/AcroForm"])
def test_nothing_is_in_it_but_its_pages(sandbox: Sandbox, sign: bytes) -> None:
    assert sign not in pdf_of(leaflet(), now=NOW)


def test_it_goes_out_as_one_document_and_is_read_back(sandbox: Sandbox, channel: Channel) -> None:
    one = leaflet()
    sent = publish(channel, one)
    assert isinstance(sent, Sent)
    (standing,) = sandbox.standing(channel.native_id)
    assert standing.alts == (TITLE,)
    for native_id in (sent.native_id, None):
        found = find(channel, one, native_id)
        assert isinstance(found, Found)
        assert NETWORK.reader.matches(one, found, channel)
        assert not NETWORK.reader.matches(replace(one, document="Another"), found, channel)
        assert not NETWORK.reader.matches(replace(one, document=""), found, channel)


def test_where_linkedin_tells_no_title_words_alone_are_compared(sandbox: Sandbox) -> None:
    assert NETWORK.reader.matches(leaflet(), Found("1", "", "Our leaflet.", 1, "7", ("",)), _of("7"))
    assert not NETWORK.reader.matches(leaflet(), Found("1", "", "Another.", 1, "7", ("",)), _of("7"))
    assert not NETWORK.reader.matches(leaflet(), Found("1", "", "Our leaflet.", 0, "7", ()), _of("7"))


def _of(native_id: str) -> Any:
    with httpx.Client() as http:
        return Channel("https://api.linkedin.com", native_id, "x", MemoryCredentials({}), http)


def test_a_document_in_processing_is_awaited_and_handed_over_once(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("image_processing", "upload", polls=2)
    one, notes, put = leaflet(), MemoryNotes(), []
    channel.http.event_hooks = {"request": [lambda request: put.append(request) if request.method == "PUT" else None]}
    outcomes = [type(publish(channel, one, notes)) for _ in range(3)]
    assert outcomes == [Pending, Pending, Sent]
    assert len(put) == 1
    assert len(sandbox.standing(channel.native_id)) == 1


def test_a_document_that_linkedin_cannot_prepare_stops_the_post(sandbox: Sandbox, channel: Channel) -> None:
    sandbox.fault("processing_fails", "upload")
    outcome = publish(channel, leaflet())
    assert isinstance(outcome, Refused)
    assert "could not prepare a document" in outcome.reason
    assert sandbox.standing(channel.native_id) == []


def test_pages_that_are_not_the_approved_ones_go_nowhere(sandbox: Sandbox, channel: Channel) -> None:
    def altered() -> bytes:
        raise Altered("not these")

    with pytest.raises(Altered):
        publish(channel, leaflet(FRONT, spoilt(BACK, altered)))
    assert sandbox.standing(channel.native_id) == []


def test_a_store_that_does_not_answer_costs_nothing(sandbox: Sandbox, channel: Channel) -> None:
    def lost() -> bytes:
        raise OSError("the disk is away")

    outcome = publish(channel, leaflet(spoilt(FRONT, lost)))
    assert isinstance(outcome, Later)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (leaflet(title="T" * 59), "The title of the document has 59 characters; LinkedIn takes 58. Shorten it."),
        (leaflet(title="🚧" * 30), "The title of the document has 60 characters; LinkedIn takes 58. Shorten it."),
        (leaflet(video()), "The pages of a document are pictures."),
        (replace(item("Words alone."), document=TITLE), "The pages of a document are pictures."),
        (leaflet(replace(FRONT, size=9_000_000), replace(BACK, size=7_000_000)), "The document has 16 MB;"),
        (leaflet(*[medium(b"x")] * 301), "The document has 301 pages; LinkedIn takes 300. Take out 1."),
    ],
    ids=["title", "emoji", "a video", "no pages", "bytes", "pages"],
)
def test_its_limits_are_told_before_anything_is_sent(sandbox: Sandbox, channel: Channel, one: Item, said: str) -> None:
    told = " ".join(problem.message for problem in NETWORK.check(one, channel.limits))
    assert said in told
    outcome = publish(channel, one)
    assert isinstance(outcome, Refused)
    assert outcome.reason == told


def test_pages_that_grow_in_the_pdf_are_told_before_anything_is_sent(sandbox: Sandbox, channel: Channel) -> None:
    noise, out = [Image.effect_noise((2000, 2000), 80) for _ in range(4)], io.BytesIO()
    Image.merge("RGBA", noise).save(out, "PNG", compress_level=0)
    page = replace(medium(out.getvalue(), mime="image/png", width=2000, height=2000), size=100_000)
    one = leaflet(page)
    assert NETWORK.check(one, channel.limits) == []
    outcome = publish(channel, one)
    assert isinstance(outcome, Refused)
    assert "MB; LinkedIn is given up to 15 MB from here. Take out some pages." in outcome.reason
    assert sandbox.standing(channel.native_id) == []


def test_more_pages_than_pictures_of_a_post_are_no_fault(sandbox: Sandbox, channel: Channel) -> None:
    assert NETWORK.check(leaflet(*[FRONT] * 25), channel.limits) == []
