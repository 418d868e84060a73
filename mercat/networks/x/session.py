"""Tokens: an access token of two hours, and a refresh token that is replaced at every use.

The token endpoint knows this body's app by its client ID and secret: a confidential client, which signs by HTTP Basic
(RFC 6749, 2.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx

from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.kit.renewal import ACCESS, AGAIN, CLIENT_ID, CLIENT_SECRET, REFRESH, Renewal, end_of
from mercat.networks.kit.steps import (
    MOST_NAME,
    RETRY,
    Halt,
    preparing,
    text_of,
)
from mercat.networks.port import Channel, Kept, Later, Outcome, Reconnect
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of

_NOT_SAID = "X did not say whose connection this is."
Call = Callable[[dict[str, str]], httpx.Response]  # takes the headers that sign it
Step = Callable[..., httpx.Response]  # kit.steps.preparing or publishing


def api(base_url: str, path: str) -> str:
    """The address of a part of the API; `base_url` may hold a path."""
    return f"{base_url.rstrip('/')}/2/{path}"


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return tuple(kept.get(name, "") for name in (ACCESS, REFRESH, CLIENT_SECRET))


def authorised(channel: Channel, step: Step, call: Call, *, now: datetime) -> httpx.Response:
    """`call` with the access token, and once more with a new one if X refuses it. 401 is a clean refusal."""
    token = channel.credentials.get().get(ACCESS, "") or RENEWAL.newer(channel, "", now)
    response = _asked(step, call, token, now)
    if response.status_code != 401:
        return response
    response = _asked(step, call, RENEWAL.newer(channel, token, now), now)
    if response.status_code == 401:
        raise Halt(Reconnect(payload.RENEW))
    return response


def _asked(step: Step, call: Call, token: str, now: datetime) -> httpx.Response:
    return step(lambda: _unless_spent(call({"Authorization": f"Bearer {token}"}), now), now=now)


def _unless_spent(response: httpx.Response, now: datetime) -> httpx.Response:
    if payload.is_spent(response):
        raise Halt(Later(reset_at(response.headers, now, AGAIN), payload.SPENT, limited=True))
    return response


def ask_for_token(base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    """The call to the token endpoint, signed as this body's app."""
    signed = httpx.BasicAuth(app[CLIENT_ID], app[CLIENT_SECRET])
    return http.post(api(base_url, "oauth2/token"), data=dict(form), auth=signed)


RENEWAL = Renewal(
    name="X",
    ask=ask_for_token,
    over=frozenset({"invalid_grant", "invalid_request"}),  # used up, revoked or unknown: X says invalid_request
    ended=payload.RENEW,
    app_missing=(
        "The connection to this X account has ended, and without the client ID and secret of this body's app it cannot "
        "be renewed. Enter them in the settings for X, then connect the account again."
    ),
    app_unknown=("X does not know this body's app by its client ID and secret. Correct them in the settings for X."),
)


class Keeper:
    """Renews the access token before it lapses; else asks whose it is."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        lapses = end_of(kept)
        try:
            if lapses and lapses <= now + ahead and kept.get(REFRESH):
                RENEWAL.newer(channel, kept.get(ACCESS, ""), now)
                return Kept()
            url = api(channel.base_url, "users/me")
            response = authorised(channel, preparing, lambda signed: channel.http.get(url, headers=signed), now=now)
        except Halt as halt:
            return halt.outcome
        if text_of(data_of(response), "id", MOST_NAME) == channel.native_id:
            return Kept()
        return Later(now + RETRY, _NOT_SAID)
