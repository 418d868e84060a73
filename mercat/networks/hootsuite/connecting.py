"""How a profile is connected: by a member's token, typed or signed in for, and always a profile that the member has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from mercat.networks.hootsuite import payload
from mercat.networks.hootsuite.session import api, ask_for_token, signed
from mercat.networks.hootsuite.spec import (
    KINDS,
    PROFILE,
    PROFILE_TYPE,
    SCOPES,
    SPEC,
    kind_of,
)
from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.renewal import ACCESS, CLIENT_ID, CLIENT_SECRET, tokens_of
from mercat.networks.kit.steps import MOST_NAME, fields_of, text_of
from mercat.networks.port import ConnectError, Identity

_NOT_TAKEN = "Hootsuite does not accept this access token. Make a new one, or sign in at Hootsuite instead."
_NOT_SIGNED_IN = "Hootsuite did not complete the sign-in. Start again from the account's page."
_NO_APP = "Hootsuite does not know the body's own app by this client ID and client secret. ICT must check both."
_NO_HOOTSUITE = "The server answered, but not like Hootsuite. Try again later."
_NO_PROFILE = (
    "The member who agreed has no profile “{}” in Hootsuite. Give its number, or its name as Hootsuite shows it, and "
    "see that the member may publish to it."
)
_SEVERAL = "Hootsuite has several profiles called “{}”. Give the number of the one that is meant."
_DISCONNECTED = "Hootsuite has lost its own connection to this profile. Connect it again in Hootsuite first."


class Connector:
    """Takes an access token of a member, and looks for the profile among those that the member has."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        base_url, profile = _base_url(fields), _profile(fields)
        return _identity(base_url, profile, {ACCESS: typed(fields, ACCESS, "The access token")}, http, now)


class OAuthConnector:
    """Sends the person to Hootsuite to agree as a member, and trades the code they bring back."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        kept = {
            "base_url": _base_url(fields),
            PROFILE: _profile(fields),
            CLIENT_ID: typed(fields, CLIENT_ID, "The client ID of the body's own app"),
            CLIENT_SECRET: typed(fields, CLIENT_SECRET, "The client secret of the body's own app"),
        }
        query = {
            "response_type": "code",
            "client_id": kept[CLIENT_ID],
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,  # at least 8 characters, or Hootsuite refuses it
        }
        return f"{kept['base_url']}/oauth2/auth?{urlencode(query)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        response = asking(lambda: ask_for_token(kept["base_url"], kept, form, http), now=now)
        if response.status_code == 401:
            raise ConnectError(_NO_APP)
        tokens = tokens_of(fields_of(response), now)
        if response.is_client_error or not tokens:
            raise ConnectError(_NOT_SIGNED_IN)
        return _identity(kept["base_url"], kept[PROFILE], tokens, http, now)


def _base_url(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or SPEC.default_base_url)


def _profile(fields: Mapping[str, str]) -> str:
    """Profiles are called as people call them, so any letter may be in a name."""
    profile = " ".join(fields.get(PROFILE, "").split()).removeprefix("@")
    if not profile or not profile.isprintable() or len(profile) > MOST_NAME:
        raise ConnectError("The social profile is missing, or is no name or number that can be.")
    return profile


def _identity(base_url: str, wanted: str, tokens: Mapping[str, str], http: httpx.Client, now: datetime) -> Identity:
    response = asking(lambda: http.get(api(base_url, "socialProfiles"), headers=signed(tokens[ACCESS])), now=now)
    if response.status_code in {401, 403}:
        raise ConnectError(_NOT_TAKEN)
    profiles = payload.list_of(response)
    if response.is_client_error or profiles is None:
        raise ConnectError(_NO_HOOTSUITE)
    profile = _chosen(profiles, wanted)
    kind = kind_of(text_of(profile, "type"))
    if kind is None:
        known = ", ".join(kind.name for kind in KINDS)
        raise ConnectError(f"Mercat cannot publish to this kind of profile through Hootsuite. It can to: {known}.")
    if profile.get("isReauthRequired") in (1, True):
        raise ConnectError(_DISCONNECTED)
    native_id = text_of(profile, "id", MOST_NAME)
    # Of X Hootsuite tells no name ("This field will be null if the social network type is TWITTER").
    handle = text_of(profile, "socialNetworkUsername", MOST_NAME) or text_of(profile, "socialNetworkId", MOST_NAME)
    url = payload.page_of(profile, kind, base_url)
    return Identity(native_id, handle or native_id, url, base_url, tokens, {PROFILE_TYPE: kind.number})


def _chosen(profiles: list[Any], wanted: str) -> Mapping[str, Any]:
    """The profile of this number, else the only one of this name. Raises ConnectError."""
    known = [profile for profile in profiles if isinstance(profile, dict) and text_of(profile, "id", MOST_NAME)]
    numbered = [profile for profile in known if text_of(profile, "id") == wanted]
    named = [profile for profile in known if _name(profile) == wanted.casefold()]
    if not numbered and len(named) > 1:
        raise ConnectError(_SEVERAL.format(wanted[:100]))
    if not numbered and not named:
        raise ConnectError(_NO_PROFILE.format(wanted[:100]))
    return (numbered or named)[0]


def _name(profile: Mapping[str, Any]) -> str:
    return " ".join(text_of(profile, "socialNetworkUsername").split()).removeprefix("@").casefold()
