"""How a page is connected: by a typed token or by signing in, and always for a page that the person may post for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from mercat.networks.kit.address import server_address
from mercat.networks.kit.addresses import NoAccount, place_of
from mercat.networks.kit.connecting import asking, typed
from mercat.networks.kit.renewal import EXPIRES
from mercat.networks.kit.steps import MOST_NAME, fields_of
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.addresses import SPELLINGS
from mercat.networks.linkedin.session import administered, headers, rest, tokens_of
from mercat.networks.linkedin.spec import CLIENT_ID, CLIENT_SECRET, ORGANISATION, SCOPES, SPEC, TOKEN
from mercat.networks.port import ConnectError, FoundAccount, Identity

_NO_PAGE = "LinkedIn knows no page “{}”. Give its address, its name in that address, or its number."
_NOT_TAKEN = "LinkedIn does not accept this access token. Make a new one with the permissions asked for."
_NO_APP = "LinkedIn does not know the body's own app by this client ID and client secret. Check both."
_NOT_SIGNED_IN = "LinkedIn did not complete the sign-in. Start again from the account's page."
_NO_LINKEDIN = "The server answered, but not like LinkedIn. Try again later."
_NO_ROLE = (
    "LinkedIn does not name a role on the page “{}” for the person who agreed. They need to be an administrator or "
    "content administrator of it."
)
_NO_VERSION = payload.OUTDATED.partition(" Nothing")[0] + " ICT must update Mercat."


class Connector:
    """Takes an access token that a person made in the developer portal, and checks it against the page."""

    def connect(self, fields: Mapping[str, str], http: httpx.Client, *, now: datetime) -> Identity:
        base_url, page = _base_url(fields), typed(fields, ORGANISATION, "The page")
        token = typed(fields, TOKEN, "The access token")
        ends = _end_of(token, base_url, fields, http, now)
        return _identity(base_url, page, {TOKEN: token, **({EXPIRES: ends} if ends else {})}, http, now)


class OAuthConnector:
    """Sends the person to LinkedIn to agree, and trades the code they bring back with the body's own app."""

    def begin(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, http: httpx.Client
    ) -> tuple[str, Mapping[str, str]]:
        kept = {
            "base_url": _base_url(fields),
            ORGANISATION: typed(fields, ORGANISATION, "The page"),
            CLIENT_ID: typed(fields, CLIENT_ID, "The client ID of the body's own app"),
            CLIENT_SECRET: typed(fields, CLIENT_SECRET, "The client secret of the body's own app"),
        }
        query = {
            "response_type": "code",
            "client_id": kept[CLIENT_ID],
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": SCOPES,
        }
        return f"{payload.site_of(kept['base_url'])}/oauth/v2/authorization?{urlencode(query)}", kept

    def finish(
        self, kept: Mapping[str, str], code: str, redirect_uri: str, http: httpx.Client, *, now: datetime
    ) -> Identity:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": kept[CLIENT_ID],
            "client_secret": kept[CLIENT_SECRET],
        }
        url = f"{payload.site_of(kept['base_url'])}/oauth/v2/accessToken"
        response = asking(lambda: http.post(url, data=form), now=now)
        values = tokens_of(fields_of(response), now)
        if response.is_client_error or not values:
            raise ConnectError(_NOT_SIGNED_IN)
        return _identity(kept["base_url"], kept[ORGANISATION], values, http, now)


def _base_url(fields: Mapping[str, str]) -> str:
    return server_address(fields.get("base_url", "").strip() or SPEC.default_base_url)


def _end_of(token: str, base_url: str, fields: Mapping[str, str], http: httpx.Client, now: datetime) -> str:
    """When a typed token ends, as LinkedIn tells the body's own app; empty where it does not."""
    if not fields.get(CLIENT_ID) or not fields.get(CLIENT_SECRET):
        return ""
    form = {CLIENT_ID: fields[CLIENT_ID], CLIENT_SECRET: fields[CLIENT_SECRET], "token": token}
    url = f"{payload.site_of(base_url)}/oauth/v2/introspectToken"
    response = asking(lambda: http.post(url, data=form), now=now)
    if response.status_code == 401:
        raise ConnectError(_NO_APP)
    answer = fields_of(response)
    if answer.get("active") is False:
        raise ConnectError(_NOT_TAKEN)
    if response.is_success and answer.get("active") is not True:
        raise ConnectError(_NO_LINKEDIN)
    at = answer.get("expires_at")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 < at < 2**33:
        return ""
    return datetime.fromtimestamp(at, UTC).isoformat()


def _identity(base_url: str, typed_page: str, values: Mapping[str, str], http: httpx.Client, now: datetime) -> Identity:
    def get(url: str) -> httpx.Response:
        response = asking(lambda: http.get(url, headers=headers(values[TOKEN])), now=now)
        if payload.is_outdated(response):
            raise ConnectError(_NO_VERSION)
        if response.status_code in {401, 403}:
            raise ConnectError(_NOT_TAKEN)
        return response

    page = _page(get(_look_up(typed_page, base_url)), typed_page, base_url)
    roles = administered(get, base_url)
    if roles is None:
        raise ConnectError(_NO_LINKEDIN)
    if page.native_id not in roles:
        raise ConnectError(_NO_ROLE.format(page.handle))
    return Identity(page.native_id, page.handle, page.url, base_url, values, {})


def _look_up(typed_page: str, base_url: str) -> str:
    """The address at which LinkedIn tells of the page that was typed, to whoever asks."""
    kind, value = _named(typed_page)
    if kind == "id":
        return rest(base_url, "organizationsLookup", ids=(value,))
    return rest(base_url, "organizations", q="vanityName", vanityName=value)


def _named(typed_page: str) -> tuple[str, str]:
    """ "id" or "name", and which. Raises ConnectError."""
    plain = typed_page.removeprefix("urn:li:organization:").removeprefix("@")
    try:
        place = place_of(plain)
        key = SPELLINGS.at(place) if place else SPELLINGS.called(plain)
    except NoAccount:
        key = None
    kind, _, value = (key or "").partition(":")
    if kind not in {"id", "name"}:
        raise ConnectError(_NO_PAGE.format(typed_page[:100]))
    return ("id", value) if value.isdecimal() else (kind, value)


def _page(response: httpx.Response, typed_page: str, base_url: str) -> FoundAccount:
    answer = fields_of(response)
    results, elements = answer.get("results"), answer.get("elements")
    if response.is_success and not isinstance(results, dict) and not isinstance(elements, list):
        raise ConnectError(_NO_LINKEDIN)
    told = list(results.values()) if isinstance(results, dict) else elements if isinstance(elements, list) else []
    page = payload.account(told[0], base_url) if told else None
    if page is None or len(page.handle) > MOST_NAME:
        raise ConnectError(_NO_PAGE.format(typed_page[:100]))
    return page
