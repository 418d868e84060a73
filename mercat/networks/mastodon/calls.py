"""The parts of a call that every part of the adapter shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import Halt, json_of, said_error, said_status
from mercat.networks.mastodon import payload
from mercat.networks.port import Channel, Refused

TOKEN = "token"  # noqa: S105 the name of the field


def api(base_url: str, version: str, *parts: str) -> str:
    """The address of a part of the API; `base_url` may hold a path."""
    return "/".join((base_url.rstrip("/"), "api", version, *(quote(part, safe="") for part in parts)))


def bearer(channel: Channel) -> dict[str, str]:
    return {"Authorization": f"Bearer {channel.credentials.get().get(TOKEN, '')}"}


def refuse(response: httpx.Response, channel: Channel) -> None:
    """Halts at a clean refusal of something that has to do with a post."""
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))


def refuse_part(response: httpx.Response, channel: Channel) -> None:
    """The same for what a connection may lack the permission for while it still publishes: never a reason to end it."""
    if response.status_code == 403:
        raise Halt(Refused(payload.NOT_PERMITTED))
    refuse(response, channel)


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    return (channel.credentials.get().get(TOKEN, ""),)


def reading(channel: Channel, url: str, params: Iterable[tuple[str, str]] = ()) -> httpx.Response:
    """The answer to a reading. Raises CannotTell where none came."""
    try:
        return channel.http.get(url, params=list(params), headers=bearer(channel))
    except httpx.HTTPError as error:
        raise CannotTell(said_error(error)) from None


def read(response: httpx.Response) -> Any:
    """The JSON of a good answer. Raises CannotTell."""
    if response.status_code == 401:
        raise CannotTell(payload.RENEW, reconnect=True)
    if response.status_code == 403:
        raise CannotTell(payload.NOT_PERMITTED)
    if not response.is_success:
        raise CannotTell(said_status(response))
    return json_of(response)
