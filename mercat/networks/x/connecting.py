"""Connecting an account: by tokens that a person pastes, or by X's own consent page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.oauth import challenge, new_verifier
from mercat.networks.kit.renewal import ACCESS, CLIENT_ID, CLIENT_SECRET, REFRESH, tokens_of
from mercat.networks.kit.steps import MOST_NAME, fields_of, text_of
from mercat.networks.port import ConnectError, Identity
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of
from mercat.networks.x.session import api, ask_for_token
from mercat.networks.x.spec import SCOPES, SPEC, site_of

_APP_UNKNOWN = (
    "X does not know this body's app by its client ID and secret. Correct them in the settings for X, then start again."
)
_NOT_SIGNED_IN = "X did not complete the sign-in. Start again from the account's page, and agree within half a minute."


class Connector:
    """Takes tokens that a person made in X's developer console, and asks whose they are."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        tokens = {ACCESS: typed(fields, ACCESS, "The access token")}
        if fields.get(REFRESH, "").strip():
            tokens[REFRESH] = typed(fields, REFRESH, "The refresh token")
        return _identity(_base_url(fields), tokens, http, now)


class OAuthConnector:
    """Sends the person to X to agree, and trades the code they bring back, proving that we sent them (PKCE)."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        base_url = _base_url(fields)
        client_id = typed(fields, CLIENT_ID, "The client ID of this body's app")
        client_secret = typed(fields, CLIENT_SECRET, "The client secret of this body's app")
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
            CLIENT_ID: client_id,
            CLIENT_SECRET: client_secret,
            "code_verifier": verifier,
        }
        # Blanks are written as X's documentation writes them: %20, not a plus.
        return f"{site_of(base_url)}/i/oauth2/authorize?{urlencode(query, quote_via=quote)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": kept["code_verifier"],
        }
        response = asking(lambda: ask_for_token(kept["base_url"], kept, form, http), now=now)
        if response.is_client_error:
            known = text_of(fields_of(response), "error") not in {"invalid_client", "unauthorized_client"}
            raise ConnectError(_NOT_SIGNED_IN if known else _APP_UNKNOWN)
        tokens = tokens_of(fields_of(response), now)
        if not tokens:
            raise ConnectError(_NOT_SIGNED_IN)
        return _identity(kept["base_url"], tokens, http, now)


def _base_url(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or SPEC.default_base_url)


def _identity(base_url: str, tokens: Mapping[str, str], http: httpx.Client, now: datetime) -> Identity:
    headers = {"Authorization": f"Bearer {tokens[ACCESS]}"}
    response = asking(lambda: http.get(api(base_url, "users/me"), headers=headers), now=now)
    if payload.is_spent(response):
        raise ConnectError(payload.SPENT)
    if response.is_client_error:
        raise ConnectError("X does not accept this access token. Make a new one, or sign in at X instead.")
    user = data_of(response)
    native_id, handle = text_of(user, "id", MOST_NAME), text_of(user, "username", MOST_NAME)
    if not native_id or not handle:
        raise ConnectError("The server answered, but not like X. Check its address.")
    return Identity(native_id, handle, f"{site_of(base_url)}/{quote(handle, safe='')}", base_url, tokens, {})
