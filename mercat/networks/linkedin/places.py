"""Where LinkedIn lets pictures and videos be handed over: at addresses that it names for each."""

from __future__ import annotations

import httpx

from mercat.networks.kit import address
from mercat.networks.kit.steps import Halt
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.session import secrets_of
from mercat.networks.linkedin.spec import SPEC, UPLOAD_HOSTS
from mercat.networks.port import Channel

LONGEST = 4_000  # characters of such an address


def is_own_place(place: str, base_url: str) -> bool:
    """Whether a picture, and with it our token, may go there: LinkedIn's declared hosts; of a stand-in, itself."""
    return address.is_own_place(place, base_url, real=SPEC.default_base_url, is_theirs=UPLOAD_HOSTS.__contains__)


def put(channel: Channel, place: str, content: bytes, token: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    return channel.http.put(place, content=content, headers=sent)


def refuse(response: httpx.Response, channel: Channel) -> None:
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
