"""Finding a post for the person who asks: what is not open to them is not there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest

from mercat.guidance import facts
from mercat.people.facts import person_facts
from mercat.posts.models import Post
from mercat.posts.queries import open_to, told


def find(request: HttpRequest, post_id: UUID, *, now: datetime) -> tuple[Post, facts.Person]:
    """The post, and the standing of the person who asks. Raises Http404."""
    person = person_facts(request.user, now=now)
    post = told(open_to(person, now=now)).filter(pk=post_id).first()
    if post is None:
        raise Http404
    return post, person
