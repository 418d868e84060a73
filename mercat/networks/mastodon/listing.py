"""The account's own statuses, by whatever app they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mercat.networks.kit.reading import TOO_MUCH, CannotTell, standing_since
from mercat.networks.kit.steps import text_of
from mercat.networks.mastodon import payload
from mercat.networks.mastodon.calls import api, read, reading
from mercat.networks.port import Channel, Standing, Unreadable

PAGE = 40  # statuses a page, the most that Mastodon gives
PAGES = 10  # 400 statuses: more than any of our accounts writes between two looks, and 10 of 300 calls in 5 minutes

NO_LIST = "The server's answer is not a list of posts."


class Lister:
    def posts(self, channel: Channel, *, since: datetime, now: datetime) -> tuple[Standing, ...] | Unreadable:
        try:
            return standing_since(_standing(channel, since), since)
        except CannotTell as trouble:
            return trouble.sighting

    def reads_as(self, words: str, shown: str) -> bool:
        return payload.reads_as(words, shown)


def _standing(channel: Channel, since: datetime) -> Iterator[Standing]:
    for answer in own_since(channel, since):
        status, made_at = payload.found(answer, channel.base_url), payload.created(answer)
        if status is None or made_at is None:
            raise CannotTell(NO_LIST)
        is_own = status.account == channel.native_id and payload.is_public(answer)
        if is_own and not payload.only_passes_on(answer, status):
            yield Standing(status.native_id, status.url, payload.with_warning(answer, status), made_at)


def own_since(channel: Channel, since: datetime) -> Iterator[Mapping[str, Any]]:
    """The account's own statuses, newest first, made at `since` or after. Raises CannotTell."""
    url = api(channel.base_url, "v1", "accounts", channel.native_id, "statuses")
    params = {"limit": str(PAGE), "exclude_reblogs": "true"}
    for _ in range(PAGES):
        page = read(reading(channel, url, params.items()))
        if not isinstance(page, list):
            raise CannotTell(NO_LIST)
        recent = [answer for answer in page if _is_since(answer, since)]
        yield from recent
        if len(recent) < len(page) or not page:
            return
        params["max_id"] = text_of(page[-1], "id")
    raise CannotTell(TOO_MUCH)


def _is_since(answer: Any, since: datetime) -> bool:
    made = payload.created(answer) if isinstance(answer, dict) else None
    if made is None:
        raise CannotTell(NO_LIST)
    return made >= since
