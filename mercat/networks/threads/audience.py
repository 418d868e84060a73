"""What people do with an account's posts, its own profile, and other accounts by their exact names."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from mercat.networks.kit.graph import CannotTell, Gone, Graph, insights
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
from mercat.networks.threads import payload
from mercat.networks.threads.payload import METRICS, OWN, WORDS
from mercat.networks.threads.spec import VERSION

_GONE = Unreadable("Threads does not know this post, or does not show it to us.")
_NOTHING = "Threads lets no programme change a profile. Change it in its own app."


def graph(channel: Channel, now: datetime) -> Graph:
    """Meta documents no proof of the app's secret for Threads: none is given."""
    return Graph(channel, WORDS, OWN, now, version=VERSION, proven=False)


class Metrics:
    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        asking = graph(channel, now)
        try:
            answer = asking.read(lambda: asking.get(native_id, "insights", metric=",".join(METRICS)))
            told = insights(asking.listed(answer), {name: name for name in METRICS})
        except Gone:
            return _GONE
        except CannotTell as trouble:
            return trouble.unreadable
        counts: Counter[str] = Counter()
        for name, value in told.items():
            counts[METRICS[name]] += value
        return Figures(dict(counts)) if counts else Unreadable(WORDS.strange)


class Listener:
    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return _heard(channel, now, since, channel.native_id, "mentions")

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        return _heard(channel, now, None, native_id, "replies")


def _heard(
    channel: Channel, now: datetime, since: datetime | None, node: str, edge: str
) -> tuple[Heard, ...] | Unreadable:
    """What an edge holds of others, newest first; of those made after `since`, where it is given."""
    asking = graph(channel, now)
    found: list[Heard] = []
    try:
        for one in asking.nodes(node, edge, fields=payload.HEARD_FIELDS):
            heard = payload.heard(one, channel.base_url, "" if since else node)
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
        asking = graph(channel, now)
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
    """Profile look-up: public accounts, by their whole names."""

    exact = True

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        name = "".join(words.split()).removeprefix("@")
        if not payload.HANDLE.fullmatch(name):
            return ()
        asking = graph(channel, now)
        try:
            node = asking.read(lambda: asking.get("profile_lookup", username=name, fields=payload.LOOKUP_FIELDS))
        except Gone:
            return ()
        except CannotTell as trouble:
            return trouble.unreadable
        found = payload.account(node, channel.base_url)
        return (found,) if found else Unreadable(WORDS.strange)
