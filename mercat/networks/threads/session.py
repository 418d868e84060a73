"""Connecting a Threads account, and renewing its token: for 60 days each time, from the second day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.graph import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN,
    Fault,
    Kind,
    address,
    bearer,
    count_of,
    fault_of,
    regain_at,
)
from mercat.networks.kit.steps import (
    MOST_NAME,
    RETRY,
    Halt,
    fields_of,
    preparing,
    text_of,
    token_of,
)
from mercat.networks.port import Channel, ConnectError, Identity, Kept, Later, Lifetime, Outcome, Reconnect
from mercat.networks.threads.payload import WORDS, page_of
from mercat.networks.threads.spec import GRAPH, SCOPES, SITE, VERSION

MADE_AT, ENDS_AT = "made_at", "ends_at"  # seconds since 1970, beside the token
YOUNG = timedelta(hours=24)  # no token is renewed before it is so old
RESERVE = timedelta(days=30)  # of its 60 days, half is kept for troubles with renewing
TURN = timedelta(seconds=2)  # until another process has renewed it

_INCOMPLETE = "Threads did not complete the sign-in. Start again from the account's page."
_REFUSED = "Threads does not accept this access token. Make a new one with the permissions asked for."
_NO_THREADS = "The server answered, but not like Threads. Try again later."
_NOT_YET = "The access to Threads could not be renewed yet."


class Connector:
    """Takes a long-lived token, and asks whose it is. How old it is nobody tells: the first look renews it."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        return _identity(_base(fields), {TOKEN: typed(fields, TOKEN, "The access token")}, http, now)


class OAuthConnector:
    """Sends a person to Threads to agree, trades the code they bring back, and that token for a lasting one."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        base_url = _base(fields)
        kept = {
            "base_url": base_url,
            CLIENT_ID: typed(fields, CLIENT_ID, "The Threads app ID"),
            CLIENT_SECRET: typed(fields, CLIENT_SECRET, "The Threads app secret"),
        }
        query = {
            "client_id": kept[CLIENT_ID],
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": ",".join(SCOPES),
            "state": state,
        }
        site = SITE if base_url == GRAPH else base_url
        return f"{site}/oauth/authorize?{urlencode(query)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        base_url = kept["base_url"]
        form = {
            CLIENT_ID: kept[CLIENT_ID],
            CLIENT_SECRET: kept[CLIENT_SECRET],
            "grant_type": "authorization_code",
            "redirect_uri": redirect_uri,
            "code": code.removesuffix("#_"),  # as Meta appends it
        }
        short = _token(asking(lambda: http.post(f"{base_url}/oauth/access_token", data=form), now=now), now)
        # Meta describes this as GET with the secret in the address; by POST it stays out of logs: see kit/graph_login.
        form = {"grant_type": "th_exchange_token", CLIENT_SECRET: kept[CLIENT_SECRET], "method": "GET"}
        headers = bearer(short[TOKEN])
        lasting = asking(lambda: http.post(f"{base_url}/access_token", data=form, headers=headers), now=now)
        return _identity(base_url, _token(lasting, now), http, now)


def _base(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or GRAPH)


def _token(response: httpx.Response, now: datetime) -> dict[str, str]:
    """What to keep of an answer that gives a token; ConnectError where it gives none."""
    kept = {} if response.is_client_error else kept_of(fields_of(response), now)
    if not kept:
        raise ConnectError(_INCOMPLETE)
    return kept


def kept_of(answer: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """A token with when it was made and ends; nothing where the answer holds none."""
    token, seconds = token_of(answer, "access_token"), count_of(answer, "expires_in")
    if not token:
        return {}
    made = int(now.timestamp())
    ends = {ENDS_AT: str(made + seconds)} if seconds and seconds < 2**31 else {}
    return {TOKEN: token, MADE_AT: str(made), **ends}


def _identity(base_url: str, kept: Mapping[str, str], http: httpx.Client, now: datetime) -> Identity:
    url, headers = address(base_url, "me", version=VERSION), bearer(kept[TOKEN])
    response = asking(lambda: http.get(url, params={"fields": "id,username"}, headers=headers), now=now)
    if response.is_client_error:
        raise ConnectError(_REFUSED)
    native_id = text_of(fields_of(response), "id", MOST_NAME)
    handle = text_of(fields_of(response), "username", MOST_NAME)
    if not native_id or not handle:
        raise ConnectError(_NO_THREADS)
    return Identity(native_id, handle, page_of(handle, base_url), base_url, kept, {})


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """It is renewed when half of its time is over."""
    ends = _moment(values, ENDS_AT)
    return Lifetime(ends - RESERVE, ends) if ends else Lifetime()


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    told = values.get(name, "")
    return datetime.fromtimestamp(int(told), UTC) if told.isascii() and told.isdigit() and len(told) < 11 else None


class Keeper:
    """Renews the token in good time; else asks whose it is."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        try:
            if _is_due(channel.credentials.get(), ahead, now) and (outcome := _renew(channel, ahead, now)):
                return outcome
            return _works(channel, now)
        except Halt as halt:
            return halt.outcome


def _is_due(kept: Mapping[str, str], ahead: timedelta, now: datetime) -> bool:
    """A token that was pasted tells neither its age nor its end: renewing it tells both."""
    made, ends = _moment(kept, MADE_AT), _moment(kept, ENDS_AT)
    if made and now - made < YOUNG:
        return False
    return ends is None or ends - RESERVE <= now + ahead


def _renew(channel: Channel, ahead: timedelta, now: datetime) -> Kept | Outcome | None:
    """None where Threads does not renew it now, though it may still work."""
    with channel.credentials.turn() as mine:
        if not mine:
            return Later(now + TURN, "The access to Threads is just being renewed.", limited=True)
        kept = channel.credentials.get()
        if not _is_due(kept, ahead, now):
            return None  # another process has renewed it meanwhile
        url, params = f"{channel.base_url.rstrip('/')}/refresh_access_token", {"grant_type": "th_refresh_token"}
        headers = bearer(kept.get(TOKEN, ""))
        response = preparing(lambda: channel.http.get(url, params=params, headers=headers), now=now)
        if fault := fault_of(response):
            return _not_renewed(fault, response, now)
        renewed = kept_of(fields_of(response), now)
        if not renewed:
            return Later(now + RETRY, _NOT_YET)
        channel.credentials.replace(renewed)
        return Kept()


def _not_renewed(fault: Fault, response: httpx.Response, now: datetime) -> Outcome | None:
    if fault.kind is Kind.RENEW:
        return Reconnect(WORDS.renew)
    if fault.kind is Kind.LIMITED:
        return Later(regain_at(response.headers, now), _NOT_YET, limited=True)
    return None


def _works(channel: Channel, now: datetime) -> Kept | Outcome:
    url, headers = address(channel.base_url, "me", version=VERSION), bearer(channel.credentials.get().get(TOKEN, ""))
    response = preparing(lambda: channel.http.get(url, params={"fields": "id"}, headers=headers), now=now)
    fault = fault_of(response)
    if fault and fault.kind is Kind.RENEW:
        return Reconnect(WORDS.renew)
    if text_of(fields_of(response), "id") == channel.native_id:
        return Kept()
    return Later(now + RETRY, "Threads did not say whose token this is.")
