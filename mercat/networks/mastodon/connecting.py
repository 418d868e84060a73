"""How an account is connected: by a typed token, or by signing in on its server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.oauth import challenge, new_verifier
from mercat.networks.kit.steps import (
    MOST_NAME,
    fields_of,
    link_of,
    text_of,
    token_of,
)
from mercat.networks.mastodon import payload
from mercat.networks.mastodon.calls import TOKEN, api
from mercat.networks.mastodon.spec import SCOPES
from mercat.networks.port import ConnectError, Identity

_NO_MASTODON = "The server answered, but not like a Mastodon server. Check its address."


class Connector:
    """Takes an access token that a person made on the server, and asks whose it is."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        base_url = server_address(typed(fields, "base_url", "The server"))
        return _identity(base_url, typed(fields, TOKEN, "The access token"), http, now)


class OAuthConnector:
    """Registers Mercat on the server, sends the person there to agree, and trades the code they bring back."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        base_url = server_address(typed(fields, "base_url", "The server"))
        body = {"client_name": "Mercat", "redirect_uris": redirect_uri, "scopes": SCOPES}
        response = asking(lambda: http.post(api(base_url, "v1", "apps"), data=body))
        app = fields_of(response)
        client_id, client_secret = text_of(app, "client_id"), text_of(app, "client_secret")
        if not client_id or not client_secret:
            raise ConnectError("This server did not let Mercat register. Check that it is a Mastodon server.")
        verifier = new_verifier()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {
            "base_url": base_url,
            "client_id": client_id,
            "client_secret": client_secret,
            "code_verifier": verifier,
        }
        return f"{base_url}/oauth/authorize?{urlencode(query)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        base_url = kept["base_url"]
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": kept["client_id"],
            "client_secret": kept["client_secret"],
            "code_verifier": kept["code_verifier"],
            "scope": SCOPES,
        }
        response = asking(lambda: http.post(f"{base_url}/oauth/token", data=body), now=now)
        token = token_of(fields_of(response), "access_token")
        if response.is_client_error or not token:
            raise ConnectError("The server did not complete the sign-in. Start again from the account's page.")
        return _identity(base_url, token, http, now)


def _identity(base_url: str, token: str, http: httpx.Client, now: datetime) -> Identity:
    headers = {"Authorization": f"Bearer {token}"}
    url = api(base_url, "v1", "accounts", "verify_credentials")
    response = asking(lambda: http.get(url, headers=headers), now=now)
    if response.status_code in {401, 403}:
        raise ConnectError(
            "The server does not accept this access token. Make a new one with the permissions asked for."
        )
    account = fields_of(response)
    native_id, username = text_of(account, "id", MOST_NAME), text_of(account, "username", MOST_NAME)
    if not native_id or not username:
        raise ConnectError(_NO_MASTODON)
    instance = _instance(base_url, http, now)
    domain = text_of(instance, "domain") or text_of(instance, "uri") or urlsplit(base_url).netloc
    handle = f"{username}@{domain.removeprefix('https://').rstrip('/')}"
    if len(handle) > MOST_NAME:
        raise ConnectError(_NO_MASTODON)
    limits = payload.limits_of(instance)
    return Identity(native_id, handle, link_of(account, "url", base_url), base_url, {TOKEN: token}, limits)


def _instance(base_url: str, http: httpx.Client, now: datetime) -> Mapping[str, Any]:
    for version in ("v2", "v1"):
        url = api(base_url, version, "instance")
        response = asking(partial(http.get, url), now=now)
        if response.is_success and (instance := fields_of(response)):
            return instance
    return {}
