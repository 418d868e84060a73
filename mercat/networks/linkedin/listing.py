"""The page's own posts, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mercat.networks.kit.reading import TOO_MUCH, CannotTell, standing_since
from mercat.networks.kit.steps import json_of
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.session import PAGE, PAGES, reading, rest
from mercat.networks.port import Channel, Standing, Unreadable

NO_LIST = "LinkedIn's answer is not a list of posts."


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(channel, since, now), since)
        except CannotTell as trouble:
            return trouble.sighting

    def reads_as(self, words: str, shown: str) -> bool:
        return payload.reads_as(words, shown)


def _standing(channel: Channel, since: datetime, now: datetime) -> Iterator[Standing]:
    """What is published; a draft has become a post when it was published, and not when it was begun."""
    for answer in changed_since(channel, since, now):
        post = payload.found(answer, channel.base_url)
        if post is None:
            raise CannotTell(NO_LIST)
        is_out = payload.state(answer) == payload.PUBLISHED and post.account == channel.native_id
        if is_out and not payload.only_passes_on(answer, post):
            made_at = payload.moment(answer, "publishedAt") or at(answer, "createdAt")
            yield Standing(post.native_id, post.url, post.text, made_at)


def changed_since(channel: Channel, since: datetime, now: datetime) -> Iterator[Mapping[str, Any]]:
    """The page's own posts that were made or changed since, the last changed first: LinkedIn's other order is that of
    their beginnings. Raises CannotTell."""
    author = payload.organisation_urn(channel.native_id)
    for page in range(PAGES):
        asked = {"start": str(page * PAGE), "count": str(PAGE), "sortBy": "LAST_MODIFIED"}
        url = rest(channel.base_url, "posts", author=author, q="author", **asked)
        told = json_of(reading(channel, url, now=now, method="FINDER"))
        elements = told.get("elements") if isinstance(told, dict) else None
        if not isinstance(elements, list):
            raise CannotTell(NO_LIST)
        recent = [element for element in elements if at(element, "lastModifiedAt") >= since]
        yield from recent
        if len(recent) < len(elements) or len(elements) < PAGE:
            return
    raise CannotTell(TOO_MUCH)


def at(element: Any, name: str) -> datetime:
    """Raises CannotTell."""
    moment = payload.moment(element, name) if isinstance(element, dict) else None
    if moment is None:
        raise CannotTell(NO_LIST)
    return moment
