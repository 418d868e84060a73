"""The calls to YouTube that publish, read back, edit and take down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.renewal import lifetime
from mercat.networks.kit.steps import RETRY, Halt, fields_of, preparing, publishing, text_of
from mercat.networks.port import (
    Channel,
    Found,
    Item,
    Later,
    Missing,
    Network,
    Notes,
    Outcome,
    Pending,
    Refused,
    Sent,
    Sighting,
    Unreadable,
    Unsure,
)
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import items_of, object_of
from mercat.networks.youtube.connecting import Connector, OAuthConnector
from mercat.networks.youtube.extras import Extras
from mercat.networks.youtube.listing import Lister
from mercat.networks.youtube.live import Live
from mercat.networks.youtube.session import Keeper, api, authorised, instead_of_reading, secrets_of
from mercat.networks.youtube.spec import SPEC
from mercat.networks.youtube.upload import Upload, asked_at, video_of
from mercat.networks.youtube.uploads import SKEW, own_since, videos
from mercat.networks.youtube.watching import Listener, Metrics, Profiler, Searcher

_PROCESSING = "YouTube is still processing the video."
_NOT_SAID = "YouTube did not say how far the video is."
_GARBLED = "YouTube answered, but not in a way that says whether the video is public."


class Publisher:
    """Uploads the video private, waits until it is processed, brings its cover and captions, then makes it public.

    So nothing is public until everything is in place, and the one call that publishes names a video: made twice it
    does no more than once, and after a lost answer a look at that video tells.
    """

    def publish(self, channel: Channel, item: Item, notes: Notes, *, now: datetime) -> Outcome:
        if problems := payload.check(item, channel.limits):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            upload = Upload(channel, item, notes, now)
            native_id = upload.bring()
            told = _in_processing(channel, native_id, now)
            if told is None:
                return upload.not_shown()
            if nothing := payload.came_to_nothing(told):
                return nothing
            if not payload.is_ready(told):
                return Pending(now + payload.wait_of(told), _PROCESSING)
            Extras(channel, item, native_id, notes, now).bring()
            return _make_public(channel, item, native_id, now)
        except Halt as halt:
            return halt.outcome


def _in_processing(channel: Channel, native_id: str, now: datetime) -> Mapping[str, Any] | None:
    """The video as far as it is; None where YouTube has none of this id."""
    url, asked = api(channel.base_url, "videos"), {"part": "status,processingDetails", "id": native_id}

    def get(signed: dict[str, str]) -> httpx.Response:
        return channel.http.get(url, params=asked, headers=signed)

    response = authorised(channel, preparing, get, now=now)
    if response.is_client_error and not payload.tells_missing(response):
        raise Halt(payload.refusal(response, secrets_of(channel)))
    found = [] if payload.tells_missing(response) else items_of(response)
    if found is None:
        raise Halt(Later(now + RETRY, _NOT_SAID))
    return next((one for one in found if text_of(one, "id") == native_id), None)


def _make_public(channel: Channel, item: Item, native_id: str, now: datetime) -> Outcome:
    response = _update(channel, {"id": native_id, **payload.video(item, public=True)}, "snippet,status", now)
    if response.is_client_error:
        return payload.refusal(response, secrets_of(channel))
    told = fields_of(response)
    if text_of(told, "id") != native_id or not payload.privacy_of(told):
        return Unsure(_GARBLED)
    if payload.privacy_of(told) != "public":
        return Refused(payload.KEPT_PRIVATE)
    return Sent(native_id, payload.permalink(channel.base_url, native_id))


def _update(channel: Channel, body: Mapping[str, Any], parts: str, now: datetime) -> httpx.Response:
    url = api(channel.base_url, "videos")

    def put(signed: dict[str, str]) -> httpx.Response:
        return channel.http.put(url, params={"part": parts}, json=body, headers=signed)

    return authorised(channel, publishing, put, now=now)


class Reader:
    """Reads the video by its id, which is noted as soon as YouTube has all of it; else looks among the uploads."""

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
            if known := native_id or video_of(item, notes):
                return _by_id(channel, known, now, was_public=native_id is not None)
            return _among_own(channel, item, asked_at(item, notes) - SKEW, is_another, now)
        except CannotTell as trouble:
            return trouble.sighting

    def matches(self, item: Item, found: Found, channel: Channel) -> bool:
        return found.account == channel.native_id and payload.same(item, found)


def _by_id(channel: Channel, native_id: str, now: datetime, *, was_public: bool) -> Sighting:
    """A video that was never made public is missing. One that was, and is private, YouTube or somebody has hidden."""
    told = next(iter(videos(channel, [native_id], now=now)), None)
    if told is None:
        return Missing()
    if payload.privacy_of(told) != "public":
        return Unreadable(payload.KEPT_PRIVATE) if was_public else Missing()
    return payload.found(told, channel.base_url) or Unreadable("YouTube's answer is not this video.")


def _among_own(
    channel: Channel, item: Item, since: datetime, is_another: Callable[[str], bool], now: datetime
) -> Sighting:
    """A public upload with the item's words. Without a note of ours nothing else can be the item: the session's
    address is noted before the first byte."""
    for told in own_since(channel, since, now=now):
        found = payload.found(told, channel.base_url)
        if found is None or payload.privacy_of(told) != "public" or is_another(found.native_id):
            continue
        if payload.same(item, found):
            return found
    return Missing()


class Remover:
    """Deletes the video; one that is already gone counts as deleted."""

    def remove(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        url = api(channel.base_url, "videos")

        def delete(signed: dict[str, str]) -> httpx.Response:
            return channel.http.delete(url, params={"id": native_id}, headers=signed)

        try:
            response = authorised(channel, publishing, delete, now=now)
        except Halt as halt:
            return halt.outcome
        if response.status_code == 204 or payload.tells_missing(response):
            return Sent(native_id, "")
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        return Unsure("YouTube answered, but not in a way that says whether the video is gone.")


class Editor:
    """Gives a video another title and description. The part is sent whole, with what else it holds as YouTube has it:
    what an update leaves out is lost."""

    describes = False

    def edit(self, channel: Channel, item: Item, *, native_id: str, now: datetime) -> Outcome:
        if problems := list(payload.text_problems(item.text)):
            return Refused(" ".join(problem.message for problem in problems))
        try:
            response = _edited(channel, item, native_id, now)
        except CannotTell as trouble:
            return instead_of_reading(trouble, now)
        except Halt as halt:
            return halt.outcome
        if response.is_client_error:
            return payload.refusal(response, secrets_of(channel))
        if text_of(fields_of(response), "id") != native_id:
            return Unsure("YouTube answered, but not in a way that says whether the video was changed.")
        return Sent(native_id, payload.permalink(channel.base_url, native_id))


def _edited(channel: Channel, item: Item, native_id: str, now: datetime) -> httpx.Response:
    found = videos(channel, [native_id], now=now, parts="snippet")
    if not found:
        raise Halt(payload.REASONS["videoNotFound"])
    body = {"id": native_id, "snippet": payload.edited(object_of(found[0], "snippet"), item)}
    return _update(channel, body, "snippet", now)


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
    # YouTube takes reports of videos, comments and playlists from programmes, and of channels only by its own form.
    reporter=None,
    live=Live(),
    lifetime=lifetime,
)
