"""Making videos ready, behind the pages: one at a time, in a process of its own, and again where that died.

A row is leased to whoever prepares it. What was made counts once its files and its row are kept; until then nothing is
lost by starting anew, which happens three times at most. Each try has files of its own, so that one who lost the lease
takes nothing away. Trouble with the file store is no fault of the video: it waits a minute, and no try is spent.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.images import states
from mercat.images.isolated import Crashed, bytes_of, folder, opened
from mercat.images.isolated import run as work_on
from mercat.images.kinds import NotAVideo
from mercat.images.models import Cover, Video
from mercat.images.states import after
from mercat.images.store import all_or_none, forget, why_not_kept
from mercat.images.videos import LARGEST, give_up_uploads, slices_of
from mercat.images.worker import VIDEO

log = logging.getLogger(__name__)

BY = System("Videos are prepared as they come in")
LEASE = timedelta(minutes=2)  # renewed every second
TRIES = 3
STORE_REST = timedelta(minutes=1)
PATIENCE = 12 * 3600.0  # seconds for a video: four hours of it at a third of real time
LARGEST_COVER = 2 * 10**6  # bytes
PIECE = 2**20
GAVE_UP = "The programme that reads videos gave up on this one. Save it again as MP4 (H.264), and choose that."

Clock = Callable[[], datetime]


class Lost(Exception):
    """Somebody else has taken the video up meanwhile, or it is over."""


def run(*, now: datetime, clock: Clock = timezone.now) -> None:
    """A chore: whatever waits, one after another."""
    give_up_uploads(now=now)
    lapse(now=now)
    while prepare_next(clock=clock):
        pass


def lapse(*, now: datetime) -> None:
    """Give back what was leased to somebody who died."""
    for video in Video.objects.filter(state=states.PREPARING, leased_until__lt=now):
        rows = Video.objects.filter(pk=video.pk, state=video.state, leased_until=video.leased_until)
        rows.update(state=after(video.state, "lapse"), leased_until=None)


def prepare_next(*, clock: Clock = timezone.now) -> bool:
    """Prepare what has waited longest. Whether anything waited."""
    video = _leased(now=clock())
    if video is None:
        return False
    with suppress(Lost):
        _prepare(video, clock)
    return True


def prepare_this(video: Video, *, clock: Clock = timezone.now, wait: Callable[[float], None] = time.sleep) -> None:
    """Prepare this one now, or wait until whoever is at it is done. It returns too where the file store has trouble."""
    while video.state in (states.WAITING, states.PREPARING):
        leased = _leased(only=video.pk, now=clock())
        if leased is None:
            wait(1)
            lapse(now=clock())
        else:
            with suppress(Lost):
                _prepare(leased, clock)
        video.refresh_from_db()
        if video.refusal:
            return


@transaction.atomic
def _leased(*, only: UUID | None = None, now: datetime) -> Video | None:
    waiting = Video.objects.select_for_update(skip_locked=True).filter(state=states.WAITING).order_by("at")
    video = (waiting.filter(pk=only) if only else waiting).first()
    if video is None:
        return None
    if video.tries >= TRIES:
        _end(video, "give_up", refusal=video.refusal or GAVE_UP)
        return video
    video.state, video.tries = after(video.state, "begin"), video.tries + 1
    video.hundredths, video.leased_until = 0, now + LEASE
    video.save(update_fields=["state", "tries", "hundredths", "leased_until"])
    return video


def _prepare(video: Video, clock: Clock) -> None:
    if video.state != states.PREPARING:  # it was tried often enough
        return
    try:
        with folder() as place:
            renew = partial(_keep_lease, video, place, clock)
            _assembled(video, place / "source", renew)
            report = work_on(VIDEO, place, {}, seconds=PATIENCE, watch=renew)
            renew()
            if "refused" in report:
                _end(video, "refuse", refusal=str(report["refused"])[:300])
            else:
                _keep(video, place, report["made"], now=clock())
    except NotAVideo as error:  # the store could not keep it
        _rest(video, str(error), now=clock())
    except (Crashed, KeyError, TypeError, ValueError) as error:
        log.warning("%s could not be prepared: %s", video.audit_ref, error)
        _end(video, "lapse", refusal="")
    except OSError as error:
        _rest(video, why_not_kept(error, "video"), now=clock())


def _rest(video: Video, why: str, *, now: datetime) -> None:
    """Leave it under its lease for a minute; then it is given back as if whoever prepared it had died."""
    log.warning("%s waits: %s", video.audit_ref, why)
    _mine(video).update(tries=video.tries - 1, refusal=why, leased_until=now + STORE_REST)


def _assembled(video: Video, target: Path, renew: Callable[[], None]) -> None:
    with target.open("wb") as whole:
        for number in range(slices_of(video)):
            with default_storage.open(video.slice_name(number)) as part:
                for piece in part.chunks(PIECE):
                    whole.write(piece)
            renew()


def _keep_lease(video: Video, place: Path, clock: Clock) -> None:
    """Called every second while it is worked on. Raises Lost."""
    hundredths = video.hundredths
    with suppress(OSError, ValueError):  # it may just be written
        hundredths = min(max(int((place / "progress").read_text(encoding="ascii")), 0), 99)
    until = clock() + LEASE
    if not _mine(video).update(hundredths=hundredths, leased_until=until):
        raise Lost
    video.hundredths, video.leased_until = hundredths, until


def _mine(video: Video) -> Any:
    return Video.objects.filter(pk=video.pk, state=states.PREPARING, tries=video.tries)


def _keep(video: Video, place: Path, made: dict[str, Any], *, now: datetime) -> None:
    """What the process says that it made, as far as it can be true. Raises Crashed, NotAVideo or Lost."""
    width, height, seconds = int(made["width"]), int(made["height"]), float(made["seconds"])
    if not (1 <= width <= 10_000 and 1 <= height <= 10_000 and 0 < seconds < 10**6):
        raise Crashed("what it made cannot be")
    with opened(place, made["file"]) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or file.read(12)[4:8] != b"ftyp":
            raise Crashed("what it made is no video")
        size = os.fstat(descriptor).st_size
        if size > LARGEST:
            raise Crashed("what it made has too many bytes")
        file.seek(0)
        video.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        video.file, video.mime = f"videos/{video.pk}-{video.tries}.mp4", "video/mp4"
        video.width, video.height, video.size, video.seconds = width, height, size, seconds
        cover, picture = _cover(video, place, made["cover"])
        with all_or_none([video.file, cover.file], "video", NotAVideo):
            for name, content in ((video.file, File(file)), (cover.file, ContentFile(picture))):
                if default_storage.exists(name):  # of a try that died between the file and its row
                    default_storage.delete(name)
                default_storage.save(name, content)
            _finish(video, cover, now=now)


def _cover(video: Video, place: Path, made: dict[str, Any]) -> tuple[Cover, bytes]:
    data = bytes_of(place, made["file"], LARGEST_COVER)
    if made["mime"] != "image/jpeg" or not data.startswith(b"\xff\xd8\xff"):
        raise Crashed("its cover is no picture")
    cover = Cover(
        video=video,
        file=f"videos/{video.pk}-{video.tries}-cover.jpg",
        sha256=hashlib.sha256(data).hexdigest(),
        mime="image/jpeg",
        width=int(made["width"]),
        height=int(made["height"]),
        size=len(data),
    )
    return cover, data


@transaction.atomic
def _finish(video: Video, cover: Cover, *, now: datetime) -> None:
    if not _mine(video).select_for_update().exists():
        raise Lost
    video.state, video.hundredths, video.leased_until = after(video.state, "finish"), 100, None
    video.refusal = ""
    video.save()
    cover.save()
    record(by=BY, what="video.prepared", about=[video.audit_ref], facts={"sha256": video.sha256}, now=now)


def _end(video: Video, event: str, *, refusal: str) -> None:
    rows = Video.objects.filter(pk=video.pk, state=video.state, tries=video.tries)
    mine = rows.update(state=after(video.state, event), refusal=refusal, leased_until=None)
    if mine and event != "lapse":
        forget(video.slice_name(number) for number in range(video.slices))
