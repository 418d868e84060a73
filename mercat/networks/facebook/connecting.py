"""Connecting a Facebook page: by signing in with Facebook, or by a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.facebook.payload import WORDS
from mercat.networks.facebook.spec import NEEDED, SCOPES
from mercat.networks.kit import graph_login
from mercat.networks.kit.connecting import typed
from mercat.networks.kit.graph import TOKEN
from mercat.networks.kit.graph_login import SITE, Keeper, SignIn, app_of, base_of, chosen, known_app
from mercat.networks.kit.steps import (
    MOST_NAME,
    link_of,
    text_of,
    token_of,
    words_of,
)
from mercat.networks.port import ConnectError, Identity

KEEPER = Keeper(WORDS.renew, WORDS.forbidden, NEEDED)

_PAGE = "id,name,username,link"
_NO_PAGE = "Facebook answered, but did not say which page this is. Try again later."


class Connector:
    """Takes a page's own token, or that of somebody who manages it, and asks which page it is."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        sign_in = SignIn(base_of(fields), known_app(fields), http, now)
        token = typed(fields, TOKEN, "The access token")
        wanted = fields.get("page", "").strip()
        sign_in.ends_at(token, ())  # a wrong registration is told as that, before it makes other calls fail
        managed = sign_in.pages(token, f"{_PAGE},access_token")
        if managed is None:
            return _own(sign_in, token, wanted)
        if not sign_in.app:
            return _managed(sign_in, managed, wanted)
        return _managed(sign_in, sign_in.pages(sign_in.lasting(token), f"{_PAGE},access_token") or [], wanted)


class OAuthConnector:
    """Sends a person to Facebook to agree, trades the code they bring back, and takes the page's token."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        return graph_login.begin(fields, redirect_uri, state, SCOPES, "page")

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        sign_in = SignIn(kept["base_url"], app_of(kept), http, now)
        token = sign_in.trade(code, redirect_uri)
        return _managed(sign_in, sign_in.pages(token, f"{_PAGE},access_token") or [], kept["page"])


def _managed(sign_in: SignIn, pages: list[Mapping[str, Any]], wanted: str) -> Identity:
    page = chosen(pages, wanted, _names, "pages")
    token = token_of(page, "access_token")
    if not token:
        raise ConnectError("Facebook gave no token for this page. Sign in as somebody who may create content on it.")
    return _identity(sign_in, page, token)


def _own(sign_in: SignIn, token: str, wanted: str) -> Identity:
    page = sign_in.me(token, _PAGE)
    return _identity(sign_in, chosen([page], wanted, _names, "pages"), token)


def _names(page: Mapping[str, Any]) -> list[str]:
    """What a page can be called, the best for people first."""
    link = text_of(page, "link").rstrip("/").rpartition("/")[2]
    names = [words_of(page, "name")[:MOST_NAME], text_of(page, "username"), text_of(page, "id"), link]
    return [name for name in names if name] or [""]


def _identity(sign_in: SignIn, page: Mapping[str, Any], token: str) -> Identity:
    native_id = text_of(page, "id", MOST_NAME)
    if not native_id:
        raise ConnectError(_NO_PAGE)
    handle = text_of(page, "username", MOST_NAME) or native_id
    url = link_of(page, "link", sign_in.base_url) or f"{SITE}/{handle}"
    kept = {TOKEN: token, **sign_in.ends_at(token, NEEDED)}
    return Identity(native_id, handle, url, sign_in.base_url, kept, {})
