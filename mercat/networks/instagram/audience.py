"""What people do with an account's posts, its own profile, and other accounts by their exact names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mercat.networks.instagram import payload
from mercat.networks.instagram.payload import METRICS, OWN, STORY, STORY_METRICS, WORDS
from mercat.networks.kit.graph import CannotTell, Gone, Graph, insights, object_of
from mercat.networks.kit.steps import text_of
from mercat.networks.port import (
    Channel,
    Figures,
    FoundAccount,
    Heard,
    NewProfile,
    Outcome,
    Profile,
    Refused,
    Unreadable,
)

_GONE = Unreadable("Instagram does not know this post, or does not show it to us.")
_NOTHING = "Instagram lets no programme change a profile. Change it in its own app."


class Metrics:
    """A post's own counts, and its insights where Instagram gives them."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        asking = Graph(channel, WORDS, OWN, now)
        try:
            node = asking.read(lambda: asking.get(native_id, fields=payload.FIGURE_FIELDS))
        except Gone:
            return _GONE
        except CannotTell as trouble:
            return trouble.unreadable
        if text_of(node, "id") != native_id:
            return Unreadable(WORDS.strange)
        metrics = STORY_METRICS if text_of(node, "media_product_type") == STORY else METRICS
        return Figures({**payload.counts(node), **_insights(asking, native_id, metrics)})


def _insights(asking: Graph, native_id: str, metrics: Mapping[str, str]) -> dict[str, int]:
    try:
        answer = asking.read(lambda: asking.get(native_id, "insights", metric=",".join(metrics)))
        return insights(asking.listed(answer), metrics)
    except (Gone, CannotTell):
        return {}


class Listener:
    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        """Posts in which others tagged the account. Names in their words are told by webhook alone."""
        asking = Graph(channel, WORDS, OWN, now)
        nodes = asking.nodes(channel.native_id, "tags", fields=payload.TAGGED_FIELDS)
        return _heard(channel, (payload.tagging(node, channel.base_url) for node in nodes), since)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        asking = Graph(channel, WORDS, OWN, now)
        nodes = asking.nodes(native_id, "comments", fields=payload.COMMENT_FIELDS)
        return _heard(channel, (payload.comment(node, native_id) for node in nodes), None)


def _heard(channel: Channel, told: Iterable[Heard | None], since: datetime | None) -> tuple[Heard, ...] | Unreadable:
    """What others wrote, newest first; after `since`, where it is given."""
    found: list[Heard] = []
    try:
        for heard in told:
            if heard and since and heard.made_at <= since:
                break
            if heard and heard.author != channel.handle:
                found.append(heard)
    except Gone:
        return _GONE
    except CannotTell as trouble:
        return trouble.unreadable
    return tuple(sorted(found, key=lambda heard: heard.made_at, reverse=True))


class Profiler:
    settable: frozenset[str] = frozenset()

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        asking = Graph(channel, WORDS, OWN, now)
        try:
            node = asking.read(lambda: asking.get(channel.native_id, fields=payload.PROFILE_FIELDS))
        except Gone:
            return Unreadable(WORDS.forbidden)
        except CannotTell as trouble:
            return trouble.unreadable
        return payload.profile(node, channel.base_url) or Unreadable(WORDS.strange)

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        return Refused(_NOTHING)


class Searcher:
    """Business discovery: professional accounts, by their whole names."""

    exact = True

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        name = "".join(words.split()).removeprefix("@")
        if not payload.HANDLE.fullmatch(name):
            return ()
        asking = Graph(channel, WORDS, OWN, now)
        fields = f"business_discovery.username({name}){{{payload.PROFILE_FIELDS}}}"
        try:
            node = asking.read(lambda: asking.get(channel.native_id, fields=fields))
        except Gone:
            return ()
        except CannotTell as trouble:
            return trouble.unreadable
        return _one(object_of(node, "business_discovery"), channel)


def _one(node: Mapping[str, Any], channel: Channel) -> tuple[FoundAccount, ...] | Unreadable:
    found = payload.account(node, channel.base_url)
    return (found,) if found else Unreadable(WORDS.strange)
