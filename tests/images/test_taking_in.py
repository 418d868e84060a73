"""Keeping an upload: the file, its rendition and its row, or none of them."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError

from mercat.audit.models import Event
from mercat.images import actions
from mercat.images.actions import take_in
from mercat.images.models import Picture
from mercat.images.recipes import recipes_for
from mercat.images.rendering import NotAPicture
from mercat.networks import registry
from mercat.people.models import Person
from tests import factories as make
from tests.factories import NOW
from tests.images.crafted import noise, quarters, saved
from tests.kept import gained, kept

pytestmark = pytest.mark.django_db

UPLOAD = saved(quarters(), "JPEG")


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def person(db: None) -> Person:
    return make.person()


def files(store: Path) -> list[str]:
    return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


class FailingStorage(FileSystemStorage):
    """Breaks off in the middle of a write, as a full disk does: half of the file is there."""

    number, wanted = errno.ENOSPC, "pictures/"

    def _save(self, name, content):
        if not name.startswith(self.wanted):
            return super()._save(name, content)
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:100])
        raise OSError(self.number, "cannot be written")


def test_an_upload_is_kept_with_its_rendition_and_recorded(person: Person, store: Path) -> None:
    before = kept()
    picture = take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW)
    recipes = len(recipes_for(network.spec.slug for network in registry.all()))
    assert gained(before) == {"images.Picture": 1, "images.Rendition": recipes, "audit.Event": 1, "audit.Pending": 1}
    assert (store / picture.original).read_bytes() == UPLOAD
    sent = (store / picture.file).read_bytes()
    assert (len(sent), picture.mime, picture.width, picture.height) == (picture.size, "image/jpeg", 40, 20)
    event = Event.objects.get(what="picture.taken_in")
    assert (event.actor, event.facts) == (person.audit_ref, {"sha256": picture.sha256})
    assert all((store / name).stat().st_mode & 0o077 == 0 for name in files(store))


def test_the_same_upload_twice_is_two_pictures_that_do_not_share_files(person: Person, store: Path) -> None:
    one, two = (take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW) for _ in range(2))
    assert one.sha256 == two.sha256
    assert len(files(store)) == len({one.file, one.original, two.file, two.original}) == 4


@pytest.mark.parametrize("upload", [b"not a picture", UPLOAD[:-200], b"\xff" * (20 * 1024**2 + 1)])
def test_of_what_is_not_a_picture_nothing_is_kept(person: Person, store: Path, upload: bytes) -> None:
    before = kept()
    with pytest.raises(NotAPicture):
        take_in(by=person, name="x.jpg", upload=upload, now=NOW)
    assert (gained(before), files(store)) == ({}, [])


@pytest.mark.parametrize("wanted", ["originals/", "pictures/"])
@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EIO, "did not answer")]
)
def test_a_full_disk_keeps_nothing_and_says_so(
    person: Person, store: Path, settings, wanted: str, number: int, says: str
) -> None:
    options = {"BACKEND": "tests.images.test_taking_in.FailingStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FailingStorage, "wanted", wanted)
        patch.setattr(FailingStorage, "number", number)
        before = kept()
        with pytest.raises(NotAPicture, match=says) as refusal:
            take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW)
    assert "Your words are safe" in str(refusal.value)
    assert (gained(before), files(store)) == ({}, [])


def test_a_picture_that_cannot_be_recorded_leaves_no_file(
    person: Person, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise IntegrityError("no record")

    monkeypatch.setattr(actions, "record", refuse)
    before = kept()
    with pytest.raises(IntegrityError):
        take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW)
    assert (gained(before), files(store)) == ({}, [])


def test_nobody_fills_the_store(person: Person, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken in is never thrown away, also where the post that it was for is not kept."""
    monkeypatch.setattr(actions, "MOST_A_DAY", 2)
    for hours in (0, 1):
        take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW + timedelta(hours=hours))
    before, there = kept(), files(store)
    with pytest.raises(NotAPicture, match="2 pictures within a day"):
        take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW + timedelta(hours=2))
    assert (gained(before), files(store)) == ({}, there)
    assert take_in(by=make.person(), name="road.jpg", upload=UPLOAD, now=NOW + timedelta(hours=2))
    assert take_in(by=person, name="road.jpg", upload=UPLOAD, now=NOW + timedelta(hours=24))


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 500, "", "road\x00.jpg"])
def test_the_files_name_is_only_remembered(person: Person, store: Path, name: str) -> None:
    picture = take_in(by=person, name=name, upload=saved(noise(9, 9), "PNG"), now=NOW)
    picture.refresh_from_db()
    assert picture.name == name.replace("\x00", "")[:200]
    assert all(path.startswith(("originals/", "pictures/")) for path in files(store))
    assert Picture.objects.count() == 1
