"""The account's own posts and its current stories, by whatever way they came there. What an account reposts, Instagram
tells no programme, nor stories that are live or made of another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from mercat.networks.instagram import payload
from mercat.networks.instagram.payload import DIALECT, OWN, STORIES, WORDS
from mercat.networks.kit.graph import CannotTell, Graph
from mercat.networks.kit.graph_containers import made_at, reads_as
from mercat.networks.kit.reading import standing_since
from mercat.networks.port import Channel, Standing, Unreadable


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(Graph(channel, WORDS, OWN, now), since), since)
        except CannotTell as trouble:
            return trouble.unreadable

    def reads_as(self, words: str, shown: str) -> bool:
        return reads_as(words, shown)


def _standing(asking: Graph, since: datetime) -> Iterator[Standing]:
    for node in chain(DIALECT.standing(asking, since), STORIES.standing(asking, since)):
        post = payload.found(node, asking.channel)
        if post is None:
            raise CannotTell(WORDS.strange)
        if post.account == asking.channel.native_id:
            yield Standing(post.native_id, post.url, post.text, made_at(asking, node))
