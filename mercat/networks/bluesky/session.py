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
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from mercat.networks.bluesky.payload import RENEW, SUSPENDED, SUSPENSIONS
from mercat.networks.kit.steps import (
    MOST_TOKEN,
    RETRY,
    Halt,
    fields_of,
    preparing,
    text_of,
    token_of,
)
from mercat.networks.port import Channel, Kept, Later, Lifetime, Outcome, Reconnect

ACCESS = "access_jwt"
REFRESH = "refresh_jwt"
_STALE = {"ExpiredToken", "InvalidToken"}
_OVER = _STALE | {"AuthenticationRequired", "AuthMissing"}  # of a refresh token, where there is no other to try
TURN = timedelta(seconds=2)  # until another process has renewed the session
_NOT_YET = "The session with Bluesky could not be renewed yet."
_NOT_SAID = "The server did not say whose session this is."
LATEST = 2**33  # seconds since 1970; what claims to end later is not believed
_BEING_RENEWED = "The session with Bluesky is just being renewed."


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
    with channel.credentials.turn() as mine:
        kept = channel.credentials.get()
        if kept.get(ACCESS, used) != used:
            return kept[ACCESS]  # another process has renewed it meanwhile
        if not mine:
            raise Halt(Later(now + TURN, _BEING_RENEWED, limited=True))
        return _refresh(channel, kept, now)


def _refresh(channel: Channel, kept: Mapping[str, str], now: datetime) -> str:
    url, headers = xrpc(channel.base_url, "com.atproto.server.refreshSession"), bearer(kept.get(REFRESH, ""))
    response = preparing(lambda: channel.http.post(url, headers=headers), now=now)
    answer = fields_of(response)
    if response.is_client_error:
        raise Halt(_not_renewed(text_of(answer, "error"), now))
    access, refresh = token_of(answer, "accessJwt"), token_of(answer, "refreshJwt")
    if not access or not refresh:
        raise Halt(Later(now + RETRY, _NOT_YET))
    # The old refresh token dies with this answer: store the new one before anything can go wrong.
    channel.credentials.replace({**kept, ACCESS: access, REFRESH: refresh})
    return access


def _not_renewed(error: str, now: datetime) -> Outcome:
    """Only a clear no ends the connection: of the token, or of the account. What a wall in between answers, or a server
    that is not itself just now, is tried again."""
    if error in SUSPENSIONS:
        return Reconnect(SUSPENDED)
    return Reconnect(RENEW) if error in _OVER else Later(now + RETRY, _NOT_YET)


class Keeper:
    """Renews the session before its access token lapses; else asks whose it is."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        try:
            token = channel.credentials.get().get(ACCESS, "")
            lapses = _end_of(token)
            if lapses and lapses <= now + ahead:
                _newer_token(channel, token, now)
                return Kept()
            url = xrpc(channel.base_url, "com.atproto.server.getSession")
            response = authorised(
                channel,
                lambda access: preparing(lambda: channel.http.get(url, headers=bearer(access)), now=now),
                now=now,
            )
        except Halt as halt:
            return halt.outcome
        if text_of(fields_of(response), "did") == channel.native_id:
            return Kept()
        return Later(now + RETRY, _NOT_SAID)


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """As the tokens claim: the access token is renewed, and with the refresh token the session ends."""
    return Lifetime(_end_of(values.get(ACCESS, "")), _end_of(values.get(REFRESH, "")))


def _end_of(token: str) -> datetime | None:
    at = _claims(token).get("exp")
    if not isinstance(at, int) or not 0 < at < LATEST:
        return None
    return datetime.fromtimestamp(at, UTC)


def scope_of(token: str) -> str:
    """The scope an access token claims, unverified; empty where it tells none."""
    return text_of(_claims(token), "scope", MOST_TOKEN)


def _claims(token: str) -> Mapping[str, Any]:
    """What a token claims, unverified; empty where it cannot be read."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
