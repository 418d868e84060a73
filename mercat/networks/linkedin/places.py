"""Where LinkedIn lets pictures and videos be handed over: at addresses that it names for each."""

from __future__ import annotations

import httpx

from mercat.networks.kit.steps import Halt
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.session import secrets_of
from mercat.networks.linkedin.spec import SPEC, UPLOAD_HOSTS
from mercat.networks.port import Channel

LONGEST = 4_000  # characters of such an address


def is_own_place(place: str, base_url: str) -> bool:
    """Whether a picture, and with it our token, may go there: LinkedIn's declared hosts; of a stand-in, itself."""
    try:
        url, base = httpx.URL(place), httpx.URL(base_url)
        host = url.host
    except (httpx.InvalidURL, UnicodeError):  # the second of a host with a label that no alphabet has
        return False
    if url.userinfo:
        return False
    if base_url.rstrip("/") == SPEC.default_base_url:
        return url.scheme == "https" and url.port is None and host in UPLOAD_HOSTS
    return (url.scheme, host, url.port) == (base.scheme, base.host, base.port)


def put(channel: Channel, place: str, content: bytes, token: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    return channel.http.put(place, content=content, headers=sent)


def refuse(response: httpx.Response, channel: Channel) -> None:
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
