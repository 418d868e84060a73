"""Taking pictures in."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mercat.audit.actions import record
from mercat.images.models import Picture
from mercat.images.rendering import NotAPicture, render
from mercat.people.models import Person


def take_in(*, by: Person, name: str, upload: bytes, now: datetime) -> Picture:
    """Keep an upload and its rendition, or raise `NotAPicture` with nothing kept."""
    rendition = render(upload)
    original = _kept(f"originals/{hashlib.sha256(upload).hexdigest()}", upload)
    file = _kept(f"pictures/{rendition.sha256}.{rendition.extension}", rendition.data)
    with transaction.atomic():
        picture = Picture.objects.create(
            name=name[:200],
            original=original,
            file=file,
            sha256=rendition.sha256,
            mime=rendition.mime,
            width=rendition.width,
            height=rendition.height,
            size=len(rendition.data),
            at=now,
            by=by,
        )
        record(by=by, what="picture.taken_in", about=[picture.audit_ref], facts={"sha256": picture.sha256}, now=now)
    return picture


def _kept(name: str, data: bytes) -> str:
    """Store under a name made of the content's digest: the same bytes are kept once, half of them never."""
    if default_storage.exists(name) and default_storage.size(name) == len(data):
        return name
    try:
        return default_storage.save(name, ContentFile(data))
    except OSError as error:
        with contextlib.suppress(OSError):
            default_storage.delete(name)
        raise NotAPicture(_why_not_kept(error)) from error


def _why_not_kept(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The picture could not be kept: the server's disk is full. Your words are safe. Tell ICT, then try again."
    return "The picture could not be kept: the file store did not answer. Your words are safe. Try again, or tell ICT."
