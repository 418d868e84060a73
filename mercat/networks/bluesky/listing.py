"""The account's own posts, by whatever app they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.bluesky import payload
from mercat.networks.bluesky.session import is_stale, xrpc
from mercat.networks.kit.reading import TOO_MUCH, CannotTell, standing_since
from mercat.networks.kit.steps import fields_of, said_error, said_status, text_of
from mercat.networks.port import Channel, Standing, Unreadable

PAGE = 100  # records a page, the most that the lexicon allows
PAGES = 100  # 10,000 posts: years of most accounts, and 100 of 3,000 requests in 5 minutes

_NO_LIST = "Bluesky's answer is not a list of posts."
_LIMITED = "The network asks us to slow down."


class Lister:
    """Reads the repository itself, in which every post stands under a moment: that at which it was written, if the app
    that wrote it was honest. Whoever looks for what was written under an earlier one asks further back. Reposts and
    likes stand elsewhere. Records are public, so this works even when the session has ended."""

    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_own(channel, since), since)
        except CannotTell as trouble:
            return trouble.sighting

    def reads_as(self, words: str, shown: str) -> bool:
        return words == shown


def _own(channel: Channel, since: datetime) -> Iterator[Standing]:
    """Keys sort as the moments they stand for, and come highest first. A key is its author's word, as is what a record
    says of its own moment; the list goes by keys."""
    params = {"repo": channel.native_id, "collection": payload.POST, "limit": str(PAGE)}
    for _ in range(PAGES):
        answer = _page(channel, params)
        records = answer.get("records")
        if not isinstance(records, list):
            raise CannotTell(_NO_LIST)
        for record in records:
            post = payload.standing(record, channel) if isinstance(record, dict) else None
            if post is None:
                raise CannotTell(_NO_LIST)
            if post.made_at <= since:
                return
            if not payload.only_passes_on(record):
                yield post
        cursor = text_of(answer, "cursor")
        if not cursor or not records:
            return
        params["cursor"] = cursor
    raise CannotTell(TOO_MUCH)


def _page(channel: Channel, params: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        response = channel.http.get(xrpc(channel.base_url, "com.atproto.repo.listRecords"), params=params)
    except httpx.HTTPError as error:
        raise CannotTell(said_error(error)) from None
    if is_stale(response):
        raise CannotTell(payload.RENEW, reconnect=True)
    if response.status_code == 429:
        raise CannotTell(_LIMITED)
    if not response.is_success:
        raise CannotTell(said_status(response))
    return fields_of(response)
