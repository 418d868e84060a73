"""A video's way to a page: begun, handed over in the pieces that Facebook asks for, ended, awaited, captioned.

By /{page}/videos with upload_phase start, transfer and finish (facebook-business-sdk-codegen, Page.json, v25.0), which
goes by the page's own token; the newer /{app}/uploads asks for a person's (docs/graph-api/guides/upload), and we keep
none. At graph.facebook.com, since graph-video.facebook.com has been given up (docs/video-api/overview). The video has
its id from the start: by it a lost answer is cleared up, and ending it twice makes one post.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from mercat.networks.facebook import payload
from mercat.networks.kit.captions import srt
from mercat.networks.kit.films import TURN, part_of
from mercat.networks.kit.graph import Gone, Graph, Kind, fault_of
from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import RETRY, Halt, fields_of, text_of
from mercat.networks.port import Item, Later, Medium, Notes, Pending, Refused, Unsure

ASKED = "asked_at"
POLL = timedelta(seconds=5)  # Meta names no time between two looks
MOST_PIECE = 8_000_000  # bytes in one call, also where Facebook asks for more: what a slow line carries in its time

_SENDING, _ENDING, _ENDED = "sending", "ending", "ended"
_NO_PLACE = "Facebook did not say where to hand the video over."
_NOT_SAID = "Facebook did not say that it has the video."
_STUCK = "Facebook took nothing more of the video."
_ANEW = "Facebook no longer has what was handed over of the video; it is handed over anew."
_PREPARING = "Facebook is still preparing the video."
_NOT_SHOWN = "Facebook does not show the video yet."
_FAILED = "Facebook could not process the video. Use another one."
_DOUBTED = "Facebook has the video, and does not say whether it is out."
_GARBLED = "Facebook answered, but not in a way that says whether the post is out."


@dataclass(frozen=True, slots=True)
class _Known:
    """How far the video has come. Facebook asks for the bytes from `start` to before `end`; equal: it has all."""

    stage: str
    video: str
    session: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Video:
    """The video of an item on its way to a page."""

    asking: Graph
    item: Item
    notes: Notes

    @property
    def medium(self) -> Medium:
        return self.item.media[0]

    def publish(self) -> str:
        """The id of the post that it stands on. Halts while there is none."""
        known = self._noted() or self._begun()
        if known.stage == _SENDING:
            known = self._handed_over(known)
        if known.stage == _ENDED or (known.stage == _ENDING and self._is_known_to_be_ended(known)):
            return self._out(known)
        return self._out(self._end(known))

    def post(self) -> str:
        """The id of the post that the video is known to stand on; empty while it does not. Raises Gone, CannotTell."""
        known = self._noted()
        if known is None or known.stage == _SENDING:
            return ""
        node = self.asking.read(lambda: self._look(known))
        return payload.post_of_video(node, self.asking.channel.native_id) if payload.is_out(node) else ""

    # Notes

    @property
    def _note(self) -> str:
        return f"video:{self.medium.sha256}"

    def _noted(self) -> _Known | None:
        noted = self.notes.get(self._note)
        return _Known(**json.loads(noted)) if noted else None

    def _keep(self, known: _Known) -> _Known:
        self.notes.keep(self._note, json.dumps(asdict(known)))
        return known

    def _halt_anew(self) -> Halt:
        self.notes.keep(self._note, "")
        return Halt(Later(self.asking.now + RETRY, _ANEW))

    # Handing over

    def _videos(self, fields: Mapping[str, str], piece: bytes | None = None) -> httpx.Response:
        files = {"video_file_chunk": ("piece", piece, "application/octet-stream")} if piece is not None else None
        return self.asking.post(self.asking.channel.native_id, "videos", fields=fields, files=files)

    def _begun(self) -> _Known:
        part_of(self.medium, 0, 1, now=self.asking.now)  # what our own store does not give is not announced
        form = {"upload_phase": "start", "file_size": str(self.medium.size)}
        answer = self.asking.prepared(lambda: self._videos(form))
        video, session = text_of(answer, "video_id"), text_of(answer, "upload_session_id")
        asked = payload.asked_for(answer, self.medium.size)
        if not video.isdecimal() or not session or asked is None:
            raise Halt(Later(self.asking.now + RETRY, _NO_PLACE))
        return self._keep(_Known(_SENDING, video, session, *asked))

    def _handed_over(self, known: _Known) -> _Known:
        first, corrected = known.start, False
        while known.start < known.end:
            if known.start - first >= TURN:
                done, whole = megabytes(known.start // 1_000_000 * 1_000_000), megabytes(self.medium.size)
                said = f"{done} of {whole} MB of the video are handed over."
                raise Halt(Pending(self.asking.now, said, moving=True))
            response = self._piece(known)
            asked = payload.asked_instead(response, self.medium.size)
            if asked and corrected:
                raise Halt(Later(self.asking.now + RETRY, _STUCK))
            if asked:  # an earlier attempt's piece arrived, and its answer did not
                first, corrected = asked[0], True
            else:
                asked = self._taken(response, known)
            known = self._keep(replace(known, start=asked[0], end=asked[1]))
        if known.start < self.medium.size:
            raise Halt(Later(self.asking.now + RETRY, _STUCK))
        return known

    def _piece(self, known: _Known) -> httpx.Response:
        content = part_of(self.medium, known.start, min(known.end - known.start, MOST_PIECE), now=self.asking.now)
        form = {"upload_phase": "transfer", "upload_session_id": known.session, "start_offset": str(known.start)}
        return self.asking.asked(lambda: self._videos(form, content))

    def _taken(self, response: httpx.Response, known: _Known) -> tuple[int, int]:
        if payload.is_upload_over(response):
            raise self._halt_anew()
        self.asking.refuse(response, public=False)
        asked = payload.asked_for(fields_of(response), self.medium.size)
        if asked is None:
            raise Halt(Later(self.asking.now + RETRY, _NOT_SAID))
        if asked[0] <= known.start:
            raise Halt(Later(self.asking.now + RETRY, _STUCK))
        return asked

    # Publishing

    def _end(self, known: _Known) -> _Known:
        if self.notes.get(ASKED) is None:
            self.notes.keep(ASKED, self.asking.now.isoformat())  # where to begin to look, should the answer be lost
        self._keep(replace(known, stage=_ENDING))
        form = {"upload_phase": "finish", "upload_session_id": known.session, **payload.described(self.item)}
        response = self.asking.published(lambda: self._videos(form))
        if payload.is_upload_over(response):
            # Of an upload that was to end before, it may say that it has ended.
            raise Halt(Unsure(_DOUBTED)) if known.stage == _ENDING else self._halt_anew()
        self.asking.refuse(response, public=True)
        if fields_of(response).get("success") is not True:
            raise Halt(Unsure(_GARBLED))
        return self._keep(replace(known, stage=_ENDED))

    def _look(self, known: _Known) -> httpx.Response:
        return self.asking.get(known.video, fields=payload.VIDEO_FIELDS)

    def _shown(self, known: _Known) -> Mapping[str, Any]:
        """The video as Facebook shows it, once its end was asked for. It goes public by itself then, so that a reading
        that is refused says nothing of it. Raises Gone."""
        response = self.asking.asked(lambda: self._look(known))
        fault = fault_of(response)
        if fault and fault.kind is Kind.GONE:
            raise Gone
        if fault:
            raise Halt(Unsure(_DOUBTED))
        return fields_of(response)

    def _is_known_to_be_ended(self, known: _Known) -> bool:
        """Whether an earlier attempt has ended it, though its answer was lost."""
        try:
            return not payload.is_uploading(self._shown(known))
        except Gone:
            return False

    def _out(self, known: _Known) -> str:
        """Once Facebook shows it to all: by itself, when it has processed it."""
        try:
            node = self._shown(known)
        except Gone:
            raise Halt(Later(self.asking.now + RETRY, _NOT_SHOWN)) from None
        if payload.has_failed(node):
            self.notes.keep(self._note, "")
            raise Halt(Refused(_FAILED))
        self._caption(known)
        if not payload.is_out(node):
            raise Halt(Pending(self.asking.now + POLL, _PREPARING))
        return payload.post_of_video(node, self.asking.channel.native_id)

    def _caption(self, known: _Known) -> None:
        """Tried at each look until taken. Where Facebook never does, the video is out without: it cannot be held."""
        captions, note = srt(self.medium.captions), f"captioned:{self.medium.sha256}"
        if not captions or self.notes.get(note):
            return
        locale = payload.locale_of(self.item.language)
        files = {"captions_file": (f"captions.{locale}.srt", captions.encode("utf-8", "replace"), payload.SRT)}
        try:
            response = self.asking.asked(
                lambda: self.asking.post(known.video, "captions", fields={"default_locale": locale}, files=files)
            )
        except Halt:
            return
        if fields_of(response).get("success") is True:
            self.notes.keep(note, "yes")
