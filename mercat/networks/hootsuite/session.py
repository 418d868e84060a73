"""Calls with a member's token, and its renewal: a refresh token is replaced at every use, where Hootsuite gives one.

The token endpoint knows the body's app by HTTP Basic alone: "Including your client credentials in the request-body is
not supported" (OAuth2 Token).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx

from mercat.networks.hootsuite import payload
from mercat.networks.kit.reading import CannotTell, untold
from mercat.networks.kit.renewal import ACCESS, CLIENT_ID, CLIENT_SECRET, REFRESH, Renewal, end_of
from mercat.networks.kit.steps import (
    RETRY,
    Halt,
    preparing,
    said_error,
    said_status,
    text_of,
)
from mercat.networks.port import Channel, Kept, Later, Outcome, Reconnect

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
    return tuple(kept.get(name, "") for name in (ACCESS, REFRESH, CLIENT_SECRET))


def authorised(channel: Channel, step: Step, call: Call, *, now: datetime) -> httpx.Response:
    """`call` with the token, and once more with a new one if Hootsuite refuses it: 2xx or 4xx, or it halts."""
    token = channel.credentials.get().get(ACCESS, "")
    response = step(lambda: call(signed(token)), now=now)
    if response.status_code != 401:
        return response
    newer = RENEWAL.newer(channel, token, now)
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


def ask_for_token(base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    """The call to the token endpoint, signed as the body's app."""
    by_app = httpx.BasicAuth(app[CLIENT_ID], app[CLIENT_SECRET])
    return http.post(f"{base_url.rstrip('/')}/oauth2/token", data=dict(form), auth=by_app)


RENEWAL = Renewal(
    name="Hootsuite",
    ask=ask_for_token,
    over=frozenset({"invalid_grant", "invalid_request"}),
    ended=payload.RENEW,
    app_missing=payload.RENEW,
    app_unknown="Hootsuite does not know the body's own app by its client ID and secret. ICT must correct them.",
)


class Keeper:
    """Renews the token before it lapses, and asks whether Hootsuite is itself still connected to the profile."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        ends = end_of(kept)
        url = api(channel.base_url, "socialProfiles", channel.native_id)
        try:
            if ends and ends <= now + ahead and RENEWAL.may(kept):
                RENEWAL.newer(channel, kept.get(ACCESS, ""), now)
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
