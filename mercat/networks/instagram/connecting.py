"""Connecting an Instagram account: by signing in with Facebook as somebody who manages its page, or by a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.instagram.payload import WORDS, page_of
from mercat.networks.instagram.spec import NEEDED, SCOPES
from mercat.networks.kit import graph_login
from mercat.networks.kit.connecting import typed
from mercat.networks.kit.graph import TOKEN, object_of
from mercat.networks.kit.graph_login import Keeper, SignIn, app_of, base_of, chosen, known_app
from mercat.networks.kit.steps import (
    MOST_NAME,
    text_of,
    token_of,
    words_of,
)
from mercat.networks.port import ConnectError, Identity

KEEPER = Keeper(WORDS.renew, WORDS.forbidden, NEEDED)

_PAGE = "id,name,instagram_business_account{id,username,name}"
_NO_TOKEN = "Facebook gave no token for the account's page. Sign in as somebody who may create content on it."  # noqa: S105


class Connector:
    """Takes the token of the page that the account is linked to, or of somebody who manages it."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        sign_in = SignIn(base_of(fields), known_app(fields), http, now)
        token = typed(fields, TOKEN, "The access token")
        wanted = fields.get("account", "").strip()
        sign_in.ends_at(token, ())  # a wrong registration is told as that, before it makes other calls fail
        managed = sign_in.pages(token, f"{_PAGE},access_token")
        if managed is None:
            return _identity(sign_in, [{**sign_in.me(token, _PAGE), "access_token": token}], wanted)
        if not sign_in.app:
            return _identity(sign_in, managed, wanted)
        return _identity(sign_in, sign_in.pages(sign_in.lasting(token), f"{_PAGE},access_token") or [], wanted)


class OAuthConnector:
    """Sends a person to Facebook to agree, trades the code they bring back, and takes the token of the page."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        return graph_login.begin(fields, redirect_uri, state, SCOPES, "account")

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        sign_in = SignIn(kept["base_url"], app_of(kept), http, now)
        token = sign_in.trade(code, redirect_uri)
        return _identity(sign_in, sign_in.pages(token, f"{_PAGE},access_token") or [], kept["account"])


def _identity(sign_in: SignIn, pages: list[Mapping[str, Any]], wanted: str) -> Identity:
    linked = [page for page in pages if text_of(_account(page), "id", MOST_NAME)]
    page = chosen(linked, wanted, _names, "professional Instagram accounts that are linked to a page")
    token, handle = token_of(page, "access_token"), text_of(_account(page), "username", MOST_NAME)
    if not token:
        raise ConnectError(_NO_TOKEN)
    if not handle:
        raise ConnectError("Instagram answered, but did not say which account this is. Try again later.")
    kept = {TOKEN: token, **sign_in.ends_at(token, NEEDED)}
    native_id, url = text_of(_account(page), "id", MOST_NAME), page_of(handle, sign_in.base_url)
    return Identity(native_id, handle, url, sign_in.base_url, kept, {})


def _account(page: Mapping[str, Any]) -> Mapping[str, Any]:
    return object_of(page, "instagram_business_account")


def _names(page: Mapping[str, Any]) -> list[str]:
    """What an account can be called, the best for people first."""
    account = _account(page)
    names = [text_of(account, "username"), words_of(account, "name")[:MOST_NAME], text_of(account, "id")]
    return [name for name in [*names, words_of(page, "name")[:MOST_NAME]] if name] or [""]
