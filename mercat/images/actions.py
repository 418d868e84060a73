"""Taking pictures in."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mercat.audit.actions import record
from mercat.images.models import Picture
from mercat.images.rendering import NotAPicture, render
from mercat.people.models import Person

MOST_A_DAY = 200  # pictures of one person, of up to 22 MB each: more than anybody posts, less than fills a disk


def take_in(*, by: Person, name: str, upload: bytes, now: datetime) -> Picture:
    """Keep an upload and its rendition, or raise `NotAPicture` with nothing kept."""
    if Picture.objects.filter(by=by, at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise NotAPicture(f"You have added {MOST_A_DAY} pictures within a day, which is the most. Add it tomorrow.")
    rendition = render(upload)
    picture = Picture(
        name="".join(filter(str.isprintable, name))[:200],
        sha256=rendition.sha256,
        mime=rendition.mime,
        width=rendition.width,
        height=rendition.height,
        size=len(rendition.data),
        at=now,
        by=by,
    )
    # Files of its own, also for an upload that was taken in before: nothing else rests on them.
    picture.original, picture.file = f"originals/{picture.pk}", f"pictures/{picture.pk}.{rendition.extension}"
    with _all_or_none([picture.original, picture.file]):
        default_storage.save(picture.original, ContentFile(upload))
        default_storage.save(picture.file, ContentFile(rendition.data))
        return _recorded(picture, now=now)


@transaction.atomic
def _recorded(picture: Picture, *, now: datetime) -> Picture:
    picture.save(force_insert=True)
    record(by=picture.by, what="picture.taken_in", about=[picture.audit_ref], facts={"sha256": picture.sha256}, now=now)
    return picture


@contextlib.contextmanager
def _all_or_none(names: Iterable[str]) -> Iterator[None]:
    """If anything fails, none of these files stays behind, whole or half."""
    try:
        yield
    except BaseException as error:
        for name in names:
            with contextlib.suppress(OSError):
                default_storage.delete(name)
        if isinstance(error, OSError):
            raise NotAPicture(_why_not_kept(error)) from error
        raise


def _why_not_kept(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "The picture could not be kept: the server's disk is full. Your words are safe. Tell ICT, then try again."
        )
    return "The picture could not be kept: the file store did not answer. Your words are safe. Try again, or tell ICT."
