"""Calls with the connection's token, and its renewal.

An access token lasts an hour. Google's refresh token stays the same when it is used; an answer that brings none leaves
the old one where it is. It ends when it was not used for half a year, when the person withdraws, and after seven days
where the consent screen is still “in testing” (developers.google.com/identity/protocols/oauth2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell, untold
from mercat.networks.kit.renewal import ACCESS, CLIENT_ID, CLIENT_SECRET, REFRESH, Renewal, end_of
from mercat.networks.kit.steps import (
    MOST_NAME,
    RETRY,
    Halt,
    preparing,
    said_status,
    text_of,
)
from mercat.networks.port import Channel, Kept, Later, Outcome, Reconnect
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import items_of
from mercat.networks.youtube.spec import token_endpoint

_NOT_SAID = "YouTube did not say whose connection this is."
Call = Callable[[dict[str, str]], httpx.Response]  # takes the headers that sign it
Step = Callable[..., httpx.Response]  # kit.steps.preparing or publishing


def api(base_url: str, path: str) -> str:
    return f"{base_url.rstrip('/')}/youtube/v3/{path}"


def upload_api(base_url: str, path: str) -> str:
    """The address of the same method where it takes a file."""
    return f"{base_url.rstrip('/')}/upload/youtube/v3/{path}"


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return tuple(kept.get(name, "") for name in (ACCESS, REFRESH, CLIENT_SECRET))


def authorised(channel: Channel, step: Step, call: Call, *, now: datetime) -> httpx.Response:
    """`call` with the access token, and once more with a new one if YouTube refuses it: 2xx or 4xx, or it halts.

    A limit halts too, whatever its status: YouTube answers most with 403 and a reason.
    """
    token = channel.credentials.get().get(ACCESS, "") or RENEWAL.newer(channel, "", now)
    response = _asked(step, call, token, now)
    if response.status_code != 401:
        return response
    if "youtubeSignupRequired" in payload.reasons_of(response):
        raise Halt(payload.refusal(response, ()))
    response = _asked(step, call, RENEWAL.newer(channel, token, now), now)
    if response.status_code == 401:
        raise Halt(payload.refusal(response, ()))
    return response


def _asked(step: Step, call: Call, token: str, now: datetime) -> httpx.Response:
    response = step(lambda: call({"Authorization": f"Bearer {token}"}), now=now)
    if later := payload.passing(response, now):
        raise Halt(later)
    return response


def read(channel: Channel, path: str, asked: Mapping[str, str], *, now: datetime) -> httpx.Response:
    """The answer to a reading call: a success, or a refusal. Raises CannotTell."""
    url = api(channel.base_url, path)

    def get(signed: dict[str, str]) -> httpx.Response:
        return channel.http.get(url, params=dict(asked), headers=signed)

    try:
        return authorised(channel, preparing, get, now=now)
    except Halt as halt:
        raise untold(halt.outcome) from None


def listed(channel: Channel, path: str, asked: Mapping[str, str], *, now: datetime) -> list[Mapping[str, Any]]:
    """One page of a list. Raises CannotTell."""
    return items_in(read(channel, path, asked, now=now))


def items_in(response: httpx.Response) -> list[Mapping[str, Any]]:
    """Raises CannotTell."""
    if response.is_client_error:
        outcome = payload.refusal(response, ())
        raise untold(outcome) if isinstance(outcome, Reconnect) else CannotTell(said_refusal(response))
    items = items_of(response)
    if items is None:
        raise CannotTell("YouTube's answer is not a list.")
    return items


def said_refusal(response: httpx.Response) -> str:
    """A refused reading in words."""
    known = next((payload.REASONS[one] for one in payload.reasons_of(response) if one in payload.REASONS), None)
    return getattr(known, "reason", "") or said_status(response)


def instead_of_reading(trouble: CannotTell, now: datetime) -> Outcome:
    """The outcome of a step that needed a reading, and could not have it."""
    told = trouble.sighting
    return Reconnect(told.reason) if told.reconnect else Later(now + RETRY, told.reason)


def ask_for_token(base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    """The call to the token endpoint, which knows the project by fields of the form."""
    signed = {CLIENT_ID: app[CLIENT_ID], CLIENT_SECRET: app[CLIENT_SECRET]}
    return http.post(token_endpoint(base_url), data={**form, **signed})


RENEWAL = Renewal(
    name="YouTube",
    ask=ask_for_token,
    over=frozenset({"invalid_grant"}),
    ended=payload.RENEW,
    app_missing=(
        "The connection to this YouTube channel has ended, and without the client ID and secret of this body's project "
        "it cannot be renewed. Enter them in the settings for YouTube, then connect the channel again."
    ),
    app_unknown=(
        "Google does not know this body's project by its client ID and secret. Correct them in the settings for "
        "YouTube."
    ),
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
            url, asked = api(channel.base_url, "channels"), {"part": "id", "mine": "true"}

            def get(signed: dict[str, str]) -> httpx.Response:
                return channel.http.get(url, params=asked, headers=signed)

            response = authorised(channel, preparing, get, now=now)
        except Halt as halt:
            return halt.outcome
        ids = {text_of(one, "id", MOST_NAME) for one in items_of(response) or ()}
        return Kept() if channel.native_id in ids else Later(now + RETRY, _NOT_SAID)
