"""Tokens: an access token of two hours, and a refresh token that is replaced at every use.

The token endpoint knows this body's app by its client ID and secret: a confidential client, which signs by HTTP Basic
(RFC 6749, 2.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.kit.steps import (
    MOST_NAME,
    RETRY,
    Halt,
    fields_of,
    preparing,
    text_of,
    token_of,
)
from mercat.networks.port import Channel, Kept, Later, Lifetime, Outcome, Reconnect
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of
from mercat.networks.x.spec import SPEC

ACCESS = "access_token"
REFRESH = "refresh_token"
EXPIRES = "expires_at"  # of the access token, ISO 8601
CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105 the name of the field
_APP_FIELDS = frozenset(field.name for field in SPEC.app_fields)

TURN = timedelta(seconds=2)  # until another process has renewed the token
AGAIN = timedelta(hours=1)  # where a person must settle something with X first, and nobody tells us when
LONGEST = 10 * 366 * 86_400  # seconds; what claims to last longer is not believed

# What the token endpoint says of a refresh token that is used up, revoked or unknown (X says invalid_request).
_NO = {"invalid_grant", "invalid_request"}
_NOT_OUR_APP = {"invalid_client", "unauthorized_client"}
_NOT_YET = "The connection to X could not be renewed yet."
_BEING_RENEWED = "The connection to X is just being renewed."
_NOT_SAID = "X did not say whose connection this is."
_APP_UNKNOWN = "X does not know this body's app by its client ID and secret. Correct them in the settings for X."
_APP_MISSING = (
    "The connection to this X account has ended, and without the client ID and secret of this body's app it cannot be"
    " renewed. Enter them in the settings for X, then connect the account again."
)

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
    token = channel.credentials.get().get(ACCESS, "") or _newer_token(channel, "", now)
    response = _asked(step, call, token, now)
    if response.status_code != 401:
        return response
    response = _asked(step, call, _newer_token(channel, token, now), now)
    if response.status_code == 401:
        raise Halt(Reconnect(payload.RENEW))
    return response


def _asked(step: Step, call: Call, token: str, now: datetime) -> httpx.Response:
    return step(lambda: _unless_spent(call({"Authorization": f"Bearer {token}"}), now), now=now)


def _unless_spent(response: httpx.Response, now: datetime) -> httpx.Response:
    if payload.is_spent(response):
        raise Halt(Later(reset_at(response.headers, now, AGAIN), payload.SPENT, limited=True))
    return response


def _newer_token(channel: Channel, used: str, now: datetime) -> str:
    with channel.credentials.turn() as mine:
        kept = channel.credentials.get()
        if kept.get(ACCESS, used) != used:
            return kept[ACCESS]  # another process has renewed it meanwhile
        if not mine:
            raise Halt(Later(now + TURN, _BEING_RENEWED, limited=True))
        return _refresh(channel, kept, now)


def _refresh(channel: Channel, kept: Mapping[str, str], now: datetime) -> str:
    if not kept.get(REFRESH):
        raise Halt(Reconnect(payload.RENEW))
    if not kept.get(CLIENT_ID) or not kept.get(CLIENT_SECRET):
        raise Halt(Reconnect(_APP_MISSING))
    form = {"grant_type": "refresh_token", "refresh_token": kept[REFRESH]}
    response = preparing(lambda: ask_for_token(channel.base_url, kept, form, channel.http), now=now)
    if response.is_client_error:
        raise Halt(_not_renewed(response, now))
    tokens = tokens_of(fields_of(response), now)
    if not tokens:
        raise Halt(Later(now + RETRY, _NOT_YET))
    # The old refresh token died with this answer: the new one is stored before anything can go wrong. An answer
    # without one leaves the old where it is.
    own = {name: value for name, value in kept.items() if name not in _APP_FIELDS and name != EXPIRES}
    channel.credentials.replace({**own, **tokens})
    return tokens[ACCESS]


def _not_renewed(response: httpx.Response, now: datetime) -> Outcome:
    """Only a clear no ends the connection; whatever is wrong with the app is wrong for all accounts at once."""
    error = text_of(fields_of(response), "error")
    if error in _NOT_OUR_APP:
        return Later(now + AGAIN, _APP_UNKNOWN)
    if error in _NO and response.status_code == 400:
        return Reconnect(payload.RENEW)
    return Later(now + RETRY, _NOT_YET)


def ask_for_token(base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    """The call to the token endpoint, signed as this body's app."""
    signed = httpx.BasicAuth(app[CLIENT_ID], app[CLIENT_SECRET])
    return http.post(api(base_url, "oauth2/token"), data=dict(form), auth=signed)


def tokens_of(answer: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What to keep of a token endpoint's answer; empty where it holds no access token."""
    access, refresh = token_of(answer, "access_token"), token_of(answer, "refresh_token")
    if not access:
        return {}
    tokens = {ACCESS: access}
    if refresh:
        tokens[REFRESH] = refresh
    seconds = answer.get("expires_in")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < LONGEST:
        tokens[EXPIRES] = (now + timedelta(seconds=seconds)).isoformat()
    return tokens


class Keeper:
    """Renews the access token before it lapses; else asks whose it is."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        lapses = _end_of(kept)
        try:
            if lapses and lapses <= now + ahead and kept.get(REFRESH):
                _newer_token(channel, kept.get(ACCESS, ""), now)
                return Kept()
            url = api(channel.base_url, "users/me")
            response = authorised(channel, preparing, lambda signed: channel.http.get(url, headers=signed), now=now)
        except Halt as halt:
            return halt.outcome
        if text_of(data_of(response), "id", MOST_NAME) == channel.native_id:
            return Kept()
        return Later(now + RETRY, _NOT_SAID)


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """As the token endpoint said of the access token. X does not say how long a refresh token lasts."""
    end = _end_of(values)
    return Lifetime(renew_at=end) if values.get(REFRESH) else Lifetime(ends_at=end)


def _end_of(values: Mapping[str, str]) -> datetime | None:
    try:
        end = datetime.fromisoformat(values.get(EXPIRES, ""))
    except ValueError:
        return None
    return end if end.tzinfo else None
