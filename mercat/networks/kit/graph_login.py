"""Signing in by Facebook: a person's token, made lasting, and the pages that the person manages.

Meta describes the exchange and the inspection of a token as GET with the secrets in the address. They travel in a form
here, by its own way of asking so (POST with method=GET, as its JavaScript library does for long queries): addresses are
written to logs, bodies are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.graph import (
    CLIENT_ID,
    CLIENT_SECRET,
    GRAPH,
    PAGES,
    TOKEN,
    VERSION,
    Kind,
    address,
    bearer,
    count_of,
    fault_of,
    list_of,
    next_of,
    object_of,
    proof,
)
from mercat.networks.kit.steps import (
    RETRY,
    Halt,
    fields_of,
    preparing,
    text_of,
    token_of,
)
from mercat.networks.port import Channel, ConnectError, ConnectField, Kept, Later, Lifetime, Outcome, Reconnect

_SHOWN = 10  # names in one sentence
SITE = "https://www.facebook.com"  # where people are asked; a base address of one's own serves both
ENDS_AT = "ends_at"  # seconds since 1970, beside the token

APP_FIELDS = (
    ConnectField(
        CLIENT_ID, "App ID", "Of your organisation’s own app at developers.facebook.com, under App settings, Basic."
    ),
    ConnectField(CLIENT_SECRET, "App secret", "Shown beside the app ID to those who administer the app.", secret=True),
)

_INCOMPLETE = "Facebook did not complete the sign-in. Start again from the account's page."
_NO_META = "The server answered, but not like Meta's. Try again later."
_NO_APP = "Meta does not accept the app ID with this app secret. Have both checked in Mercat's settings."
_REFUSED = "Meta does not accept this token. Make a new one with the permissions asked for."


@dataclass(frozen=True, slots=True)
class App:
    """The body's own registration with Meta."""

    client_id: str
    client_secret: str = field(repr=False)

    @property
    def token(self) -> str:
        """What the app speaks for itself with."""
        return f"{self.client_id}|{self.client_secret}"


def app_of(fields: Mapping[str, str]) -> App:
    """Raises ConnectError where it is not known."""
    return App(typed(fields, CLIENT_ID, "The app ID"), typed(fields, CLIENT_SECRET, "The app secret"))


def known_app(fields: Mapping[str, str]) -> App | None:
    """None where this installation has none that could be right: a token can still be pasted."""
    try:
        return app_of(fields)
    except ConnectError:
        return None


def base_of(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or GRAPH)


def begin(
    fields: Mapping[str, str], redirect_uri: str, state: str, scopes: tuple[str, ...], which: str
) -> tuple[str, Mapping[str, str]]:
    """Where to send the person, and what to keep meanwhile. `which`: the field that names what is to be connected."""
    app, base_url = app_of(fields), base_of(fields)
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
    }
    kept = {
        "base_url": base_url,
        CLIENT_ID: app.client_id,
        CLIENT_SECRET: app.client_secret,
        which: fields.get(which, "").strip(),
    }
    site = SITE if base_url == GRAPH else base_url
    return f"{site}/{VERSION}/dialog/oauth?{urlencode(query)}", kept


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person's token on its way to a page's. `app` None: nothing can be exchanged or inspected."""

    base_url: str
    app: App | None
    http: httpx.Client
    now: datetime

    def trade(self, code: str, redirect_uri: str) -> str:
        """A person's lasting token for the code they brought back."""
        token = self._token({"redirect_uri": redirect_uri, "code": code})
        if not token:
            raise ConnectError(_INCOMPLETE)
        return self.lasting(token)

    def lasting(self, token: str) -> str:
        """The token for about 60 days, where Meta gives one for it (a system user's lasts anyway)."""
        if not self.app:
            return token
        return self._token({"grant_type": "fb_exchange_token", "fb_exchange_token": token}) or token

    def _token(self, fields: Mapping[str, str]) -> str:
        assert self.app
        url = address(self.base_url, "oauth", "access_token")
        form = {CLIENT_ID: self.app.client_id, CLIENT_SECRET: self.app.client_secret, **fields, "method": "GET"}
        response = asking(lambda: self.http.post(url, data=form), now=self.now)
        return "" if response.is_client_error else token_of(fields_of(response), "access_token")

    def pages(self, token: str, fields: str) -> list[Mapping[str, Any]] | None:
        """The pages that a person's token manages; None where the token is a page's own. Raises ConnectError."""
        found: list[Mapping[str, Any]] = []
        after = ""
        for _ in range(PAGES):
            params = {"fields": fields, "limit": "100", **({"after": after} if after else {})}
            response = self._get(token, "me", "accounts", **params)
            fault = fault_of(response)
            if fault and fault.code == 100:
                return None
            answer = self._accepted(response)
            if not isinstance(answer.get("data"), list):
                raise ConnectError(_NO_META)
            found += list_of(answer, "data")
            after = next_of(answer)
            if not after:
                break
        return found

    def me(self, token: str, fields: str) -> Mapping[str, Any]:
        return self._accepted(self._get(token, "me", fields=fields))

    def _get(self, token: str, *parts: str, **params: str) -> httpx.Response:
        signed = proof(token, self.app.client_secret) if self.app else {}
        url = address(self.base_url, *parts)
        return asking(lambda: self.http.get(url, params={**params, **signed}, headers=bearer(token)), now=self.now)

    def _accepted(self, response: httpx.Response) -> Mapping[str, Any]:
        if response.is_client_error:
            raise ConnectError(_REFUSED)
        return fields_of(response)

    def ends_at(self, token: str, needed: tuple[str, ...]) -> dict[str, str]:
        """When the token ends, to keep beside it. Raises ConnectError where it may not do what is `needed`."""
        if not self.app:
            return {}
        app = self.app
        response = asking(lambda: ask_about(self.base_url, token, app, self.http), now=self.now)
        if response.is_client_error:
            raise ConnectError(_NO_APP)
        told = inspection(fields_of(response))
        if told is None or not told.valid:
            raise ConnectError(_REFUSED)
        if lacking := [scope for scope in needed if scope not in told.scopes]:
            raise ConnectError(f"The token lacks permissions. Sign in again and allow {', '.join(lacking)}.")
        return told.kept


