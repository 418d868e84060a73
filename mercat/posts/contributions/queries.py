"""Reads of what is handed in. Its contributor and those who choose see it; to everybody else it is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from mercat.delivery.models import Consignment
from mercat.guidance import facts
from mercat.guidance.gate import may
from mercat.images.models import Cover, Picture, Video
from mercat.people.devices.here import situation
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.posts.contributions import states
from mercat.posts.contributions.actions import published
from mercat.posts.models import Contribution, HandedMedium, Post

MOST_COUNTED = 99  # beyond it a page says “99+”
UNSEEN = (states.DECLINED, states.TAKEN_BACK)  # whose pictures only the contributor sees
LISTS = (states.WAITING, states.SHELVED, states.USED, states.DECLINED)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever looks. `curates`: they choose what is published."""

    person: Person
    curates: bool


def viewer_of(person: Person, standing: facts.Person, *, now: datetime) -> Viewer:
    return Viewer(person, may_curate(standing, now=now))


def may_curate(standing: facts.Person, *, now: datetime) -> bool:
    return may(guidance(), "curate", standing, facts.Body(), situation(now=now))


def seen_by(viewer: Viewer) -> QuerySet[Contribution]:
    """Their own, and for those who choose all but what was taken back."""
    own = Q(person=viewer.person)
    return told(Contribution.objects.filter(own | ~Q(state=states.TAKEN_BACK) if viewer.curates else own))


def told(rows: QuerySet[Contribution]) -> QuerySet[Contribution]:
    return rows.select_related("person", "unit", "decided_by").prefetch_related(
        "media__picture", "media__video__cover", "uses__post"
    )


def own(person: Person) -> QuerySet[Contribution]:
    return told(Contribution.objects.filter(person=person))


def handed_in(state: str, *, unit: str = "", kind: str = "") -> QuerySet[Contribution]:
    """For those who choose: what waits or is kept comes the oldest first, what is decided the latest first."""
    wanted = {name: value for name, value in (("unit", unit), ("kind", kind)) if value}
    order = ("at", "pk") if state in (states.WAITING, states.SHELVED) else ("-decided_at", "pk")
    return told(Contribution.objects.filter(state=state, **wanted)).order_by(*order)


def how_many_wait() -> str:
    """As a page says it; empty where nothing waits."""
    count = Contribution.objects.filter(state=states.WAITING).order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


def shows_media(row: Contribution, viewer: Viewer) -> bool:
    return row.person == viewer.person or (viewer.curates and row.state not in UNSEEN)


def file_for(viewer: Viewer, sha256: str) -> Picture | Video | Cover | None:
    """A file of this digest that the person brought themselves, or that is part of what they may see."""
    return _own_file(viewer.person, sha256) or (_handed_file(sha256) if viewer.curates else None)


def _own_file(person: Person, sha256: str) -> Picture | Video | Cover | None:
    return (
        Picture.objects.filter(by=person, sha256=sha256).first()
        or Video.objects.filter(by=person, sha256=sha256).first()
        or Cover.objects.filter(video__by=person, sha256=sha256).first()
    )


def _handed_file(sha256: str) -> Picture | Video | Cover | None:
    shown = HandedMedium.objects.exclude(contribution__state__in=UNSEEN)
    return (
        Picture.objects.filter(handed_in__in=shown, sha256=sha256).first()
        or Video.objects.filter(handed_in__in=shown, sha256=sha256).first()
        or Cover.objects.filter(video__handed_in__in=shown, sha256=sha256).first()
    )


def out_of(rows: Iterable[Contribution]) -> dict[str, list[Consignment]]:
    """Where the posts made of these are out: by the audit's name of the post."""
    found: dict[str, list[Consignment]] = {}
    for each in published([use.post_id for row in rows for use in row.uses.all()]):
        found.setdefault(each.post_ref, []).append(each)
    return found


def made_of(post: Post, viewer: Viewer) -> list[Contribution]:
    """What a post was made of, as far as this person sees it."""
    return list(seen_by(viewer).filter(uses__post=post)[:MOST_COUNTED])
