"""Calls with a member's token, and its renewal: a refresh token is replaced at every use, where Hootsuite gives one.

The token endpoint knows the body's app by HTTP Basic alone: "Including your client credentials in the request-body is
not supported" (OAuth2 Token).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.hootsuite import payload
from mercat.networks.hootsuite.spec import CLIENT_ID, CLIENT_SECRET, EXPIRES, REFRESH, SPEC, TOKEN
from mercat.networks.kit.reading import CannotTell, untold
from mercat.networks.kit.steps import (
    RETRY,
    Halt,
    fields_of,
    preparing,
    said_error,
    said_status,
    text_of,
    token_of,
)
from mercat.networks.port import Channel, Kept, Later, Lifetime, Outcome, Reconnect

TURN = timedelta(seconds=2)  # until another process has renewed the token
AGAIN = timedelta(hours=1)  # where a person must settle something with Hootsuite first
LONGEST = timedelta(days=3_650)  # what claims to last longer is not believed
_APP = frozenset(field.name for field in SPEC.app_fields)
_NOT_OUR_APP = frozenset({"invalid_client", "unauthorized_client"})

_NOT_YET = "The connection to Hootsuite could not be renewed yet."
_BEING_RENEWED = "The connection to Hootsuite is just being renewed."
_APP_UNKNOWN = "Hootsuite does not know the body's own app by its client ID and secret. ICT must correct them."
_NOT_SAID = "Hootsuite did not say whether the profile is still connected there."
_DISCONNECTED = (
    "Hootsuite has lost its own connection to this profile. Connect the profile again in Hootsuite, and then here."
)

Call = Callable[[dict[str, str]], httpx.Response]  # takes the headers that sign it
Step = Callable[..., httpx.Response]  # kit.steps.preparing or publishing


def api(base_url: str, *parts: str) -> str:
    """The address of a part of the API; `base_url` may hold a path."""
    return "/".join((base_url.rstrip("/"), "v1", *(quote(part, safe="") for part in parts)))


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return tuple(kept.get(name, "") for name in (TOKEN, REFRESH, CLIENT_SECRET))


def authorised(channel: Channel, step: Step, call: Call, *, now: datetime) -> httpx.Response:
    """`call` with the token, and once more with a new one if Hootsuite refuses it: 2xx or 4xx, or it halts."""
    token = channel.credentials.get().get(TOKEN, "")
    response = step(lambda: call(signed(token)), now=now)
    if response.status_code != 401:
        return response
    newer = _newer_token(channel, token, now)
    response = step(lambda: call(signed(newer)), now=now)
    if response.status_code == 401:
        raise Halt(Reconnect(payload.RENEW))
    return response


def signed(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reading(channel: Channel, url: str, params: Mapping[str, str] | None = None, *, now: datetime) -> httpx.Response:
    """The answer to a reading: 2xx, or that there is no such thing. Raises CannotTell."""
    try:
        # Not by `preparing`: what a reading fails for is told in its own words.
        response = authorised(
            channel, _plainly, lambda headers: channel.http.get(url, params=params, headers=headers), now=now
        )
    except httpx.HTTPError as error:
        raise CannotTell(said_error(error)) from None
    except Halt as halt:
        raise untold(halt.outcome) from None
    if response.status_code == 403:
        raise CannotTell(payload.FORBIDDEN)
    if response.is_success or payload.is_missing(response):
        return response
    raise CannotTell(said_status(response))


def _plainly(call: Callable[[], httpx.Response], *, now: datetime) -> httpx.Response:
    return call()


# Renewing


def _newer_token(channel: Channel, used: str, now: datetime) -> str:
    """Raises Halt where there is none to be had."""
    if not _can_renew(channel.credentials.get()):
        raise Halt(Reconnect(payload.RENEW))
    with channel.credentials.turn() as mine:
        kept = channel.credentials.get()
        if kept.get(TOKEN, used) != used:
            return kept[TOKEN]  # another process has renewed it meanwhile
        if not mine:
            raise Halt(Later(now + TURN, _BEING_RENEWED, limited=True))
        return _refresh(channel, kept, now)


def _can_renew(kept: Mapping[str, str]) -> bool:
    return all(kept.get(name) for name in (REFRESH, CLIENT_ID, CLIENT_SECRET))


def _refresh(channel: Channel, kept: Mapping[str, str], now: datetime) -> str:
    form = {"grant_type": "refresh_token", "refresh_token": kept[REFRESH]}
    response = preparing(lambda: ask_for_token(channel.base_url, kept, form, channel.http), now=now)
    if response.is_client_error:
        if text_of(fields_of(response), "error") in _NOT_OUR_APP:
            raise Halt(Later(now + AGAIN, _APP_UNKNOWN))  # wrong for all accounts at once: it ends none of them
        raise Halt(Reconnect(payload.RENEW))
    tokens = tokens_of(fields_of(response), now)
    if not tokens:
        raise Halt(Later(now + RETRY, _NOT_YET))
    # The old refresh token may have died with this answer: the new one is stored before anything can go wrong.
    own = {name: value for name, value in kept.items() if name not in _APP and name != EXPIRES}
    channel.credentials.replace({**own, **tokens})
    return tokens[TOKEN]


def ask_for_token(base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    """The call to the token endpoint, signed as the body's app."""
    by_app = httpx.BasicAuth(app[CLIENT_ID], app[CLIENT_SECRET])
    return http.post(f"{base_url.rstrip('/')}/oauth2/token", data=dict(form), auth=by_app)


def tokens_of(answer: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What to keep of a token answer; empty where it holds no access token."""
    access, refresh = token_of(answer, TOKEN), token_of(answer, REFRESH)
    if not access:
        return {}
    seconds = answer.get("expires_in")
    ends = {}
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < LONGEST.total_seconds():
        ends = {EXPIRES: (now + timedelta(seconds=seconds)).isoformat()}
    return {TOKEN: access, **({REFRESH: refresh} if refresh else {}), **ends}


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """As the token endpoint said. How long a refresh token lasts, Hootsuite does not say."""
    ends = _end_of(values)
    return Lifetime(renew_at=ends) if values.get(REFRESH) else Lifetime(ends_at=ends)


def _end_of(values: Mapping[str, str]) -> datetime | None:
    try:
        ends = datetime.fromisoformat(values.get(EXPIRES, ""))
    except ValueError:
        return None
    return ends if ends.tzinfo else None


class Keeper:
    """Renews the token before it lapses, and asks whether Hootsuite is itself still connected to the profile."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        ends = _end_of(kept)
        url = api(channel.base_url, "socialProfiles", channel.native_id)
        try:
            if ends and ends <= now + ahead and _can_renew(kept):
                _newer_token(channel, kept.get(TOKEN, ""), now)
            response = authorised(channel, preparing, lambda headers: channel.http.get(url, headers=headers), now=now)
        except Halt as halt:
            return halt.outcome
        if payload.is_missing(response):
            return Reconnect(payload.NO_PROFILE)
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel), now)
        profile = payload.data_of(response)
        if text_of(profile, "id") != channel.native_id:
            return Later(now + RETRY, _NOT_SAID)
        return Reconnect(_DISCONNECTED) if profile.get("isReauthRequired") in (1, True) else Kept()