def chosen(
    found: list[Mapping[str, Any]], wanted: str, names_of: Callable[[Mapping[str, Any]], list[str]], what: str
) -> Mapping[str, Any]:
    """The one that a person means by what they typed; the only one where they typed nothing. Raises ConnectError.

    `names_of` gives what one can be called, the best first; `what` is the kind of thing, in plural.
    """
    if not found:
        raise ConnectError(f"This sign-in manages no {what}. Sign in as a person who does, and allow it.")
    fitting = [one for one in found if not wanted or _folded(wanted) in map(_folded, names_of(one))]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(names_of(one)[0] for one in found[:_SHOWN])
    if fitting:
        raise ConnectError(f"This sign-in manages several {what}: {names}. Say which one is meant, then start again.")
    raise ConnectError(f"This sign-in does not manage “{wanted[:100]}”. It manages {names}.")


def _folded(name: str) -> str:
    """A name as typed: with an @, or as the address of its page."""
    return name.strip().rstrip("/").rpartition("/")[2].removeprefix("@").casefold()


# What a token is


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Meta says of a token. `ends`: seconds since 1970, 0 where it has no end."""

    valid: bool
    app_id: str
    scopes: frozenset[str]
    ends: int

    @property
    def kept(self) -> dict[str, str]:
        return {ENDS_AT: str(self.ends)} if self.ends else {}


def ask_about(base_url: str, token: str, app: App, http: httpx.Client) -> httpx.Response:
    form = {"input_token": token, "method": "GET"}
    return http.post(address(base_url, "debug_token"), data=form, headers=bearer(app.token))


def inspection(answer: Mapping[str, Any]) -> Inspection | None:
    """None where the answer is not one."""
    data = object_of(answer, "data")
    if not isinstance(data.get("is_valid"), bool):
        return None
    told = data.get("scopes")
    scopes = frozenset(scope for scope in told if isinstance(scope, str)) if isinstance(told, list) else frozenset()
    # A page's token has no end of its own; the person's leave to read data ends 90 days after they last agreed.
    ends = [at for name in ("expires_at", "data_access_expires_at") if 0 < (at := count_of(data, name) or 0) < 2**33]
    return Inspection(data["is_valid"], text_of(data, "app_id"), scopes, min(ends, default=0))


def lifetime(values: Mapping[str, str]) -> Lifetime:
    """A page's token is not renewed: a person signs in again before it ends."""
    told = values.get(ENDS_AT, "")
    ends = int(told) if told.isascii() and told.isdigit() and len(told) < 11 else 0
    return Lifetime(None, datetime.fromtimestamp(ends, UTC)) if ends else Lifetime()


@dataclass(frozen=True, slots=True)
class Keeper:
    """Has Meta inspect the token, and notes when it ends. Without a registration: asks whether the token works."""

    renew: str
    forbidden: str
    needed: tuple[str, ...]

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        kept = channel.credentials.get()
        app = known_app(kept)
        try:
            return self._inspected(channel, kept, app, now) if app else self._works(channel, kept, now)
        except Halt as halt:
            return halt.outcome

    def _inspected(self, channel: Channel, kept: Mapping[str, str], app: App, now: datetime) -> Kept | Outcome:
        token = kept.get(TOKEN, "")
        response = preparing(lambda: ask_about(channel.base_url, token, app, channel.http), now=now)
        told = inspection(fields_of(response)) if response.is_success else None
        if told is None:
            return Later(now + RETRY, "Meta did not say what the token is. The app ID or app secret may be wrong.")
        if not told.valid or told.app_id not in {"", app.client_id}:
            return Reconnect(self.renew)
        if not told.scopes.issuperset(self.needed):
            return Reconnect(self.forbidden)
        if kept.get(ENDS_AT, "") != told.kept.get(ENDS_AT, ""):
            channel.credentials.replace({TOKEN: token, **told.kept})
        return Kept()

    def _works(self, channel: Channel, kept: Mapping[str, str], now: datetime) -> Kept | Outcome:
        url, headers = address(channel.base_url, "me"), bearer(kept.get(TOKEN, ""))
        response = preparing(lambda: channel.http.get(url, params={"fields": "id"}, headers=headers), now=now)
        fault = fault_of(response)
        if fault and fault.kind is Kind.RENEW:
            return Reconnect(self.renew)
        if text_of(fields_of(response), "id"):
            return Kept()
        return Later(now + RETRY, "Meta did not say whose token this is.")
