"""The page's own posts, whoever wrote them. Answers are comments there, and no posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mercat.networks.facebook import payload
from mercat.networks.facebook.payload import OWN, WORDS
from mercat.networks.kit.graph import CannotTell, Graph, moment_of
from mercat.networks.kit.reading import standing_since
from mercat.networks.port import Channel, Standing, Unreadable

PAGE = "50"  # posts a page


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(Graph(channel, WORDS, OWN, now), since), since)
        except CannotTell as trouble:
            return trouble.unreadable


def _standing(asking: Graph, since: datetime) -> Iterator[Standing]:
    for node, made_at in own_since(asking, payload.LISTED_FIELDS, since):
        post = payload.found(node, (), asking.channel.base_url)
        if post is None:
            raise CannotTell(WORDS.strange)
        if post.account == asking.channel.native_id and not payload.only_passes_on(node):
            yield Standing(post.native_id, post.url, post.text, made_at)


def own_since(asking: Graph, fields: str, since: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
    """The page's posts, newest first, and when each was made: at `since` or after. Raises CannotTell."""
    params = {"fields": fields, "since": str(int(since.timestamp())), "limit": PAGE}
    for node in asking.nodes(asking.channel.native_id, "published_posts", **params):
        made = moment_of(node, "created_time")
        if made is None:
            raise CannotTell(WORDS.strange)
        if made < since:
            return
        yield node, made
