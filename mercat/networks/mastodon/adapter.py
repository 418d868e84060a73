"""The calls to a Mastodon server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit import thread
from mercat.networks.kit.films import Whole
from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, fields_of, json_of, preparing, publishing, text_of
from mercat.networks.mastodon import payload
from mercat.networks.mastodon.calls import api, bearer, read, reading, refuse
from mercat.networks.mastodon.community import Listener, Metrics, Profiler, Reporter, Searcher
from mercat.networks.mastodon.connecting import Connector, OAuthConnector
from mercat.networks.mastodon.listing import NO_LIST, Lister, own_since
from mercat.networks.mastodon.spec import SPEC
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Kept,
    Later,
    Medium,
    Missing,
    Network,
    Notes,
    Outcome,
    Pending,
    Reconnect,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)

POLL = timedelta(seconds=2)  # between two looks at what is in processing
SKEW = timedelta(minutes=5)  # that a server's clock may be behind ours

_PREPARING = "The server is still preparing the pictures or the video."
_GARBLED = "The server answered, but not in a way that says whether the post is out."
_TAKEN = "The server no longer offers the pictures of this post: they may be out with it already."
_GONE = "The post is no longer on the server, so it cannot be edited."
_NO_STATUS = "The server did not say which pictures the post has."
_OTHER_PICTURES = (
    "An edit changes words and descriptions, and leaves the pictures as they are. Take the post down instead."
)
_ASKED = "asked_at"


class Publisher:
    """Pictures first, until the server has them ready; then the post, under a key that makes a repeat harmless."""

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            _look_first_if_taken(channel, item, notes, now)
            media = [_medium(channel, n, medium, notes, now) for n, medium in enumerate(item.media)]
            if not all(ready for _, ready in media):
                return Pending(now + POLL, _PREPARING)
            return _post(channel, item, [media_id for media_id, _ in media], notes, now)
        except Halt as halt:
            return halt.outcome


def _look_first_if_taken(channel: Channel, item: Item, notes: Notes, now: datetime) -> None:
    """After an earlier try, a picture that is no longer free to attach may stand on the very post that seemed lost.
    Halts as Unsure once, and forgets the pictures, so that a later try hands them over again."""
    if notes.get(_ASKED) is None:
        return
    noted = [media_id for n in range(len(item.media)) if (media_id := notes.get(_note(n)))]
    if any(_is_ready(channel, media_id, now) is None for media_id in noted):
        for n in range(len(item.media)):
            notes.keep(_note(n), "")
        raise Halt(Unsure(_TAKEN))


def _note(n: int) -> str:
    return f"media:{n}"


def _medium(channel: Channel, n: int, medium: Medium, notes: Notes, now: datetime) -> tuple[str, bool]:
    """The id of a picture on the server, and whether it is ready. Noted, so that it is handed over once."""
    if noted := notes.get(_note(n)):
        ready = _is_ready(channel, noted, now)
        if ready is not None:
            return noted, ready
    media_id, ready = _upload(channel, medium, now)
    notes.keep(_note(n), media_id)
    return media_id, ready


def _is_ready(channel: Channel, media_id: str, now: datetime) -> bool | None:
    """None where the server no longer offers it: it stands on a post, or was swept away unused after a day."""
    url = api(channel.base_url, "v1", "media", media_id)
    response = preparing(lambda: channel.http.get(url, headers=bearer(channel)), now=now)
    if response.status_code == 404:
        return None
    refuse(response, channel)  # 422: it could not be processed, as Mastodon says of a broken video
    return response.status_code == 200


def _upload(channel: Channel, medium: Medium, now: datetime) -> tuple[str, bool]:
    # A video comes in one request as a picture does, and is read while it is sent: no server takes one in parts.
    content: Any = Whole(medium, now=now) if medium.is_video else bytes_of(medium, now=now)
    file = (f"{'video' if medium.is_video else 'picture'}.{medium.mime.partition('/')[2]}", content, medium.mime)
    url = api(channel.base_url, "v2", "media")

    def send() -> httpx.Response:
        return channel.http.post(url, files={"file": file}, data={"description": medium.alt}, headers=bearer(channel))

    response = preparing(send, now=now)
    refuse(response, channel)
    media_id = text_of(fields_of(response), "id")
    if not media_id:
        raise Halt(Later(now + POLL, "The server did not say that it has the picture or the video."))
    return media_id, response.status_code == 200


def _post(channel: Channel, item: Item, media_ids: list[str], notes: Notes, now: datetime) -> Outcome:
    if notes.get(_ASKED) is None:
        notes.keep(_ASKED, now.isoformat())  # where to begin to look, should the answer be lost
    url, body = api(channel.base_url, "v1", "statuses"), payload.status(item, media_ids)
    headers = {**bearer(channel), "Idempotency-Key": item.key}
    response = publishing(lambda: channel.http.post(url, json=body, headers=headers), now=now)
    if payload.still_processing(response):
        return Pending(now + POLL, _PREPARING)
    if item.thread and response.status_code == httpx.codes.NOT_FOUND:
        return Refused(thread.CUT)
    refuse(response, channel)
    answer = fields_of(response)
    native_id, url = text_of(answer, "id"), payload.address_of(answer, channel.base_url)
    return Sent(native_id, url) if native_id else Unsure(_GARBLED)


class Reader:
    """Reads the status by its id, or else looks for it among the account's own since it was first asked for."""

    def find(
        self,
        channel: Channel,
        item: Item,
        notes: Notes,
        *,
        native_id: str | None,
        is_another: Callable[[str], bool],
        now: datetime,
    ) -> Sighting:
        try:
            if native_id:
                return _by_id(channel, native_id)
            return _among_own(channel, item, _asked_at(item, notes) - SKEW, is_another)
        except CannotTell as trouble:
            return trouble.sighting

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _asked_at(item: Item, notes: Notes) -> datetime:
    noted = notes.get(_ASKED)
    return datetime.fromisoformat(noted) if noted else item.created_at


