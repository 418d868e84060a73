"""Taking a PDF in: as a picture of each of its pages, since that is what people read, approve and send."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mercat.audit.actions import record
from mercat.images.actions import fit_name, fresh, full_day, room_today
from mercat.images.isolated import pages
from mercat.images.models import Document, Picture, Rendition
from mercat.images.recipes import all_recipes
from mercat.images.rendering import MAX_UPLOAD, NotAPicture
from mercat.images.store import all_or_none
from mercat.people.models import Person

MOST_NAME = 180  # characters of its name that stand in that of a page


def take_in_document(*, by: Person, name: str, upload: bytes, most: int, now: datetime) -> list[Picture]:
    """Keep a PDF and a picture of each page, or raise `NotAPicture` with nothing kept; of more than `most` too."""
    today = room_today(by, now=now)
    if len(upload) > MAX_UPLOAD:
        raise NotAPicture(f"This file is larger than {MAX_UPLOAD // 1024**2} MB. Save a smaller copy and choose that.")
    document = Document(name=fit_name(name), sha256=hashlib.sha256(upload).hexdigest(), at=now, by=by)
    document.original = f"originals/{document.pk}"
    recipes, made, names = all_recipes(), [], [document.original]
    when = " today" if today < most else ""
    with pages(upload, recipes, min(most, today), when=when) as found, all_or_none(names, "document", NotAPicture):
        default_storage.save(document.original, ContentFile(upload))
        for number, (original, renditions) in enumerate(found, 1):
            called = f"{document.name[:MOST_NAME]}, page {number}"
            page = fresh(dict(zip(recipes, renditions, strict=True)), original, by=by, name=called, now=now)
            page.picture.document, page.picture.page = document, number
            names += page.files
            page.save_files()
            made.append((page.picture, page.rows))
        return _recorded(document, made, now=now)


@transaction.atomic
def _recorded(document: Document, made: list[tuple[Picture, list[Rendition]]], *, now: datetime) -> list[Picture]:
    by, pictures = document.by, [picture for picture, _ in made]
    Person.objects.select_for_update().get(pk=by.pk)  # others of theirs may have been kept while this was read
    if room_today(by, now=now) < len(made):
        raise full_day()
    document.pages = len(made)
    document.save(force_insert=True)
    for picture in pictures:
        picture.save(force_insert=True)
    Rendition.objects.bulk_create([row for _, rows in made for row in rows])
    facts = {"sha256": document.sha256, "pages": document.pages}
    about = [document.audit_ref, *(picture.audit_ref for picture in pictures)]
    record(by=by, what="document.taken_in", about=about, facts=facts, now=now)
    return pictures
