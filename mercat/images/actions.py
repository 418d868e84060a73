"""Taking pictures in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mercat.audit.actions import record
from mercat.images.isolated import renditions
from mercat.images.models import Picture, Rendition
from mercat.images.recipes import all_recipes, recipes_for
from mercat.images.rendering import HOUSE, MAX_UPLOAD, NotAPicture, Recipe
from mercat.images.rendering import Rendition as Made
from mercat.images.store import all_or_none, why_not_kept
from mercat.images.store import forget as forget_files
from mercat.people.models import Person

MOST_A_DAY = 200  # pictures of one person, of up to 25 MB each: more than anybody posts, less than fills a disk


def take_in(*, by: Person, name: str, upload: bytes, now: datetime) -> Picture:
    """Keep an upload and its renditions for every network, or raise `NotAPicture` with nothing kept."""
    room_today(by, now=now)
    if len(upload) > MAX_UPLOAD:
        raise NotAPicture(f"This file is larger than {MAX_UPLOAD // 1024**2} MB. Save a smaller copy and choose that.")
    recipes = all_recipes()
    made = dict(zip(recipes, renditions(upload, recipes), strict=True))
    new = fresh(made, upload, by=by, name=name, now=now)
    with all_or_none(new.files, "picture", NotAPicture):
        new.save_files()
        return _recorded(new, now=now)


def room_today(by: Person, *, now: datetime) -> int:
    """How many pictures this person may still add today. Raises `NotAPicture` where there is no room."""
    room = MOST_A_DAY - Picture.objects.filter(by=by, at__gt=now - timedelta(days=1)).count()
    if room <= 0:
        raise full_day()
    return room


def full_day() -> NotAPicture:
    return NotAPicture(f"You have added {MOST_A_DAY} pictures within a day, which is the most. Add it tomorrow.")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A picture that is about to be kept: its row, those of its renditions, and its files by their names."""

    picture: Picture
    rows: list[Rendition]
    files: dict[str, bytes]

    def save_files(self) -> None:
        for name, data in self.files.items():
            default_storage.save(name, ContentFile(data))


def fresh(made: dict[Recipe, Made], original: bytes, *, by: Person, name: str, now: datetime) -> Fresh:
    """Of what was made of an original by every recipe, the house's own among them. Nothing is kept yet."""
    shown = made[HOUSE]
    picture = Picture(
        name=fit_name(name),
        sha256=shown.sha256,
        mime=shown.mime,
        width=shown.width,
        height=shown.height,
        size=len(shown.data),
        at=now,
        by=by,
    )
    # Files of its own, also for an upload that was taken in before: nothing else rests on them.
    picture.original, picture.file = f"originals/{picture.pk}", _file_of(picture, shown)
    sent = {recipe: each for recipe, each in made.items() if recipe != HOUSE}
    files = {picture.original: original, picture.file: shown.data} | _files(picture, sent.values())
    return Fresh(picture, _rows(picture, sent), files)


def ready_for(picture: Picture, networks: Iterable[str]) -> Picture:
    """The picture, once what was still missing for these networks is made of its original. Raises `NotAPicture`."""
    there = {rendition.recipe for rendition in picture.renditions.all()}
    missing = [recipe for recipe in recipes_for(networks) if recipe.key not in there]
    if not missing:
        return picture
    try:
        with default_storage.open(picture.original) as file:
            upload = file.read()
    except OSError as error:
        raise NotAPicture(why_not_kept(error, "picture")) from error
    made = dict(zip(missing, renditions(upload, missing), strict=True))
    files = {name: data for name, data in _files(picture, made.values()).items() if not default_storage.exists(name)}
    with all_or_none(files, "picture", NotAPicture):
        for file, data in files.items():
            default_storage.save(file, ContentFile(data))
        Rendition.objects.bulk_create(_rows(picture, made))
    return Picture.objects.prefetch_related("renditions").get(pk=picture.pk)


def forget(picture: Picture) -> None:
    """Take a picture away, once the caller's transaction holds: its original, what was made of it, and its row.

    For what must not be kept; nothing else may rest on it.
    """
    made = list(picture.renditions.values_list("file", flat=True))
    picture.renditions.all().delete()
    picture.delete()
    names = {picture.original, picture.file, *made}
    transaction.on_commit(lambda: forget_files(names))


def fit_name(name: str) -> str:
    """As the person's file was called, as far as it can be kept."""
    return "".join(filter(str.isprintable, name))[:200]


def _rows(picture: Picture, made: dict[Recipe, Made]) -> list[Rendition]:
    return [
        Rendition(
            picture=picture,
            recipe=recipe.key,
            file=_file_of(picture, each),
            sha256=each.sha256,
            mime=each.mime,
            width=each.width,
            height=each.height,
            size=len(each.data),
        )
        for recipe, each in made.items()
    ]


def _files(picture: Picture, made: Iterable[Made]) -> dict[str, bytes]:
    """Those of the same bytes share one."""
    return {_file_of(picture, each): each.data for each in made}


def _file_of(picture: Picture, made: Made) -> str:
    return f"pictures/{picture.pk}-{made.sha256[:16]}.{made.extension}"


@transaction.atomic
def _recorded(new: Fresh, *, now: datetime) -> Picture:
    picture = new.picture
    picture.save(force_insert=True)
    Rendition.objects.bulk_create(new.rows)
    record(by=picture.by, what="picture.taken_in", about=[picture.audit_ref], facts={"sha256": picture.sha256}, now=now)
    return picture
