"""Sessions with a personal data server: made once when the account is connected, then kept alive.

The app password is not kept. A session's refresh token lasts 90 days from its last use and replaces itself; if it ever
lapses a person connects again, which is a better moment for a new password than a stored one is a risk. It also keeps
us far from the limit of sign-ins (30 in 5 minutes, 300 a day).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx

from mercat.networks.bluesky.payload import RENEW, SUSPENDED
from mercat.networks.kit.steps import MOST_TOKEN, RETRY, Halt, fields_of, preparing, text_of
from mercat.networks.port import Channel, Later, Reconnect

ACCESS = "access_jwt"
REFRESH = "refresh_jwt"
_STALE = {"ExpiredToken", "InvalidToken"}
_NOT_YET = "The session with Bluesky could not be renewed yet."


def xrpc(base_url: str, method: str) -> str:
    """The address of a method; `base_url` may hold a path."""
    return f"{base_url.rstrip('/')}/xrpc/{method}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return kept.get(ACCESS, ""), kept.get(REFRESH, "")


def authorised(channel: Channel, call: Callable[[str], httpx.Response], *, now: datetime) -> httpx.Response:
    """`call` with the access token, and once more with a new one if the server says that it is stale."""
    token = channel.credentials.get().get(ACCESS, "")
    response = call(token)
    if not is_stale(response):
        return response
    response = call(_newer_token(channel, token, now))
    if is_stale(response):
        raise Halt(Reconnect(RENEW))
    return response


def is_stale(response: httpx.Response) -> bool:
    """A clean refusal of the token: nothing was done."""
    if response.status_code == 401:
        return True
    return response.status_code == 400 and text_of(fields_of(response), "error") in _STALE


def _newer_token(channel: Channel, used: str, now: datetime) -> str:
    kept = channel.credentials.get()
    if kept.get(ACCESS, used) != used:
        return kept[ACCESS]  # another process has renewed it meanwhile
    return _refresh(channel, kept, now)


def _refresh(channel: Channel, kept: Mapping[str, str], now: datetime) -> str:
    url, headers = xrpc(channel.base_url, "com.atproto.server.refreshSession"), bearer(kept.get(REFRESH, ""))
    response = preparing(lambda: channel.http.post(url, headers=headers), now=now)
    answer = fields_of(response)
    if response.is_client_error:
        raise Halt(Reconnect(SUSPENDED if text_of(answer, "error") == "AccountTakedown" else RENEW))
    access, refresh = text_of(answer, "accessJwt", MOST_TOKEN), text_of(answer, "refreshJwt", MOST_TOKEN)
    if not access or not refresh:
        raise Halt(Later(now + RETRY, _NOT_YET))
    # The old refresh token dies with this answer: store the new one before anything can go wrong.
    channel.credentials.replace({**kept, ACCESS: access, REFRESH: refresh})
    return access


def scope_of(token: str) -> str:
    """The scope an access token claims, unverified; empty where it tells none."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return ""
    return text_of(claims, "scope", MOST_TOKEN) if isinstance(claims, dict) else ""
