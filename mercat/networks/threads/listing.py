"""The account's own posts and answers, by whatever way they came there. Threads keeps the two apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mercat.networks.kit.graph import CannotTell, Graph
from mercat.networks.kit.graph_containers import made_at, made_since, reads_as
from mercat.networks.kit.reading import standing_since
from mercat.networks.port import Channel, Standing, Unreadable
from mercat.networks.threads import payload
from mercat.networks.threads.audience import graph
from mercat.networks.threads.payload import WORDS

EDGES = ("threads", "replies")


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        asking = graph(channel, now)
        try:
            found = {post.native_id: post for edge in EDGES for post in _standing(asking, edge, since)}
        except CannotTell as trouble:
            return trouble.unreadable
        return standing_since(found.values(), since)

    def reads_as(self, words: str, shown: str) -> bool:
        return reads_as(words, shown)


def _standing(asking: Graph, edge: str, since: datetime) -> Iterator[Standing]:
    for node in made_since(asking, edge, payload.LISTED_FIELDS, since):
        post = payload.found(node, asking.channel)
        if post is None:
            raise CannotTell(WORDS.strange)
        if post.account == asking.channel.native_id and not payload.only_passes_on(node, post):
            yield Standing(post.native_id, post.url, post.text, made_at(asking, node))
