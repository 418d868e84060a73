"""What people do with a page's posts: figures, comments, and posts that name the page."""

from __future__ import annotations

from datetime import datetime

from mercat.networks.facebook import payload
from mercat.networks.facebook.payload import METRICS, OWN, WORDS
from mercat.networks.kit.graph import CannotTell, Gone, Graph, insights
from mercat.networks.kit.steps import text_of
from mercat.networks.port import Channel, Figures, Heard, Unreadable

_GONE = Unreadable("Facebook does not know this post, or does not show it to us.")


class Metrics:
    """A post's own counts, and its insights where Facebook gives them (a page needs 100 likes for that)."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        asking = Graph(channel, WORDS, OWN, now)
        try:
            node = asking.read(lambda: asking.get(native_id, fields=payload.FIGURE_FIELDS))
            if text_of(node, "id") != native_id:
                return Unreadable(WORDS.strange)
            return Figures({**payload.counts(node), **_insights(asking, native_id)})
        except Gone:
            return _GONE
        except CannotTell as trouble:
            return trouble.unreadable


def _insights(asking: Graph, native_id: str) -> dict[str, int]:
    try:
        answer = asking.read(lambda: asking.get(native_id, "insights", metric=",".join(METRICS), period="lifetime"))
        return insights(asking.listed(answer), METRICS)
    except (Gone, CannotTell):
        return {}


class Listener:
    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return _heard(channel, now, since, channel.native_id, "tagged", fields=payload.TAGGED_FIELDS)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        params = {"fields": payload.COMMENT_FIELDS, "filter": "stream", "order": "reverse_chronological"}
        return _heard(channel, now, None, native_id, "comments", **params)


def _heard(
    channel: Channel, now: datetime, since: datetime | None, node: str, edge: str, **params: str
) -> tuple[Heard, ...] | Unreadable:
    """What an edge holds of others, newest first; of those made after `since`, where it is given."""
    asking = Graph(channel, WORDS, OWN, now)
    found: list[Heard] = []
    try:
        for one in asking.nodes(node, edge, **params):
            heard = payload.heard(one, channel.base_url, "" if since else node)
            if heard is None:
                continue
            if since and heard.made_at <= since:
                break
            if payload.author_of(one) != channel.native_id:
                found.append(heard)
    except Gone:
        return _GONE
    except CannotTell as trouble:
        return trouble.unreadable
    return tuple(sorted(found, key=lambda heard: heard.made_at, reverse=True))
