"""What was handed in, as pages say it: its media, its state, what came of it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from mercat.audit.queries import timeline
from mercat.delivery.models import Consignment
from mercat.images import states as preparing
from mercat.images.models import Picture, Video
from mercat.posts.contributions import states
from mercat.posts.contributions.queries import Viewer, shows_media
from mercat.posts.models import Contribution, HandedMedium
from mercat.posts.presenters.lines import excerpt
from mercat.posts.presenters.preview import Shown
from mercat.posts.presenters.timeline import MOST_EVENTS, Happening, told

COLOURS = {states.WAITING: "yellow", states.SHELVED: "blue", states.USED: "blue"}
PUBLISHED = ("Published", "green")


@dataclass(frozen=True, slots=True)
class Line:
    """One in a list. `out`: where the posts made of it are out. `note`: what is to be said in place of its media."""

    row: Contribution
    excerpt: str
    media: list[Shown]
    note: str
    title: str
    colour: str
    out: list[Consignment]


@dataclass(frozen=True, slots=True)
class Powers:
    take_back: bool
    use: bool
    shelve: bool
    decline: bool
    reopen: bool

    @property
    def decide(self) -> bool:
        return self.use or self.shelve or self.decline or self.reopen


def lines(rows: Sequence[Contribution], viewer: Viewer, out: Mapping[str, list[Consignment]]) -> list[Line]:
    """`out`: from `queries.out_of`, of these rows."""
    return [line(row, viewer, out) for row in rows]


def line(row: Contribution, viewer: Viewer, out: Mapping[str, list[Consignment]]) -> Line:
    found = [each for use in row.uses.all() for each in out.get(use.post.audit_ref, ())]
    title, colour = PUBLISHED if found else (states.STATES[row.state], COLOURS.get(row.state, "grey"))
    media = [shown(each) for each in row.media.all()] if shows_media(row, viewer) else []
    return Line(row, excerpt(row.words), media, _note(row, shown=bool(media)), title, colour, found)


def _note(row: Contribution, *, shown: bool) -> str:
    if not shown:
        return "Its pictures are shown to nobody else now." if row.kind == "pictures" else "Its video is not shown now."
    film = row.media.all()[0].video
    if film is None or film.is_ready:
        return ""
    if film.state == preparing.REFUSED:
        return f"The video cannot be used. {film.refusal}"
    return f"The video is being prepared ({film.hundredths}%)."


def shown(medium: HandedMedium) -> Shown:
    if medium.picture:
        return shown_picture(medium.picture, medium.alt, f"Picture {medium.number}")
    return shown_video(medium.video, medium.alt)


def shown_picture(row: Picture, alt: str, name: str = "") -> Shown:
    return Shown(str(row.pk), _src(row.sha256), alt, name or row.name, row.width, row.height, row.size)


def shown_video(row: Video, alt: str) -> Shown:
    if not row.is_ready:
        return Shown(str(row.pk), "", alt, row.name, 0, 0, row.upload_size, is_video=True)
    cover = _src(row.cover.sha256)
    return Shown(str(row.pk), _src(row.sha256), alt, row.name, row.width, row.height, row.size, True, cover)


def _src(sha256: str) -> str:
    return reverse("posts:contribution-medium", args=[sha256])


def powers(row: Contribution, viewer: Viewer) -> Powers:
    def can(event: str) -> bool:
        return (row.state, event) in states.TABLE

    return Powers(
        take_back=can("take_back") and row.person == viewer.person,
        **{event: viewer.curates and can(event) for event in ("use", "shelve", "decline", "reopen")},
    )


def happenings(row: Contribution) -> list[Happening]:
    return told(timeline(row.audit_ref, limit=MOST_EVENTS).events)
