"""Reading calls: an answer that can be read, or the reason why it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import httpx

from mercat.networks.kit.reading import unreadable
from mercat.networks.kit.steps import Halt, preparing, said_status
from mercat.networks.port import Channel, Reconnect
from mercat.networks.x import payload
from mercat.networks.x.session import api, authorised

PAGES = 10  # 1,000 posts looked through, a dollar's worth, before we say that we cannot tell


class CannotTell(Exception):
    def __init__(self, reason: str, *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.unreadable = unreadable(reason, reconnect=reconnect)


def read(channel: Channel, path: str, asked: Mapping[str, str], *, now: datetime) -> httpx.Response:
    """The answer to a reading call: a success, or one that tells that there is no such thing. Raises CannotTell."""
    url = api(channel.base_url, path)

    def get(signed: dict[str, str]) -> httpx.Response:
        return channel.http.get(url, params=dict(asked), headers=signed)

    try:
        response = authorised(channel, preparing, get, now=now)
    except Halt as halt:
        reason = getattr(halt.outcome, "reason", "X could not be read.")
        raise CannotTell(reason, reconnect=isinstance(halt.outcome, Reconnect)) from None
    if response.is_client_error and not payload.tells_missing(response):
        raise CannotTell(said_status(response))
    return response
