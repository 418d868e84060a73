"""Pictures and videos: handed over in pieces, awaited, described. Each step is noted, so that none is done twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit.captions import srt
from mercat.networks.kit.films import pieces
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, preparing, text_of
from mercat.networks.port import Channel, Later, Medium, Notes, Refused
from mercat.networks.x import payload
from mercat.networks.x.answers import data_of
from mercat.networks.x.session import Call, api, authorised, secrets_of

PIECE = 1_000_000  # bytes; X takes up to 5 MB in one, but a small one is sooner sent again
VIDEO_PIECE = 4_000_000  # X takes 1,000 pieces of up to 5 MB
POLL = timedelta(seconds=2)  # between two looks at a picture in processing, where X names no time
LONGEST_POLL = 60  # seconds

# How far a picture has come, as noted before its id. Of a video: “sending@” with the bytes that X has, then “ending”.
_SENDING, _ENDING, _WAITING, _DESCRIBING, _READY = "sending@", "ending", "waiting", "describing", "ready"
_NOT_SAID = "X did not say that it has the picture or video."
_GONE = "X no longer has the picture or video that was handed to it; it is handed over again."
_FAILED = "X could not process the picture or video. Use another one."


@dataclass(frozen=True, slots=True)
class Picture:
    """The `n`th picture of an item on its way to X."""

    channel: Channel
    n: int
    medium: Medium
    notes: Notes
    now: datetime
    language: str  # that of the item, and of a video's captions

    def bring(self) -> tuple[str, timedelta | None]:
        """Its id at X, and how long to wait before it is ready; None where it is."""
        stage, _, media_id = (self.notes.get(self._note) or "").partition(":")
        wait: timedelta | None = None
        if self.medium.is_video and (not media_id or stage.startswith((_SENDING, _ENDING))):
            media_id, wait = self._film(stage, media_id)
            stage = _WAITING if wait else _DESCRIBING
            self._keep(stage, media_id)
        elif not media_id:
            media_id, wait = _handed_over(self.channel, self.medium, self.now)
            stage = _WAITING if wait else _DESCRIBING
            self._keep(stage, media_id)
        elif stage == _WAITING:
            wait = self._look(media_id)
        if wait:
            return media_id, wait
        if stage != _READY:
            self._describe(media_id)
            self._caption(media_id)
            self._keep(_READY, media_id)
        return media_id, None

    def forget(self) -> None:
        """So that it is handed over again, and its captions with it."""
        self.notes.keep(self._note, "")
        self.notes.keep(self._captions_note, "")

    @property
    def _note(self) -> str:
        return f"media:{self.n}:{self.medium.sha256}"

    @property
    def _captions_note(self) -> str:
        return f"captions:{self.n}:{self.medium.sha256}"

    def _keep(self, stage: str, media_id: str) -> None:
        self.notes.keep(self._note, f"{stage}:{media_id}")

    def _film(self, stage: str, media_id: str) -> tuple[str, timedelta | None]:
        """A video, from where an earlier attempt stopped. A piece may come twice: X takes it by its number."""
        if not media_id:
            media_id = _begun(self.channel, self.medium.mime, self.medium.size, "tweet_video", self.now)
            stage = f"{_SENDING}0"
            self._keep(stage, media_id)
        if stage != _ENDING:
            for offset, piece in pieces(self.medium, int(stage.removeprefix(_SENDING)), VIDEO_PIECE, now=self.now):
                answer = _append(self.channel, media_id, offset // VIDEO_PIECE, piece, self.now)
                self._forget_if_gone(answer)
                _refuse(answer, self.channel, self.now)
                self._keep(f"{_SENDING}{offset + len(piece)}", media_id)
            self._keep(_ENDING, media_id)
        return media_id, self._ended(media_id)

    def _ended(self, media_id: str) -> timedelta | None:
        answer = _post(self.channel, f"{media_id}/finalize", self.now)
        if payload.is_gone(answer):  # an earlier attempt may have ended it, and lost the answer
            return self._look(media_id)
        return _wait(_about(media_id, answer, self.channel, self.now))

    def _look(self, media_id: str) -> timedelta | None:
        url, asked = api(self.channel.base_url, "media/upload"), {"command": "STATUS", "media_id": media_id}

        def get(signed: dict[str, str]) -> httpx.Response:
            return self.channel.http.get(url, params=asked, headers=signed)

        return _wait(self._of_this(get, media_id))

    def _describe(self, media_id: str) -> None:
        if self.medium.is_video or not self.medium.alt:
            return
        url = api(self.channel.base_url, "media/metadata")
        body = {"id": media_id, "metadata": {"alt_text": {"text": self.medium.alt}}}

        def post(signed: dict[str, str]) -> httpx.Response:
            return self.channel.http.post(url, json=body, headers=signed)

        self._of_this(post, media_id)

    def _caption(self, media_id: str) -> None:
        """A video's captions are media of their own (OpenAPI 2.167, CreateMediaSubtitlesRequest). X names a language by
        two letters; one that has no such name cannot be told to it."""
        captions, code = srt(self.medium.captions).encode("utf-8", "replace"), payload.language_code(self.language)
        if not self.medium.is_video or not captions or not code:
            return
        track = self.notes.get(self._captions_note)
        if not track:
            track = _begun(self.channel, "text/srt", len(captions), "subtitles", self.now)
            _filled(self.channel, track, captions, self.now)
            self.notes.keep(self._captions_note, track)
        told = {"display_name": payload.language_name(code), "id": track, "language_code": code}
        body = {"id": media_id, "media_category": "TweetVideo", "subtitles": told}
        url = api(self.channel.base_url, "media/subtitles")

        def post(signed: dict[str, str]) -> httpx.Response:
            return self.channel.http.post(url, json=body, headers=signed)

        self._of_this(post, media_id)

    def _of_this(self, call: Call, media_id: str) -> httpx.Response:
        """The answer to a call about this picture, once X has it."""
        response = authorised(self.channel, preparing, call, now=self.now)
        self._forget_if_gone(response)
        return _about(media_id, response, self.channel, self.now)

    def _forget_if_gone(self, response: httpx.Response) -> None:
        if payload.is_gone(response):
            self.forget()


def _handed_over(channel: Channel, medium: Medium, now: datetime) -> tuple[str, timedelta | None]:
    content = bytes_of(medium, now=now)
    media_id = _begun(channel, medium.mime, medium.size, "tweet_image", now)
    return media_id, _wait(_filled(channel, media_id, content, now))


def _filled(channel: Channel, media_id: str, content: bytes, now: datetime) -> httpx.Response:
    """The answer to the end of an upload that one attempt hands over."""
    for segment, start in enumerate(range(0, len(content), PIECE)):
        _refuse(_append(channel, media_id, segment, content[start : start + PIECE], now), channel, now)
    return _about(media_id, _post(channel, f"{media_id}/finalize", now), channel, now)


def _begun(channel: Channel, mime: str, size: int, category: str, now: datetime) -> str:
    begun = {"media_type": mime, "media_category": category, "total_bytes": size}
    response = _post(channel, "initialize", now, json=begun)
    _refuse(response, channel, now)
    media_id = text_of(data_of(response), "id")
    if not media_id.isdecimal():
        raise Halt(Later(now + RETRY, _NOT_SAID))
    return media_id


def _append(channel: Channel, media_id: str, segment: int, piece: bytes, now: datetime) -> httpx.Response:
    form, file = {"segment_index": str(segment)}, ("piece", piece, "application/octet-stream")
    return _post(channel, f"{media_id}/append", now, data=form, files={"media": file})


def _post(channel: Channel, path: str, now: datetime, **given: Any) -> httpx.Response:
    url = api(channel.base_url, f"media/upload/{path}")
    return authorised(channel, preparing, lambda signed: channel.http.post(url, headers=signed, **given), now=now)


def _wait(response: httpx.Response) -> timedelta | None:
    """How long X asks us to wait for a picture; None where it is ready. Raises Halt where processing failed.

    Only what was announced may be asked for: X answers 400 for a picture that was ready at once.
    """
    processing = data_of(response).get("processing_info")
    if not isinstance(processing, dict) or text_of(processing, "state") == "succeeded":
        return None
    if text_of(processing, "state") == "failed":
        raise Halt(Refused(_FAILED))
    seconds = processing.get("check_after_secs")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 1:
        return POLL
    return timedelta(seconds=min(seconds, LONGEST_POLL))


def _about(media_id: str, response: httpx.Response, channel: Channel, now: datetime) -> httpx.Response:
    _refuse(response, channel, now)
    if text_of(data_of(response), "id") != media_id:
        raise Halt(Later(now + RETRY, _NOT_SAID))
    return response


def _refuse(response: httpx.Response, channel: Channel, now: datetime) -> None:
    if payload.is_gone(response):
        raise Halt(Later(now + RETRY, _GONE))
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
