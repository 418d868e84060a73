"""PDFs: a picture of each page, and of what lies beneath nothing."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from mercat.audit.models import Event
from mercat.images import actions, isolated
from mercat.images.actions import ready_for, take_in
from mercat.images.documents import take_in_document
from mercat.images.models import Document, Picture
from mercat.images.pages import pages_of
from mercat.images.recipes import recipes_for
from mercat.images.rendering import MAX_UPLOAD, NotAPicture, is_pdf
from mercat.networks import registry
from mercat.people.models import Person
from tests import factories as make
from tests.factories import NOW
from tests.images import crafted
from tests.images.crafted import SECRET, pdf, quarters, saved
from tests.images.test_taking_in import FailingStorage, files
from tests.kept import gained, kept

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def person(db: None) -> Person:
    return make.person()


def taken_in(by: Person, upload: bytes, most: int = 20) -> list[Picture]:
    return take_in_document(by=by, name="leaflet.pdf", upload=upload, most=most, now=NOW)


def test_each_page_is_a_picture_with_renditions_and_the_pdf_is_kept(person: Person, store: Path) -> None:
    before, upload = kept(), pdf("Front", "Back")
    front, back = taken_in(person, upload)
    recipes = len(recipes_for(network.spec.slug for network in registry.all()))
    rows = {"images.Document": 1, "images.Picture": 2, "images.Rendition": 2 * recipes}
    assert gained(before) == {**rows, "audit.Event": 1, "audit.Pending": 1}
    assert [picture.name for picture in (front, back)] == ["leaflet.pdf, page 1", "leaflet.pdf, page 2"]
    document = Document.objects.get()
    assert (store / document.original).read_bytes() == upload
    assert [(each.document, each.page) for each in (front, back)] == [(document, 1), (document, 2)]
    assert list(document.page_pictures.order_by("page")) == [front, back]
    event = Event.objects.get(what="document.taken_in")
    assert event.facts == {"sha256": document.sha256, "pages": 2}
    assert {"document:" + str(document.pk), front.audit_ref, back.audit_ref} <= set(event.about)


def test_a_page_is_sharp_and_as_wide_as_it_was(person: Person) -> None:
    tall, wide = (taken_in(person, pdf("Front", size=size))[0] for size in ((210, 297), (320, 160)))
    assert (tall.width, tall.height) == (1448, 2048)
    assert (wide.width, wide.height) == (2048, 1024)
    (page,) = pages_of(pdf("Front"), 1)
    assert max(page.size) == 2400


def test_what_lies_beneath_a_page_goes_nowhere(person: Person, store: Path) -> None:
    (page,) = taken_in(person, crafted.talkative_pdf())
    document = Document.objects.get()
    sent = [store / name for name in files(store) if name != document.original]
    assert len(sent) >= 3
    for path in sent:
        data = path.read_bytes()
        assert SECRET.encode() not in data
        image = Image.open(io.BytesIO(data))
        assert not image.info.keys() - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    covered = Image.open(store / page.original).convert("L").crop((250, 420, 1500, 520))
    assert covered.getextrema() == (0, 0)  # the box is black all through


def test_what_a_field_covers_or_says_is_drawn_as_readers_draw_it() -> None:
    (page,) = pages_of(crafted.covered_pdf(), 1)
    scale = 2400 / 792
    cover, filled = (
        page.crop(tuple(round(each * scale) for each in (110, 792 - top + 5, 490, 792 - bottom - 5)))
        for bottom, top in ((700, 740), (400, 440))
    )
    assert cover.getcolors() == [(cover.width * cover.height, (0, 0, 0))]
    assert filled.getcolors() == [(filled.width * filled.height, (255, 0, 0))]


@pytest.mark.parametrize("before", [b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_what_stands_before_it_makes_it_no_other_file(before: bytes) -> None:
    assert is_pdf((before + pdf("Front"))[:100])
    assert not is_pdf(before + b"hello %PDF-")


def test_a_long_name_leaves_the_number_of_the_page(person: Person) -> None:
    pages = take_in_document(by=person, name="x" * 300, upload=pdf("Front", "Back"), most=20, now=NOW)
    assert [page.name[-6:] for page in pages] == ["page 1", "page 2"]


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (pdf(*"abc"), "This PDF has 3 pages; there is room for 2 more."),
        (crafted.locked_pdf(), "This PDF asks for a passphrase."),
        (pdf("Front")[:300], "This PDF is damaged"),
        (b"%PDF-1.7", "This PDF is damaged"),
        (b"%PDF-1.7" + b" " * MAX_UPLOAD, "This file is larger than 20 MB."),
    ],
    ids=["too many pages", "locked", "cut off", "bare", "too large"],
)
def test_what_cannot_be_used_is_told_and_nothing_is_kept(person: Person, store: Path, upload: bytes, said: str) -> None:
    before = kept()
    with pytest.raises(NotAPicture, match=said.replace(".", r"\.")):
        taken_in(person, upload, most=2)
    assert gained(before) == {}
    assert files(store) == []


def test_a_disk_that_fills_in_the_middle_keeps_nothing(person: Person, store: Path, settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": f"{FailingStorage.__module__}.{FailingStorage.__name__}"},
    }
    assert FailingStorage.number == errno.ENOSPC
    before = kept()
    with pytest.raises(NotAPicture, match="document could not be kept: the server's disk is full"):
        taken_in(person, pdf("Front", "Back"))
    assert gained(before) == {}
    assert files(store) == []


def test_its_pages_count_towards_the_day(person: Person, store: Path, monkeypatch) -> None:
    monkeypatch.setattr(actions, "MOST_A_DAY", 3)
    take_in(by=person, name="one.png", upload=saved(quarters(), "PNG"), now=NOW)
    with pytest.raises(NotAPicture, match="there is room for 2 more today"):
        taken_in(person, pdf(*"abc"))
    taken_in(person, pdf(*"ab"))
    with pytest.raises(NotAPicture, match="within a day"):
        taken_in(person, pdf("a"))


def test_what_was_kept_meanwhile_counts_too(person: Person, store: Path, monkeypatch) -> None:
    room = iter([2, 1])
    monkeypatch.setattr("mercat.images.documents.room_today", lambda by, now: next(room))
    before = kept()
    with pytest.raises(NotAPicture, match="within a day"):
        taken_in(person, pdf(*"ab"))
    assert gained(before) == {}
    assert files(store) == []


def test_a_reader_that_does_not_end_is_ended(person: Person, store: Path, monkeypatch) -> None:
    monkeypatch.setattr(isolated, "PATIENCE", 0.01)
    with pytest.raises(NotAPicture, match="gave up on it"):
        taken_in(person, pdf("Front"))
    assert files(store) == []


def test_a_slip_of_our_own_is_not_told_as_the_readers(person: Person, store: Path, monkeypatch) -> None:
    def slips(*_: object, **__: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("mercat.images.documents.record", slips)
    with pytest.raises(KeyError):
        taken_in(person, pdf("Front"))
    assert files(store) == []


def test_a_pdf_and_a_picture_are_read_beside_each_other(person: Person) -> None:
    with isolated.TURN:
        assert len(taken_in(person, pdf("Front"))) == 1


def test_a_reader_that_lies_leaves_nothing(person: Person, store: Path, monkeypatch) -> None:
    def lies(*_: object, **__: object) -> dict[str, object]:
        return {"made": [{"original": "source", "made": []}]}

    monkeypatch.setattr(isolated, "run", lies)
    with pytest.raises(NotAPicture, match="gave up on it"):
        taken_in(person, pdf("Front"))
    assert files(store) == []
    assert not Document.objects.exists()


def test_more_pages_than_were_asked_for_are_not_believed(person: Person, monkeypatch) -> None:
    monkeypatch.setattr(isolated, "run", lambda *_, **__: {"made": [{}, {}]})
    with pytest.raises(NotAPicture, match="gave up on it"):
        taken_in(person, pdf("Front"), most=1)


def test_a_network_that_comes_later_is_given_a_page_too(person: Person) -> None:
    (page,) = taken_in(person, pdf("Front"))
    page.renditions.all().delete()
    ready = ready_for(Picture.objects.get(pk=page.pk), ["linkedin"])
    assert ready.for_network("linkedin").sha256 != ""
    assert ready.renditions.count() == 1


def test_the_database_holds_a_page_to_its_document(person: Person) -> None:
    (page,) = taken_in(person, pdf("Front"))
    for change in ({"page": None}, {"document": None}, {"page": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Picture.objects.filter(pk=page.pk).update(**change)
