"""Calls made while a person waits to connect an account: whatever goes wrong is told to that person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import httpx

from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.kit.steps import LIMIT, said_error, said_status
from mercat.networks.port import ConnectError


def asking(call: Callable[[], httpx.Response], *, now: datetime | None = None) -> httpx.Response:
    """An answer of 2xx or 4xx (but 429), or ConnectError in words; with `now` they name the time to come back."""
    try:
        response = call()
    except httpx.HTTPError as error:
        raise ConnectError(f"{said_error(error)} Check the address of the server, then try again.") from None
    if response.status_code == 429:
        raise ConnectError(f"The server allows no more sign-ins for now. {_come_back(response, now)}")
    if not (response.is_success or response.is_client_error):
        raise ConnectError(f"{said_status(response)} Try again later.")
    return response


def _come_back(response: httpx.Response, now: datetime | None) -> str:
    if now is None:
        return "Try again later."
    at = reset_at(response.headers, now, LIMIT)
    return f"Try again after {at:%H:%M} UTC on {at:%-d %B}."


def typed(fields: Mapping[str, str], name: str, label: str) -> str:
    """What a person typed into a field; ConnectError where it is empty or cannot be sent."""
    value = fields.get(name, "").strip()
    if not value:
        raise ConnectError(f"{label} is missing.")
    if not value.isascii() or not value.isprintable():
        raise ConnectError(f"{label} holds characters that cannot be right. Copy it again.")
    return value
