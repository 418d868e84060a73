"""The steps of an attempt. A step that cannot go on halts with the outcome of the whole attempt.

Two kinds of step, told apart by what a lost answer means: before anything is public it costs nothing to come again
(`preparing`); once the network may have made it public, only looking helps (`publishing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import regex

from mercat.networks.kit.http import AddressRefused, never_left
from mercat.networks.kit.ratelimit import reset_at
from mercat.networks.port import Altered, Later, Medium, Outcome, Unsure

RETRY = timedelta(seconds=20)  # after trouble of theirs that names no time
LIMIT = timedelta(seconds=60)  # after a limit that names no time

MOST_TEXT = 500  # characters of a name, an id or an address: what our own columns hold
MOST_NAME = 253  # characters of an account's id or handle: the longest name of a host
MOST_PICTURE = 2_000  # characters of a picture's address, which is shown and not stored
MOST_TOKEN = 8_000  # characters of a token: what servers take in a header
# Control characters that are no white space, and halves of a character.
_UNWRITABLE = regex.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

Call = Callable[[], httpx.Response]


class Halt(Exception):
    """The attempt ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


def preparing(call: Call, *, now: datetime, limit: timedelta = LIMIT) -> httpx.Response:
    """A step before anything is public. Comes back with an answer of 2xx or 4xx, or halts: nothing is out.

    `limit`: how long to wait after a limit that names no time.
    """
    try:
        response = call()
    except httpx.HTTPError as error:
        raise Halt(_unreached(error, now)) from None
    _stop_at_limit(response, now, limit)
    if _undecided(response):
        raise Halt(Later(reset_at(response.headers, now, RETRY), said_status(response)))
    return response


def publishing(call: Call, *, now: datetime, limit: timedelta = LIMIT) -> httpx.Response:
    """The step that makes it public. Comes back with an answer of 2xx or 4xx; what leaves it open halts as Unsure."""
    try:
        response = call()
    except httpx.HTTPError as error:
        raise Halt(_unreached(error, now) if never_left(error) else Unsure(said_error(error))) from None
    _stop_at_limit(response, now, limit)
    if _undecided(response):
        raise Halt(Unsure(said_status(response)))
    return response


def _unreached(error: httpx.HTTPError, now: datetime) -> Outcome:
    return Later(now + RETRY, said_error(error))


def _stop_at_limit(response: httpx.Response, now: datetime, limit: timedelta) -> None:
    if response.status_code == 429:
        at = reset_at(response.headers, now, limit)
        raise Halt(Later(at, "The network asks us to slow down.", limited=True))


def _undecided(response: httpx.Response) -> bool:
    """Neither done nor cleanly refused: trouble of theirs, a redirect (never followed), a request they gave up on."""
    return not (response.is_success or response.is_client_error) or response.status_code in {408, 425}


def said_status(response: httpx.Response) -> str:
    """An undecided answer in words."""
    if response.is_redirect:
        return "The network answered by pointing elsewhere, which is not followed."
    return f"The network had trouble of its own (answer {response.status_code})."


def said_error(error: httpx.HTTPError) -> str:
    """A call without an answer in words. Never the exception's own text: it may quote what was sent."""
    if isinstance(error, AddressRefused):
        return "The network's address is not a public https address, so it was not called."
    if isinstance(error, httpx.TimeoutException):
        return "The network did not answer in time."
    if never_left(error):
        return "The network could not be reached."
    return "The connection to the network was lost before its answer came."


def json_of(response: httpx.Response) -> Any:
    """The answer's JSON, or None where it is not JSON: an error page, half an answer, nonsense."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def fields_of(response: httpx.Response) -> Mapping[str, Any]:
    """The answer's JSON object; empty where it is none."""
    body = json_of(response)
    return body if isinstance(body, dict) else {}


def text_of(fields: Mapping[str, Any], name: str, most: int = MOST_TEXT) -> str:
    """A name, an id, a code: one printable line of at most `most` characters; empty where it is anything else."""
    value = fields.get(name)
    return value if isinstance(value, str) and len(value) <= most and value.isprintable() else ""


def token_of(fields: Mapping[str, Any], name: str) -> str:
    """A token, as a header can carry it; empty where it is anything else."""
    value = text_of(fields, name, MOST_TOKEN)
    return value if value.isascii() else ""


def words_of(fields: Mapping[str, Any], name: str) -> str:
    """What people or a server wrote, without what no database or page can hold; empty where it is not text."""
    value = fields.get(name)
    return _UNWRITABLE.sub("", value) if isinstance(value, str) else ""


def link_of(fields: Mapping[str, Any], name: str, base_url: str, most: int = MOST_TEXT) -> str:
    """An address for people to follow: https, or http where the server itself has no more; else empty."""
    address = text_of(fields, name, most)
    allowed = ("https://", "http://") if base_url.startswith("http://") else ("https://",)
    return address if address.startswith(allowed) and " " not in address else ""


def quoted(said: str, secrets: Iterable[str]) -> str:
    """What a network said, short, in one line, and without our secrets should it have echoed one."""
    said = _UNWRITABLE.sub("", said)
    for secret in secrets:
        if secret:
            said = said.replace(secret, "…")
    return " ".join(said.split())[:300]


def bytes_of(medium: Medium, *, now: datetime) -> bytes:
    """The picture's bytes. Raises Altered when they are not the approved ones."""
    try:
        content = medium.read()
    except Altered:
        raise
    except Exception:
        # Whatever the store raises (a disk, a bucket), nothing is out and it may be back soon.
        raise Halt(Later(now + RETRY, "The picture could not be read from our own store.")) from None
    if hashlib.sha256(content).hexdigest() != medium.sha256:
        raise Altered("A stored picture is not the one that was approved: its digest differs.")
    return content
