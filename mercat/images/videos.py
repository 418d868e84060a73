"""Taking videos in: announced, then brought slice by slice, since a whole one is more than one request should carry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mercat.audit.actions import record
from mercat.images import states
from mercat.images.actions import fit_name
from mercat.images.kinds import OTHER_KIND, NotAVideo, kind_of
from mercat.images.models import Video
from mercat.images.states import after
from mercat.images.store import all_or_none, forget
from mercat.people.models import Person

SLICE = 16 * 2**20  # bytes: a minute on a slow line, and small beside what the web server takes at once
LARGEST = 2 * 2**30  # bytes
MOST_A_DAY = 20  # videos of one person
MOST_UNDER_WAY = 3  # of one person; others' are not to wait for more
GIVEN_UP = "It was not uploaded to its end within a day, and was taken away. Choose it again."


@transaction.atomic
def announce(*, by: Person, name: str, size: int, now: datetime) -> Video:
    """The row of an upload of `size` bytes that is about to come. Raises `NotAVideo`."""
    Person.objects.select_for_update().get(pk=by.pk)  # one announcement at a time, or the limits would be passed
    under_way = Video.objects.filter(by=by, state__in=(states.ARRIVING, states.WAITING, states.PREPARING))
    if under_way.count() >= MOST_UNDER_WAY:
        raise NotAVideo(f"{MOST_UNDER_WAY} of your videos are still being uploaded or prepared. Add it after them.")
    if Video.objects.filter(by=by, at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise NotAVideo(f"You have added {MOST_A_DAY} videos within a day, which is the most. Add it tomorrow.")
    if size < 1:
        raise NotAVideo("This file is empty. Choose another.")
    if size > LARGEST:
        raise NotAVideo("This video is larger than 2 GB. Save a smaller copy, or cut it into parts, and choose that.")
    return Video.objects.create(name=fit_name(name) or "video", upload_size=size, at=now, by=by)


def take_slice(*, by: Person, video: Video, number: int, data: bytes, now: datetime) -> Video:
    """Keep one slice, or raise `NotAVideo` with nothing of it kept. One that is here already may come again."""
    with transaction.atomic():
        video = Video.objects.select_for_update().get(pk=video.pk)
        if video.by_id != by.pk or video.state != states.ARRIVING:
            raise NotAVideo("This upload is over. Choose the video again.")
        if number < video.slices:
            return video
        if number > video.slices or len(data) != min(SLICE, video.upload_size - number * SLICE):
            raise NotAVideo("A part of the video did not arrive whole. Choose it again.")
        if number == 0 and kind_of(data[:189]) is None:
            refused = video
        else:
            return _kept(video, data, now=now)
    _refuse(refused, OTHER_KIND)
    raise NotAVideo(OTHER_KIND)


def take_in_video(*, by: Person, name: str, file: IO[bytes], size: int, now: datetime) -> Video:
    """All of an upload that is here already. Raises `NotAVideo`, with nothing kept but that it was tried."""
    video = announce(by=by, name=name, size=size, now=now)
    for number in range(slices_of(video)):
        video = take_slice(by=by, video=video, number=number, data=file.read(SLICE), now=now)
    return video


def slices_of(video: Video) -> int:
    """How many slices the whole upload has."""
    return -(-video.upload_size // SLICE)


def give_up_uploads(*, now: datetime) -> None:
    """Of uploads that nobody went on with for a day nothing stays but the row."""
    for video in Video.objects.filter(state=states.ARRIVING, at__lt=now - timedelta(days=1)):
        if _moved(video, "give_up", refusal=GIVEN_UP):
            forget(video.slice_name(number) for number in range(video.slices))


def _kept(video: Video, data: bytes, *, now: datetime) -> Video:
    name = video.slice_name(video.slices)
    with all_or_none([name], "video", NotAVideo):
        if default_storage.exists(name):  # of an attempt that died between the file and its row
            default_storage.delete(name)
        default_storage.save(name, ContentFile(data))
        video.slices += 1
        if video.slices == slices_of(video):
            video.state = after(video.state, "arrive")
            record(by=video.by, what="video.taken_in", about=[video.audit_ref], facts=_size(video), now=now)
        video.save(update_fields=["slices", "state"])
    return video


def _size(video: Video) -> dict[str, int]:
    return {"bytes": video.upload_size}


def _refuse(video: Video, why: str) -> None:
    _moved(video, "refuse", refusal=why)


def _moved(video: Video, event: str, **changes: object) -> bool:
    """Whether it was still as `video` says."""
    same = Video.objects.filter(pk=video.pk, state=video.state, slices=video.slices)
    return bool(same.update(state=after(video.state, event), **changes))
