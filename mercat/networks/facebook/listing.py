"""The page's own posts and reels, whoever made them. Comments written as the page, and stories, are not among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mercat.networks.facebook import payload
from mercat.networks.facebook.payload import OWN, WORDS
from mercat.networks.kit.graph import CannotTell, Graph, moment_of
from mercat.networks.kit.reading import standing_since
from mercat.networks.kit.steps import link_of, words_of
from mercat.networks.port import Channel, Standing, Unreadable

PAGE = "50"  # posts a page


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            asking = Graph(channel, WORDS, OWN, now)
            return standing_since([*_reels(asking, since), *_standing(asking, since)], since)
        except CannotTell as trouble:
            return trouble.unreadable

    def reads_as(self, words: str, shown: str) -> bool:
        return payload.reads_as(words, shown)


def _standing(asking: Graph, since: datetime) -> Iterator[Standing]:
    for node, made_at in own_since(asking, payload.LISTED_FIELDS, since):
        post = payload.found(node, (), asking.channel.base_url)
        if post is None:
            raise CannotTell(WORDS.strange)
        if post.account == asking.channel.native_id and not payload.only_passes_on(node):
            yield Standing(post.native_id, post.url, post.text, made_at)


def _reels(asking: Graph, since: datetime) -> Iterator[Standing]:
    """Those that people made on Facebook itself: no document says that they stand among the posts. One that does has
    the same id there."""
    page, base_url = asking.channel.native_id, asking.channel.base_url
    for node, made_at in _made_since(asking, "video_reels", payload.REEL_FIELDS, since):
        if node.get("published") is False:
            continue
        native_id = payload.post_of_video(node, page)
        yield Standing(native_id, link_of(node, "permalink_url", base_url), words_of(node, "description"), made_at)


def own_since(asking: Graph, fields: str, since: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
    """The page's posts, newest first, and when each was made: at `since` or after. Raises CannotTell."""
    return _made_since(asking, "published_posts", fields, since)


def _made_since(asking: Graph, edge: str, fields: str, since: datetime) -> Iterator[tuple[Mapping[str, Any], datetime]]:
    params = {"fields": fields, "since": str(int(since.timestamp())), "limit": PAGE}
    for node in asking.nodes(asking.channel.native_id, edge, **params):
        made = moment_of(node, "created_time")
        if made is None:
            raise CannotTell(WORDS.strange)
        if made < since:
            return
        yield node, made
