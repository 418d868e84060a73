"""Posts, as threads of advice are about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from mercat.guidance import facts
from mercat.people.advice.things import Thing, uuids
from mercat.posts import states
from mercat.posts.presenters.lines import excerpt_of
from mercat.posts.queries import is_inside, open_to, said_by, told

DRAFT = "Nobody but its author sees a draft: copy the words that you ask about into your question."


def see(viewer: facts.Person, keys: Sequence[str], *, now: datetime) -> Iterator[Thing]:
    """The posts that are open to this person; from inside, or only because they are out."""
    for row in told(open_to(viewer, now=now)).filter(pk__in=uuids(keys)):
        words = excerpt_of(said_by(row))
        note = DRAFT if row.state == states.DRAFT else ""
        url = reverse("posts:post", args=[row.pk])
        yield Thing(row.audit_ref, f"Post: {words}", url, inside=is_inside(row), note=note)