def _by_id(channel: Channel, native_id: str) -> Sighting:
    response = reading(channel, api(channel.base_url, "v1", "statuses", native_id))
    if response.status_code in {404, 410}:
        return Missing()
    found = payload.found(read(response), channel.base_url)
    return found if found and found.native_id == native_id else Unreadable("The server's answer is not this post.")


def _among_own(channel: Channel, item: Item, since: datetime, is_another: Callable[[str], bool]) -> Sighting:
    """The status with the item's very words; else the newest that nobody accounts for, since servers may alter a text
    (smart quotes, Markdown, links made shorter) and whose words these are only a person can tell."""
    unaccounted: Found | None = None
    for answer in own_since(channel, since):
        found = payload.found(answer, channel.base_url)
        if found is None:
            return Unreadable(NO_LIST)
        if found.account != channel.native_id or is_another(found.native_id):
            continue
        if payload.same(item, found):
            return found
        unaccounted = unaccounted or found
    return unaccounted or Missing()


class Remover:
    """Deletes the status; one that is already gone counts as deleted."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = api(channel.base_url, "v1", "statuses", native_id)
        try:
            response = publishing(lambda: channel.http.delete(url, headers=bearer(channel)), now=now)
            if response.status_code in {404, 410}:
                return Sent(native_id, "")
            refuse(response, channel)
        except Halt as halt:
            return halt.outcome
        return Sent(native_id, "") if isinstance(json_of(response), dict) else Unsure(_GARBLED)


class Editor:
    """Gives a status new words, and its pictures new descriptions; the pictures themselves stay."""

    describes = True

    def edit(self, channel: Channel, item: Item, *, native_id: str, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            return _edited(channel, item, native_id, now)
        except Halt as halt:
            return halt.outcome


def _edited(channel: Channel, item: Item, native_id: str, now: datetime) -> Outcome:
    url = api(channel.base_url, "v1", "statuses", native_id)
    # A status keeps the pictures that an edit names, and no others.
    response = preparing(lambda: channel.http.get(url, headers=bearer(channel)), now=now)
    if response.status_code in {404, 410}:
        return Refused(_GONE)
    refuse(response, channel)
    attached = payload.attached(fields_of(response))
    if attached is None:
        return Later(now + RETRY, _NO_STATUS)
    if len(attached) != len(item.media):
        return Refused(_OTHER_PICTURES)
    body = payload.edit(item, attached)
    response = publishing(lambda: channel.http.put(url, json=body, headers=bearer(channel)), now=now)
    if response.status_code in {404, 410}:
        return Refused(_GONE)
    refuse(response, channel)
    answer = fields_of(response)
    if text_of(answer, "id") != native_id:
        return Unsure(_GARBLED)
    return Sent(native_id, payload.address_of(answer, channel.base_url))


class Keeper:
    """Asks whose token it is. Tokens of Mastodon do not lapse by themselves."""

    def keep(self, channel: Channel, *, ahead: timedelta, now: datetime) -> Kept | Outcome:
        url = api(channel.base_url, "v1", "accounts", "verify_credentials")
        try:
            response = preparing(lambda: channel.http.get(url, headers=bearer(channel)), now=now)
        except Halt as halt:
            return halt.outcome
        if response.status_code == 401:
            return Reconnect(payload.RENEW)
        if text_of(fields_of(response), "id") == channel.native_id:
            return Kept()
        return Later(now + POLL, "The server did not say whose token this is.")


NETWORK = Network(
    spec=SPEC,
    count=payload.count,
    check=payload.check,
    publisher=Publisher(),
    reader=Reader(),
    remover=Remover(),
    lister=Lister(),
    connector=Connector(),
    oauth=OAuthConnector(),
    keeper=Keeper(),
    editor=Editor(),
    profiler=Profiler(),
    metrics=Metrics(),
    listener=Listener(),
    searcher=Searcher(),
    reporter=Reporter(),
)
