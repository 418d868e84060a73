"""What X shows of the account and of others: figures, what was said, whose accounts there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from mercat.networks.kit.steps import fields_of, text_of
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
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of, listed_in, next_page
from mercat.networks.x.reading import CannotTell, read

HEARD = 100  # posts a page, the most that X gives
HEARD_PAGES = 5  # what came since the last look; each post read is paid for
FOUND = 20  # accounts told of one search: each is paid for
_USER = "description,name,profile_banner_url,profile_image_url,username"
_LISTENING = {
    "post.fields": "conversation_id,created_at,entities",
    "expansions": "author_id",
    "user.fields": "name,username",
    "max_results": str(HEARD),
}
_NO_POST = "X's answer is not this post."
_NO_LIST = "X's answer is not a list."


class Metrics:
    """The public counts. What only the account's owner may see (clicks) X keeps for 30 days, and tells apart."""

    def figures(self, channel: Channel, *, native_id: str, now: datetime) -> Figures | Unreadable:
        try:
            path = f"tweets/{quote(native_id, safe='')}"
            response = read(channel, path, {"post.fields": "public_metrics"}, now=now)
        except CannotTell as trouble:
            return trouble.unreadable
        return payload.figures(data_of(response)) or Unreadable(_NO_POST)


class Listener:
    """Mentions from X's own list; comments by searching the conversation, which reaches seven days back."""

    def mentions(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Heard, ...] | Unreadable:
        path = f"users/{quote(channel.native_id, safe='')}/mentions"
        asked = {**_LISTENING, "start_time": payload.moment(since)}
        heard = _heard(channel, path, asked, payload.root_of, now)
        return heard if isinstance(heard, Unreadable) else tuple(each for each in heard if each.made_at > since)

    def comments(self, channel: Channel, *, native_id: str, now: datetime) -> tuple[Heard, ...] | Unreadable:
        if not native_id.isdecimal():
            return Unreadable(_NO_POST)  # or it would be another question
        asked = {**_LISTENING, "query": f"conversation_id:{native_id}"}
        return _heard(channel, "tweets/search/recent", asked, lambda told: native_id, now)


Under = Callable[[Mapping[str, Any]], str]  # which post of ours something stands under


def _heard(
    channel: Channel, path: str, asked: Mapping[str, str], under: Under, now: datetime
) -> tuple[Heard, ...] | Unreadable:
    try:
        heard = list(_others(channel, path, asked, under, now))
    except CannotTell as trouble:
        return trouble.unreadable
    return tuple(sorted(heard, key=lambda each: each.made_at, reverse=True))


def _others(channel: Channel, path: str, asked: Mapping[str, str], under: Under, now: datetime) -> Iterator[Heard]:
    """What others wrote, over at most so many pages: the newest come first."""
    asked = dict(asked)
    for _ in range(HEARD_PAGES):
        response = read(channel, path, asked, now=now)
        listed = listed_in(response)
        if listed is None:
            raise CannotTell(_NO_LIST)
        includes = fields_of(response).get("includes")
        for told in listed:
            heard = payload.heard(told, includes, channel.base_url, under(told))
            if heard and text_of(told, "author_id") != channel.native_id:
                yield heard
        following = next_page(response)
        if not following:
            return
        asked["pagination_token"] = following


class Searcher:
    """Accounts by what they are called."""

    exact = False

    def accounts(self, channel: Channel, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
        query = payload.searched(words)
        if not query:
            return ()
        try:
            asked = {"query": query, "max_results": str(FOUND), "user.fields": _USER}
            response = read(channel, "users/search", asked, now=now)
        except CannotTell as trouble:
            return trouble.unreadable
        listed = listed_in(response)
        if listed is None:
            return Unreadable(_NO_LIST)
        found = (payload.account_of(user, channel.base_url) for user in listed)
        return tuple(account for account in found if account)


class Profiler:
    """X lets a programme read a profile, and change nothing of it."""

    settable: frozenset[str] = frozenset()

    def profile(self, channel: Channel, *, now: datetime) -> Profile | Unreadable:
        try:
            response = read(channel, "users/me", {"user.fields": _USER}, now=now)
        except CannotTell as trouble:
            return trouble.unreadable
        profile = payload.profile_of(data_of(response), channel.base_url)
        return profile or Unreadable("X's answer is not a profile.")

    def change(self, channel: Channel, new: NewProfile, *, now: datetime) -> Outcome:
        return Refused("X lets no programme change a profile. Change it at X, signed in as the account.")
