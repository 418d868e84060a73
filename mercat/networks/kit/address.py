"""The address of a server, as a person types it."""

from __future__ import annotations

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
