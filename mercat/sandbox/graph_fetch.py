"""Fetches a picture from the address that a caller names, as Instagram and Threads do: from this machine alone."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache

import httpx

from mercat.sandbox.guard import is_loopback

SECONDS = 5.0


class Unfetched(Exception):
    """The picture could not be had. `slow`: it took too long; `large`: it has more bytes than were asked for."""

    def __init__(self, why: str, *, slow: bool = False, large: bool = False) -> None:
        super().__init__(why)
        self.slow, self.large = slow, large


async def fetch(address: str, most: int) -> bytes:
    """The bytes at an address, at most `most` of them. Raises Unfetched."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError) as trouble:
        raise Unfetched("That is no address.") from trouble
    if url.scheme not in {"http", "https"} or not is_loopback(url.host):
        raise Unfetched("A stand-in fetches from this machine alone.")
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(url, most)
    except (TimeoutError, httpx.TimeoutException) as trouble:
        raise Unfetched("It took too long.", slow=True) from trouble
    except httpx.HTTPError as trouble:
        raise Unfetched(str(trouble)) from trouble


async def _read(url: httpx.URL, most: int) -> bytes:
    data = bytearray()
    async with (
        httpx.AsyncClient(verify=_context(), trust_env=False, timeout=SECONDS) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != 200:
            raise Unfetched(f"It was answered with {answer.status_code}.")
        async for chunk in answer.aiter_bytes():
            data += chunk
            if len(data) > most:
                raise Unfetched("It is too large.", large=True)
    return bytes(data)


@cache
def _context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
