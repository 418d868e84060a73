"""A video from the first slice of its upload until it can go out."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import av
import pytest
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, transaction

from mercat.audit.models import Event
from mercat.images import preparing, states, videos
from mercat.images.isolated import Crashed
from mercat.images.kinds import NotAVideo
from mercat.images.models import Video
from mercat.images.preparing import BY, LEASE, TRIES, lapse, prepare_next
from mercat.images.videos import announce, give_up_uploads, slices_of, take_in_video, take_slice
from mercat.people.models import Person
from tests import factories as make
from tests.factories import NOW
from tests.images.filmed import film

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


@pytest.fixture
def person(db: None) -> Person:
    return make.person()


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "road.mp4").read_bytes()


@pytest.fixture
def video(person: Person, upload: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Video:
    """Taken in, in several slices."""
    monkeypatch.setattr(videos, "SLICE", 10_000)
    source = tmp_path / "road.mp4"
    source.write_bytes(upload)
    with source.open("rb") as file:
        return take_in_video(by=person, name="road.mp4", file=file, size=len(upload), now=NOW)


def clock() -> Iterator[datetime]:
    return (NOW + timedelta(seconds=n) for n in itertools.count())


def prepared() -> bool:
    moments = clock()
    return prepare_next(clock=lambda: next(moments))


def files(store: Path) -> list[str]:
    return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


# States


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("event", states.EVENTS)
def test_what_is_not_in_the_table_cannot_be(state: str, event: str) -> None:
    if (state, event) in states.TABLE:
        assert states.after(state, event) in states.STATES
    else:
        with pytest.raises(states.ImpossibleStep, match=states.STATES[state].lower()):
            states.after(state, event)


def test_ready_and_refused_are_the_ends() -> None:
    assert {state for state, _ in states.TABLE}.isdisjoint({states.READY, states.REFUSED})


@pytest.mark.parametrize("bad", [{"state": "lost"}, {"state": states.READY}])
def test_the_database_holds_what_a_state_means(person: Person, bad: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Video.objects.create(name="road", upload_size=5, at=NOW, by=person, **bad)


# Taking in


def test_an_upload_comes_in_slices_which_are_the_original(video: Video, upload: bytes, store: Path) -> None:
    assert (video.state, video.slices) == (states.WAITING, slices_of(video))
    assert slices_of(video) > 1
    assert b"".join((store / video.slice_name(n)).read_bytes() for n in range(video.slices)) == upload
    event = Event.objects.get(what="video.taken_in")
    assert (event.actor, event.facts) == (video.by.audit_ref, {"bytes": len(upload)})
    assert all((store / name).stat().st_mode & 0o077 == 0 for name in files(store))


def test_a_slice_that_comes_twice_is_taken_once(person: Person, upload: bytes, store: Path, monkeypatch) -> None:
    monkeypatch.setattr(videos, "SLICE", 10_000)
    video = announce(by=person, name="road.mp4", size=len(upload), now=NOW)
    for _ in range(2):
        video = take_slice(by=person, video=video, number=0, data=upload[:10_000], now=NOW)
        assert (video.slices, files(store)) == (1, [video.slice_name(0)])


def test_a_slice_of_an_attempt_that_died_is_put_in_place_of_it(person: Person, upload: bytes, store: Path) -> None:
    video = announce(by=person, name="road.mp4", size=len(upload), now=NOW)
    (store / video.slice_name(0)).parent.mkdir(parents=True)
    (store / video.slice_name(0)).write_bytes(b"half of")
    take_slice(by=person, video=video, number=0, data=upload, now=NOW)
    assert (store / video.slice_name(0)).read_bytes() == upload


@pytest.mark.parametrize(("number", "size"), [(1, 10_000), (0, 9_999), (0, 10_001), (0, 0), (7, 10_000)])
def test_slices_that_leave_a_hole_are_refused(
    person: Person, upload: bytes, store: Path, monkeypatch, number: int, size: int
) -> None:
    monkeypatch.setattr(videos, "SLICE", 10_000)
    video = announce(by=person, name="road.mp4", size=len(upload), now=NOW)
    with pytest.raises(NotAVideo, match="did not arrive whole"):
        take_slice(by=person, video=video, number=number, data=upload[:size], now=NOW)
    assert files(store) == []


def test_nobody_goes_on_with_anothers_upload_and_none_goes_on_after_its_end(video: Video, upload: bytes) -> None:
    fresh = announce(by=video.by, name="other.mp4", size=5, now=NOW)
    for by, row in ((make.person(), fresh), (video.by, video)):
        with pytest.raises(NotAVideo, match="This upload is over"):
            take_slice(by=by, video=row, number=0, data=b"12345", now=NOW)


def test_what_is_no_video_is_refused_at_its_first_slice(person: Person, store: Path) -> None:
    video = announce(by=person, name="letter.mp4", size=40, now=NOW)
    with pytest.raises(NotAVideo, match="not a video"):
        take_slice(by=person, video=video, number=0, data=b"Dear Chief Constable, this is a letter. ", now=NOW)
    video.refresh_from_db()
    assert (video.state, files(store)) == (states.REFUSED, [])


@pytest.mark.parametrize(("size", "says"), [(0, "empty"), (2 * 2**30 + 1, "larger than 2 GB")])
def test_what_is_too_large_or_nothing_is_refused_before_it_is_sent(person: Person, size: int, says: str) -> None:
    with pytest.raises(NotAVideo, match=says):
        announce(by=person, name="road.mp4", size=size, now=NOW)


def test_nobody_fills_the_disk(person: Person, monkeypatch) -> None:
    monkeypatch.setattr(videos, "MOST_A_DAY", 1)
    announce(by=person, name="one", size=5, now=NOW - timedelta(hours=25))
    announce(by=person, name="two", size=5, now=NOW)
    with pytest.raises(NotAVideo, match="the most"):
        announce(by=person, name="three", size=5, now=NOW)


class FullDisk(FileSystemStorage):
    def _save(self, name, content):
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read()[:100])
        raise OSError(errno.ENOSPC, "no space")


def test_a_full_disk_keeps_nothing_of_a_slice_and_says_so(person: Person, upload: bytes, store, monkeypatch) -> None:
    video = announce(by=person, name="road.mp4", size=len(upload), now=NOW)
    monkeypatch.setattr(videos, "default_storage", FullDisk())
    with pytest.raises(NotAVideo, match="disk is full"):
        take_slice(by=person, video=video, number=0, data=upload, now=NOW)
    video.refresh_from_db()
    assert (video.state, video.slices, files(store)) == (states.ARRIVING, 0, [])


def test_of_an_upload_that_nobody_went_on_with_nothing_stays(person: Person, upload: bytes, store, monkeypatch) -> None:
    monkeypatch.setattr(videos, "SLICE", 10_000)
    video = announce(by=person, name="road.mp4", size=len(upload), now=NOW)
    take_slice(by=person, video=video, number=0, data=upload[:10_000], now=NOW)
    give_up_uploads(now=NOW + timedelta(hours=23))
    assert len(files(store)) == 1
    give_up_uploads(now=NOW + timedelta(hours=25))
    video.refresh_from_db()
    assert (video.state, files(store)) == (states.REFUSED, [])
    assert "Choose it again" in video.refusal


# Preparing


def test_it_is_made_ready_with_a_cover_and_recorded(video: Video, store: Path) -> None:
    assert prepared()
    video.refresh_from_db()
    assert (video.state, video.hundredths, video.leased_until) == (states.READY, 100, None)
    assert (video.mime, video.width, video.height) == ("video/mp4", 320, 180)
    assert video.seconds == pytest.approx(1, abs=0.1)
    with av.open(str(store / video.file)) as made:
        assert made.streams.video[0].codec.name == "h264"
    assert (store / video.file).stat().st_size == video.size
    assert (store / video.cover.file).stat().st_size == video.cover.size
    event = Event.objects.get(what="video.prepared")
    assert (event.system_reason, event.facts) == (BY.reason, {"sha256": video.sha256})
    assert not prepared()


def test_a_damaged_one_is_refused_in_words(video: Video, store: Path) -> None:
    (store / video.slice_name(1)).write_bytes(b"\x00" * 10)
    assert prepared()
    video.refresh_from_db()
    assert (video.state, "damaged" in video.refusal) == (states.REFUSED, True)


def test_one_that_ends_the_process_three_times_is_given_up(video: Video, store: Path, monkeypatch) -> None:
    def crashes(*args: object, **kwargs: object) -> None:
        raise Crashed("it died")

    monkeypatch.setattr(preparing, "work_on", crashes)
    for tried in range(1, TRIES + 1):
        assert prepared()
        video.refresh_from_db()
        assert (video.state, video.tries) == (states.WAITING, tried)
    assert prepared()
    video.refresh_from_db()
    assert (video.state, "gave up" in video.refusal) == (states.REFUSED, True)
    assert not prepared()


def test_what_was_leased_to_somebody_who_died_is_taken_up_again(video: Video) -> None:
    preparing._leased(now=NOW)
    assert not prepared()
    lapse(now=NOW + LEASE)
    assert not prepared()
    lapse(now=NOW + LEASE + timedelta(seconds=1))
    assert prepared()
    video.refresh_from_db()
    assert (video.state, video.tries) == (states.READY, 2)


def test_whoever_lost_the_lease_takes_nothing_from_who_has_it(video: Video, store: Path, monkeypatch) -> None:
    finish = preparing._finish

    def after_another_has(mine: Video, cover, *, now) -> None:
        monkeypatch.setattr(preparing, "_finish", finish)
        lapse(now=NOW + timedelta(hours=1))
        assert prepared()
        finish(mine, cover, now=now)

    monkeypatch.setattr(preparing, "_finish", after_another_has)
    assert prepared()
    video.refresh_from_db()
    assert (video.state, video.tries) == (states.READY, 2)
    assert (store / video.file).stat().st_size == video.size
    assert (store / video.cover.file).exists()


def test_whoever_lost_the_lease_keeps_nothing(video: Video, store: Path, monkeypatch) -> None:
    work = preparing.work_on

    def and_another_takes_it_up(*args, **kwargs):
        report = work(*args, **kwargs)
        Video.objects.filter(pk=video.pk).update(tries=2)
        return report

    monkeypatch.setattr(preparing, "work_on", and_another_takes_it_up)
    before = files(store)
    assert prepared()
    video.refresh_from_db()
    assert (video.state, files(store)) == (states.PREPARING, before)


def test_progress_is_told_while_it_is_worked_on(video: Video, tmp_path: Path) -> None:
    leased = preparing._leased(now=NOW)
    (tmp_path / "progress").write_text("42")
    preparing._keep_lease(leased, tmp_path, lambda: NOW + timedelta(seconds=5))
    video.refresh_from_db()
    assert (video.hundredths, video.leased_until) == (42, NOW + timedelta(seconds=5) + LEASE)


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 0},
        {"width": "wide"},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"file": "../source"},
        {"file": "source"},
        {"file": "missing.mp4"},
        {"cover": {"file": "video.mp4", "mime": "image/jpeg", "width": 5, "height": 5}},
        {"cover": {}},
    ],
)
def test_what_the_process_says_is_not_believed(video: Video, store: Path, monkeypatch, lie: dict) -> None:
    work = preparing.work_on

    def lies(kind, place, order, **kwargs):
        report = work(kind, place, order, **kwargs)
        (place / "source").write_bytes(b"nothing of a video")
        return {"made": {**report["made"], **lie}}

    monkeypatch.setattr(preparing, "work_on", lies)
    before = files(store)
    assert prepared()
    video.refresh_from_db()
    assert (video.state, files(store)) == (states.WAITING, before)


def test_trouble_with_the_store_is_told_spends_no_try_and_waits(video: Video, store: Path, monkeypatch) -> None:
    whole = b"".join((store / video.slice_name(n)).read_bytes() for n in range(video.slices))
    monkeypatch.setattr(preparing, "_assembled", lambda video, target, renew: target.write_bytes(whole))
    with monkeypatch.context() as full:
        full.setattr(preparing, "default_storage", FullDisk())
        assert prepared()
        assert not prepared()
    video.refresh_from_db()
    assert (video.state, video.tries, "disk is full" in video.refusal) == (states.PREPARING, 0, True)
    lapse(now=NOW + timedelta(minutes=5))
    assert prepared()
    video.refresh_from_db()
    assert (video.state, video.refusal) == (states.READY, "")


def test_whoever_lost_the_lease_takes_no_slices_away(video: Video, store: Path) -> None:
    before = files(store)
    lost = preparing._leased(now=NOW)
    lapse(now=NOW + timedelta(hours=1))
    preparing._leased(now=NOW + timedelta(hours=1))
    preparing._end(lost, "refuse", refusal="It is no video.")
    assert files(store) == before


def test_of_one_that_is_refused_the_slices_go(video: Video, store: Path) -> None:
    (store / video.slice_name(1)).write_bytes(b"\x00" * 10)
    assert prepared()
    assert files(store) == []


def test_few_are_under_way_for_one_person_at_a_time(person: Person) -> None:
    for n in range(videos.MOST_UNDER_WAY):
        announce(by=person, name=f"road {n}", size=5, now=NOW)
    with pytest.raises(NotAVideo, match="still being uploaded or prepared"):
        announce(by=person, name="one more", size=5, now=NOW)


def test_a_last_slice_that_comes_just_in_time_is_not_taken_away(video: Video, store: Path, monkeypatch) -> None:
    before = files(store)
    late = Video.objects.get(pk=video.pk)
    late.state, late.slices = states.ARRIVING, video.slices - 1  # as it was when it was read
    assert not videos._moved(late, "give_up", refusal="")
    assert files(store) == before
