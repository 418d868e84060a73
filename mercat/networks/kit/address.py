"""Addresses of servers: as a person types them, and as a network names them for a file to be handed over."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from mercat.networks.port import ConnectError

_UNCLEAR = "“{}” is not the address of a server. Give it like https://example.social."


def server_address(typed: str) -> str:
    """A base address without a slash at its end; https where no protocol was typed. Raises ConnectError."""
    typed = typed.strip()
    try:
        url = httpx.URL(typed if "://" in typed else f"https://{typed}")
        host = url.host
    except (httpx.InvalidURL, UnicodeError):  # the second of a label that no alphabet has (xn--…)
        raise ConnectError(_UNCLEAR.format(typed[:100])) from None
    extra = url.userinfo or url.query or url.fragment or len(typed.split()) != 1
    if url.scheme not in {"http", "https"} or not host or extra:
        raise ConnectError(_UNCLEAR.format(typed[:100] if not url.userinfo else host))
    return str(url).rstrip("/")


def is_own_place(place: str, base_url: str, *, real: str, is_theirs: Callable[[str], bool]) -> bool:
    """Whether a file, and with it our token, may go to a place that the network at `base_url` named.

    Of the real network (`real` is its base address): by https to hosts that `is_theirs`; of a stand-in, to itself.
    """
    try:
        url, base = httpx.URL(place), httpx.URL(base_url)
        host = url.host
    except (httpx.InvalidURL, UnicodeError):  # the second of a host with a label that no alphabet has
        return False
    if url.userinfo:
        return False
    if base_url.rstrip("/") == real:
        return url.scheme == "https" and url.port is None and is_theirs(host)
    return (url.scheme, host, url.port) == (base.scheme, base.host, base.port)
