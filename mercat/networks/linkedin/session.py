"""Calls with the connection's token: their headers, their limits, and the token's renewal where LinkedIn gives one.

Only approved apps get refresh tokens, and a refresh token ends a year after the person agreed, however often it is
used: then, or after 60 days without one, a person signs in again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.kit.reading import CannotTell, untold
from mercat.networks.kit.renewal import EXPIRES, REFRESH, Renewal, span_of
from mercat.networks.kit.steps import (
    RETRY,
    Halt,
    fields_of,
    preparing,
    publishing,
    said_error,
    said_status,
    text_of,
    token_of,
)
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.payload import OUTDATED, RENEW
from mercat.networks.linkedin.spec import CLIENT_ID, CLIENT_SECRET, ROLES, TOKEN, VERSION
from mercat.networks.port import Channel, Kept, Later, Lifetime, Outcome, Reconnect

REFRESH_ENDS = "refresh_ends_at"
YEAR = timedelta(days=365)  # that a refresh token lasts, by LinkedIn's documentation
PAGE = 100  # entries a page
PAGES = 10  # looked through before we say that we cannot tell

_NO_ROLE = "LinkedIn no longer names a role on the page for the person who connected it. Connect the page again."
_NOT_SAID = "LinkedIn did not say who may post for the page."

Call = Callable[[str], httpx.Response]
Get = Callable[[str], httpx.Response]


class Written(str):
    """A value in Rest.li's own brackets, written by us alone: it is not encoded."""


def rest(base_url: str, *parts: str, **query: str | tuple[str, ...]) -> str:
    """An address of the interface, encoded as Rest.li 2.0 wants it: a tuple is a List, whose brackets stay as is."""
    path = "/".join(("rest", *(quote(part, safe="") for part in parts)))
    asked = "&".join(f"{name}={_value(value)}" for name, value in query.items())
    return f"{base_url.rstrip('/')}/{path}{'?' if asked else ''}{asked}"


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"List({','.join(quote(each, safe='') for each in value)})"
    return value if isinstance(value, Written) else quote(value, safe="")


def headers(token: str, method: str = "") -> dict[str, str]:
    """`method` is Rest.li's own word for what is asked, where HTTP's does not say it."""
    made = {
        "Authorization": f"Bearer {token}",
        "Linkedin-Version": VERSION,
        "X-Restli-Protocol-Version": "2.0.0",
    }
    return {**made, "X-RestLi-Method": method} if method else made


def secrets_of(channel: Channel) -> tuple[str, ...]:
    """What must never be quoted."""
    kept = channel.credentials.get()
    return tuple(kept.get(name, "") for name in (TOKEN, REFRESH, CLIENT_SECRET))


def until_midnight(now: datetime) -> timedelta:
    """LinkedIn counts calls by the day and names no time: the count begins again at 00:00 UTC."""
    today = now.astimezone(UTC)
    midnight = datetime.combine(today.date() + timedelta(days=1), time(), UTC)
    return midnight - today


def before_public(channel: Channel, call: Call, *, now: datetime) -> httpx.Response:
    """A call before anything is public, with a token that works: 2xx or 4xx, or it halts."""
    return _authorised(channel, lambda token: preparing(lambda: call(token), now=now, limit=until_midnight(now)), now)


def making_public(channel: Channel, call: Call, *, now: datetime) -> httpx.Response:
    """A call that changes what stands in public: 2xx or 4xx, or it halts."""
    return _authorised(channel, lambda token: publishing(lambda: call(token), now=now, limit=until_midnight(now)), now)


def _authorised(channel: Channel, call: Call, now: datetime) -> httpx.Response:
    token = channel.credentials.get().get(TOKEN, "")
    response = call(token)
    if response.status_code != 401:
        return response
    response = call(RENEWAL.newer(channel, token, now))
    if response.status_code == 401:
        raise Halt(Reconnect(RENEW))
    return response


