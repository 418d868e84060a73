"""Who an account is: what the public network says of its identity (its DID), never the typed server's word alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import regex

from mercat.networks.bluesky.payload import HANDLE
from mercat.networks.bluesky.session import bearer, xrpc
from mercat.networks.kit.address import server_address
from mercat.networks.kit.connecting import asking
from mercat.networks.kit.steps import MOST_NAME, fields_of, said_error, said_status, text_of
from mercat.networks.port import ConnectError

DIRECTORY = "https://plc.directory"  # where identities of the kind did:plc are kept

_PLC = regex.compile(r"did:plc:[a-z2-7]{24}")
_WEB = regex.compile(rf"did:web:({HANDLE})")
_ANOTHER = "The server says that the account is {}, and its identity on the public network does not. Check the address."
_NOT_ITS_OWN = "The server that the account lives on does not know this sign-in. Check the address of the server."


def home_of(did: str, handle: str, http: httpx.Client, *, directory: str = DIRECTORY) -> str:
    """The server that the account lives on, by its identity's own document. Raises ConnectError where that cannot be
    read, or is not of this handle."""
    document = _document(did, http, directory)
    names = document.get("alsoKnownAs")
    if document.get("id") != did or not isinstance(names, list) or f"at://{handle}" not in names:
        raise ConnectError(_ANOTHER.format(handle))
    if not (endpoint := _endpoint(document, did)):
        raise ConnectError("The account's identity names no server that it lives on.")
    return server_address(endpoint)


def _document(did: str, http: httpx.Client, directory: str) -> Mapping[str, Any]:
    url = _address(did, directory)
    unread = f"Whose account this is could not be looked up at {urlsplit(url).hostname}."
    try:
        response = http.get(url)
    except httpx.HTTPError as error:
        raise ConnectError(f"{unread} {said_error(error)} Try again later.") from None
    if not response.is_success:
        raise ConnectError(f"{unread} {said_status(response)} Try again later.")
    return fields_of(response)


def _address(did: str, directory: str) -> str:
    if _PLC.fullmatch(did):
        return f"{directory}/{did}"
    if web := _WEB.fullmatch(did):
        return f"https://{web.group(1)}/.well-known/did.json"
    raise ConnectError("The server names an identity of a kind that the network does not have. Check its address.")


def _endpoint(document: Mapping[str, Any], did: str) -> str:
    services = document.get("service")
    for service in services if isinstance(services, list) else ():
        if isinstance(service, dict) and service.get("id") in {"#atproto_pds", f"{did}#atproto_pds"}:
            return text_of(service, "serviceEndpoint", MOST_NAME)
    return ""


def confirm(home: str, did: str, access: str, http: httpx.Client, *, now: datetime) -> None:
    """The server that the account lives on takes this access token for the account's. Raises ConnectError."""
    url, headers = xrpc(home, "com.atproto.server.getSession"), bearer(access)
    response = asking(lambda: http.get(url, headers=headers), now=now)
    if response.is_client_error or text_of(fields_of(response), "did") != did:
        raise ConnectError(_NOT_ITS_OWN)
