"""The account's own posts, by whatever app they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.kit.reading import TOO_MUCH, standing_since
from mercat.networks.kit.steps import fields_of
from mercat.networks.port import Channel, Found, Standing, Unreadable
from mercat.networks.x import payload
from mercat.networks.x.answers import listed_in, next_page
from mercat.networks.x.reading import PAGES, CannotTell, read

PAGE = 100  # posts a page, the most that X gives; only those that are given are paid for (spec.READ_PRICE)

_NO_LIST = "X's answer is not a list of posts."


class Lister:
    """Each post that is told costs money: whoever asks does so for what is new alone, and not every minute."""

    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(channel, since, now), since)
        except CannotTell as trouble:
            return trouble.unreadable

    def reads_as(self, words: str, shown: str) -> bool:
        return payload.reads_as(words, shown)


def _standing(channel: Channel, since: datetime, now: datetime) -> Iterator[Standing]:
    for told, post, made_at in own_since(channel, payload.LISTING, since, now):
        if post.account == channel.native_id and not payload.only_passes_on(told, post):
            yield Standing(post.native_id, post.url, post.text, made_at)


def own_since(
    channel: Channel, reading: Mapping[str, str], since: datetime, now: datetime
) -> Iterator[tuple[Mapping[str, Any], Found, datetime]]:
    """The account's own posts, newest first, as told and as read, and when each was made: at `since` or after. Raises
    CannotTell."""
    path = f"users/{quote(channel.native_id, safe='')}/tweets"
    asked = {**reading, "max_results": str(PAGE), "exclude": "retweets", "start_time": payload.moment(since)}
    for _ in range(PAGES):
        response = read(channel, path, asked, now=now)
        listed = listed_in(response)
        if listed is None:
            raise CannotTell(_NO_LIST)
        for told in listed:
            found, made = found_in(told, response, channel), payload.created(told)
            if found is None or made is None:
                raise CannotTell(_NO_LIST)
            if made >= since:
                yield told, found, made
        following = next_page(response)
        if not following:
            return
        asked["pagination_token"] = following
    raise CannotTell(TOO_MUCH)


def found_in(told: Mapping[str, Any], response: httpx.Response, channel: Channel) -> Found | None:
    """A post of an answer, with the pictures and accounts that came along."""
    return payload.found(told, fields_of(response).get("includes"), channel.base_url, channel.handle)
