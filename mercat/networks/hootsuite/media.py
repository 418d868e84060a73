"""Pictures and videos: a place is asked for, the file is put there, and Hootsuite is asked until it has prepared it."""

from __future__ import annotations

from datetime import datetime

import httpx

from mercat.networks.hootsuite import payload
from mercat.networks.hootsuite.session import api, authorised, secrets_of
from mercat.networks.hootsuite.spec import API, UPLOAD_DOMAINS
from mercat.networks.kit import address
from mercat.networks.kit.films import rest_of
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, preparing, text_of
from mercat.networks.port import Channel, Later, Medium, Notes

_READY = "READY"

_NO_PLACE = "Hootsuite did not say where to hand the file over."
_FOREIGN = "Hootsuite named a place for the file that is not its own, so it was not handed over."
_NOT_THERE = "Hootsuite did not say that it has the file."


def brought(channel: Channel, n: int, medium: Medium, notes: Notes, now: datetime) -> tuple[str, bool]:
    """The id of the `n`th file of an item at Hootsuite, and whether it is ready. Noted: it is handed over once."""
    note = _note(n, medium)
    media_id = notes.get(note)
    if not media_id:
        media_id = _handed_over(channel, medium, now)
        notes.keep(note, media_id)
    url = api(channel.base_url, "media", media_id)
    response = authorised(channel, preparing, lambda headers: channel.http.get(url, headers=headers), now=now)
    if payload.is_missing(response):
        notes.keep(note, "")
        raise Halt(Later(now + RETRY, _NOT_THERE))
    _refuse(response, channel, now)
    told = payload.data_of(response)
    if text_of(told, "id", 2_000) != media_id:
        raise Halt(Later(now + RETRY, _NOT_THERE))
    return media_id, text_of(told, "state") == _READY


def _note(n: int, medium: Medium) -> str:
    return f"media:{n}:{medium.sha256}"


def _handed_over(channel: Channel, medium: Medium, now: datetime) -> str:
    # Read first: nothing is asked of Hootsuite for a picture that is not the approved one.
    content = rest_of(medium, 0, now=now) if medium.is_video else bytes_of(medium, now=now)
    media_id, place = _place(channel, medium, now)
    # No token: the address itself holds a signature, for this size and kind alone.
    headers = {"Content-Type": medium.mime, "Content-Length": str(medium.size)}
    response = preparing(lambda: channel.http.put(place, content=content, headers=headers), now=now)
    # An answer that is a page is somebody else's: the store's own to a file it has taken holds nothing.
    if response.is_client_error or response.content:
        raise Halt(Later(now + RETRY, _NOT_THERE))
    return media_id


def _place(channel: Channel, medium: Medium, now: datetime) -> tuple[str, str]:
    """The id that a file will have, and where to put it."""
    url, body = api(channel.base_url, "media"), {"sizeBytes": medium.size, "mimeType": medium.mime}
    response = authorised(
        channel, preparing, lambda headers: channel.http.post(url, json=body, headers=headers), now=now
    )
    _refuse(response, channel, now)
    told = payload.data_of(response)
    media_id, place = text_of(told, "id", 2_000), text_of(told, "uploadUrl", 4_000)
    if not media_id or not place:
        raise Halt(Later(now + RETRY, _NO_PLACE))
    if not is_own_place(place, channel.base_url):
        raise Halt(Later(now + RETRY, _FOREIGN))
    return media_id, place


def is_own_place(place: str, base_url: str) -> bool:
    """Whether a file may go there: the store that Hootsuite's documentation names; of a stand-in, itself."""
    return address.is_own_place(place, base_url, real=API, is_theirs=lambda host: f".{host}".endswith(UPLOAD_DOMAINS))


def _refuse(response: httpx.Response, channel: Channel, now: datetime) -> None:
    if response.is_client_error or (payload.errors_of(response) and not payload.data_of(response)):
        raise Halt(payload.refusal(response, secrets_of(channel), now))
