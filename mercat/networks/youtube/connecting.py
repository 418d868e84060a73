"""Connecting a channel: by tokens that a person pastes, or by Google's own consent page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.oauth import challenge, new_verifier
from mercat.networks.kit.renewal import ACCESS, CLIENT_ID, CLIENT_SECRET, REFRESH, tokens_of
from mercat.networks.kit.steps import MOST_NAME, fields_of, text_of
from mercat.networks.port import ConnectError, Identity
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import items_of
from mercat.networks.youtube.session import api, ask_for_token
from mercat.networks.youtube.spec import SCOPE, SPEC, consent_of

_APP_UNKNOWN = (
    "Google does not know this body's project by its client ID and secret. Correct them in the settings for YouTube,"
    " then start again."
)
_NOT_SIGNED_IN = "Google did not complete the sign-in. Start again from the account's page, and agree within minutes."
_NOT_ALL = "Google gave no lasting leave for YouTube. Start again, and allow everything that Google asks about."
_QUOTA = "The day's calls of this body's project are used up at YouTube. Try again after midnight in California."


class Connector:
    """Takes tokens that a person made in Google's OAuth playground, and asks whose they are."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        tokens = {ACCESS: typed(fields, ACCESS, "The access token")}
        if fields.get(REFRESH, "").strip():
            tokens[REFRESH] = typed(fields, REFRESH, "The refresh token")
        return _identity(_base_url(fields), tokens, http, now)


class OAuthConnector:
    """Sends the person to Google to agree, and trades the code they bring back, proving that we sent them (PKCE)."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        base_url = _base_url(fields)
        client_id = typed(fields, CLIENT_ID, "The client ID of this body's project")
        client_secret = typed(fields, CLIENT_SECRET, "The client secret of this body's project")
        verifier = new_verifier()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            # Only both together bring a refresh token also when the person has agreed before.
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {
            "base_url": base_url,
            CLIENT_ID: client_id,
            CLIENT_SECRET: client_secret,
            "code_verifier": verifier,
        }
        return f"{consent_of(base_url)}?{urlencode(query)}", kept

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
        answer = fields_of(response)
        if response.is_client_error:
            known = text_of(answer, "error") not in {"invalid_client", "unauthorized_client"}
            raise ConnectError(_NOT_SIGNED_IN if known else _APP_UNKNOWN)
        tokens = tokens_of(answer, now)
        if not tokens:
            raise ConnectError(_NOT_SIGNED_IN)
        # A person may clear the tick before a permission and still agree to the rest.
        if REFRESH not in tokens or SCOPE not in text_of(answer, "scope", 2_000).split():
            raise ConnectError(_NOT_ALL)
        return _identity(kept["base_url"], tokens, http, now)


def _base_url(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or SPEC.default_base_url)


def _identity(base_url: str, tokens: Mapping[str, str], http: httpx.Client, now: datetime) -> Identity:
    headers, asked = {"Authorization": f"Bearer {tokens[ACCESS]}"}, {"part": "snippet", "mine": "true"}
    response = asking(lambda: http.get(api(base_url, "channels"), params=asked, headers=headers), now=now)
    if set(payload.reasons_of(response)) & payload.QUOTA:
        raise ConnectError(_QUOTA)
    if response.is_client_error:
        raise ConnectError("YouTube does not accept this access token. Make a new one, or sign in at Google instead.")
    channels = items_of(response)
    if channels is None:
        raise ConnectError("The server answered, but not like YouTube. Check its address.")
    native_id = text_of(channels[0], "id", MOST_NAME) if channels else ""
    if not native_id:
        raise ConnectError("This Google account has no YouTube channel. Make one, or sign in as the channel's owner.")
    handle, url = payload.handle_of(channels[0]), payload.channel_url(base_url, channels[0])
    return Identity(native_id, handle, url, base_url, tokens, {})