def reading(channel: Channel, url: str, *, now: datetime, method: str = "") -> httpx.Response:
    """The answer to a reading, of 2xx or 404. Raises CannotTell."""
    try:
        response = _authorised(channel, lambda token: channel.http.get(url, headers=headers(token, method)), now)
    except httpx.HTTPError as error:
        raise CannotTell(said_error(error)) from None
    except Halt as halt:
        raise untold(halt.outcome) from None
    if payload.is_outdated(response):
        raise CannotTell(OUTDATED)
    if response.status_code == 403:
        raise CannotTell(payload.FORBIDDEN)
    if response.status_code == 429:
        at = reset_at(response.headers, now, until_midnight(now))
        raise CannotTell(f"LinkedIn answers no more such questions until {at:%H:%M} UTC on {at:%-d %B}.")
    if response.is_success or response.status_code == 404:
        return response
    raise CannotTell(said_status(response))


# Renewing


def tokens_of(answer: Mapping[str, Any], now: datetime, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """What to keep of a token answer; empty where it is none. A refresh token's end is never moved back by using it."""
    token, refresh = token_of(answer, "access_token"), token_of(answer, REFRESH)
    if not token:
        return {}
    lasts = span_of(answer.get("expires_in"))
    values = {TOKEN: token, **({EXPIRES: (now + lasts).isoformat()} if lasts else {})}
    if not refresh:
        return values
    # The documentation's own example tells a year in minutes; a refresh token shorter than its token is told so.
    told = span_of(answer.get("refresh_token_expires_in"))
    ends = now + (told if told and told >= (lasts or timedelta()) else YEAR)
    known = _moment((before or {}).get(REFRESH_ENDS, ""))
    return {**values, REFRESH: refresh, REFRESH_ENDS: (min(ends, known) if known else ends).isoformat()}


def _ask_for_token(
    base_url: str, app: Mapping[str, str], form: Mapping[str, str], http: httpx.Client
) -> httpx.Response:
    """The call to the token endpoint, which knows the app by fields of the form."""
    signed = {CLIENT_ID: app[CLIENT_ID], CLIENT_SECRET: app[CLIENT_SECRET]}
    return http.post(f"{payload.site_of(base_url)}/oauth/v2/accessToken", data={**form, **signed})


RENEWAL = Renewal(
    name="LinkedIn",
    ask=_ask_for_token,
    over=frozenset({"invalid_grant", "invalid_request"}),  # LinkedIn's documentation shows the second
    ended=RENEW,
    app_missing=RENEW,
    app_unknown="LinkedIn does not know the body's own app by its client ID and secret. ICT must correct them.",
    access=TOKEN,
    keep=tokens_of,
    limit=until_midnight,
)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """Without a refresh token there is nothing to renew: the token's end is the connection's."""
    ends = _moment(values.get(EXPIRES, ""))
    if not values.get(REFRESH):
        return Lifetime(None, ends)
    return Lifetime(ends, _moment(values.get(REFRESH_ENDS, "")))


class Keeper:
    """Renews the token before it lapses, where it can be; else asks LinkedIn whether its person still has a role."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        ends = _moment(kept.get(EXPIRES, ""))

        def get(url: str) -> httpx.Response:
            return before_public(channel, lambda token: channel.http.get(url, headers=headers(token)), now=now)

        try:
            if ends and ends <= now + ahead and RENEWAL.may(kept):
                RENEWAL.newer(channel, kept.get(TOKEN, ""), now)
                return Kept()
            roles = administered(get, channel.base_url)
        except Halt as halt:
            return halt.outcome
        if roles is None:
            return Later(now + RETRY, _NOT_SAID)
        return Kept() if channel.native_id in roles else Reconnect(_NO_ROLE)


def administered(get: Get, base_url: str) -> frozenset[str] | None:
    """The organisations that the token's person may post for; None where LinkedIn does not say."""
    found: set[str] = set()
    for page in range(PAGES):
        asked = {"q": "roleAssignee", "state": "APPROVED", "start": str(page * PAGE), "count": str(PAGE)}
        response = get(rest(base_url, "organizationAcls", **asked))
        elements = fields_of(response).get("elements") if response.is_success else None
        if not isinstance(elements, list):
            return None
        found |= {name for element in elements if (name := _posts_for(element))}
        if len(elements) < PAGE:
            return frozenset(found)
    return None


def _posts_for(element: Any) -> str:
    if not isinstance(element, dict) or text_of(element, "role") not in ROLES:
        return ""
    if text_of(element, "state") != "APPROVED":
        return ""
    urn = text_of(element, "organization") or text_of(element, "organizationTarget")
    return payload.organisation_of(urn)
