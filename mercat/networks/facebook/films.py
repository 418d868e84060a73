"""A video's way to a page, whichever it goes: begun, handed over, ended, awaited, captioned, given its cover.

The video has its id from the start: by it a lost answer is cleared up, and ending it twice makes one post. How it is
begun, handed over and ended is told in videos.py and reels.py.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from mercat.networks.facebook import payload
from mercat.networks.kit.captions import srt
from mercat.networks.kit.films import part_of
from mercat.networks.kit.graph import Gone, Graph, Kind, fault_of
from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import RETRY, Halt, bytes_of, fields_of
from mercat.networks.port import Altered, Item, Later, Medium, Notes, Pending, Refused, Unsure

ASKED = "asked_at"
POLL = timedelta(seconds=5)  # Meta names no time between two looks
SENDING, ENDING, ENDED = "sending", "ending", "ended"

NO_PLACE = "Facebook did not say where to hand the video over."
NOT_SAID = "Facebook did not say that it has the video."
STUCK = "Facebook took nothing more of the video."
ANEW = "Facebook no longer has what was handed over of the video; it is handed over anew."
_PREPARING = "Facebook is still preparing the video."
_NOT_SHOWN = "Facebook does not show the video yet."
_FAILED = "Facebook could not process the video. Use another one."
_DOUBTED = "Facebook has the video, and does not say whether it is out."
_GARBLED = "Facebook answered, but not in a way that says whether the post is out."


@dataclass(frozen=True, slots=True)
class Known:
    """How far the video has come. `session`: of what is handed over; of a reel the address to which it goes.

    Facebook asks for the bytes from `start` to before `end`; equal: it has all. Of a reel it may have those bytes.
    """

    stage: str
    video: str
    session: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Film(ABC):
    """The video of an item on its way to a page."""

    kind: ClassVar[str]  # of its note

    asking: Graph
    item: Item
    notes: Notes

    @property
    def medium(self) -> Medium:
        return self.item.media[0]

    def publish(self) -> str:
        """The id of the post that it stands on. Halts while there is none."""
        known = self._noted() or self._announced()
        if known.stage == SENDING:
            known = self._handed_over(known)
        if known.stage == ENDED or (known.stage == ENDING and self._is_known_to_be_ended(known)):
            return self._out(known)
        return self._out(self._end(known))

    def post(self) -> str:
        """The id of the post that the video is known to stand on; empty while it does not. Raises Gone, CannotTell."""
        known = self._noted()
        if known is None or known.stage == SENDING:
            return ""
        node = self.asking.read(lambda: self._look(known))
        return payload.post_of_video(node, self.asking.channel.native_id) if self._is_out(node) else ""

    # What each way does in its own manner

    @abstractmethod
    def _begun(self) -> Known:
        """Of a video that Facebook was told of."""

    @abstractmethod
    def _handed_over(self, known: Known) -> Known:
        """Once Facebook has all of it."""

    @abstractmethod
    def _finish(self, known: Known) -> httpx.Response:
        """Asks for it to be published."""

    @abstractmethod
    def _denies(self, response: httpx.Response) -> bool:
        """Whether an answer that refuses to end it may have been given because it has ended before."""

    @abstractmethod
    def _has_ended(self, node: Mapping[str, Any]) -> bool:
        """Whether its end has reached Facebook."""

    def _is_out(self, node: Mapping[str, Any]) -> bool:
        return payload.is_out(node)

    def _why_anew(self, response: httpx.Response) -> str:
        """Why it is begun anew, by the answer to its end; empty where it is not."""
        return ANEW if payload.is_upload_over(response) else ""

    # Notes

    @property
    def _note(self) -> str:
        return note_of(self.kind, self.medium)

    def _noted(self) -> Known | None:
        noted = self.notes.get(self._note)
        return Known(**json.loads(noted)) if noted else None

    def _keep(self, known: Known) -> Known:
        self.notes.keep(self._note, json.dumps(asdict(known)))
        return known

    def _halt_anew(self, why: str = ANEW) -> Halt:
        self.notes.keep(self._note, "")
        return Halt(Later(self.asking.now + RETRY, why))

    # Handing over

    def _announced(self) -> Known:
        # What our own store does not give is not announced.
        part_of(self.medium, 0, 1, now=self.asking.now)
        if self.medium.cover:
            bytes_of(self.medium.cover, now=self.asking.now)
        return self._keep(self._begun())

    def _goes_on(self, start: int) -> Pending:
        """A good part is there, and the next attempt brings more."""
        done, whole = megabytes(start // 1_000_000 * 1_000_000), megabytes(self.medium.size)
        return Pending(self.asking.now, f"{done} of {whole} MB of the video are handed over.", moving=True)

    # Publishing

    def _end(self, known: Known) -> Known:
        if self.notes.get(ASKED) is None:
            self.notes.keep(ASKED, self.asking.now.isoformat())  # where to begin to look, should the answer be lost
        self._keep(replace(known, stage=ENDING))
        try:
            response, why_anew = self._asked_to_end(known)
        except Halt as halt:
            if not isinstance(halt.outcome, Unsure):
                self._keep(known)  # this end, Facebook has clearly not taken
            raise
        if why_anew:
            raise self._halt_anew(why_anew)
        if fields_of(response).get("success") is not True:
            raise Halt(Unsure(_GARBLED))
        return self._keep(replace(known, stage=ENDED))

    def _asked_to_end(self, known: Known) -> tuple[httpx.Response, str]:
        """The answer, and why the video is to be begun anew."""
        response = self.asking.published(lambda: self._finish(known))
        if known.stage == ENDING and self._denies(response):
            raise Halt(Unsure(_DOUBTED))
        why_anew = self._why_anew(response)
        if not why_anew:
            self.asking.refuse(response, public=True)
        return response, why_anew

    def _look(self, known: Known) -> httpx.Response:
        return self.asking.get(known.video, fields=payload.VIDEO_FIELDS)

    def _shown(self, known: Known) -> Mapping[str, Any]:
        """The video as Facebook shows it, once its end was asked for. It goes public by itself then, so that a reading
        that is refused says nothing of it. Raises Gone."""
        response = self.asking.asked(lambda: self._look(known))
        fault = fault_of(response)
        if fault and fault.kind is Kind.GONE:
            raise Gone
        if fault:
            raise Halt(Unsure(_DOUBTED))
        return fields_of(response)

    def _is_known_to_be_ended(self, known: Known) -> bool:
        """Whether an earlier attempt has ended it, though its answer was lost."""
        try:
            return self._has_ended(self._shown(known))
        except Gone:
            return False

    def _out(self, known: Known) -> str:
        """Once Facebook shows it to all: by itself, when it has processed it."""
        try:
            node = self._shown(known)
        except Gone:
            raise Halt(Later(self.asking.now + RETRY, _NOT_SHOWN)) from None
        self._refuse_failed(node)
        self._caption(known)
        self._cover(known)
        if not self._is_out(node):
            raise Halt(Pending(self.asking.now + POLL, _PREPARING))
        return payload.post_of_video(node, self.asking.channel.native_id)

    def _refuse_failed(self, node: Mapping[str, Any]) -> None:
        if payload.has_failed(node):
            self.notes.keep(self._note, "")
            raise Halt(Refused(_FAILED))

    # What belongs to it

    def _caption(self, known: Known) -> None:
        if captions := srt(self.medium.captions):
            locale = payload.locale_of(self.item.language)
            file = (f"captions.{locale}.srt", captions.encode("utf-8", "replace"), payload.SRT)
            self._add("captioned", known, "captions", {"default_locale": locale}, {"captions_file": file})

    def _cover(self, known: Known) -> None:
        cover = self.medium.cover
        if cover is None:
            return
        try:
            content = bytes_of(cover, now=self.asking.now)
        except (Altered, Halt):
            return  # another picture than the approved one goes nowhere; the video is on its way by itself
        file = (f"cover.{cover.mime.partition('/')[2]}", content, cover.mime)
        self._add("covered", known, "thumbnails", {"is_preferred": "true"}, {"source": file})

    def _add(
        self,
        done: str,
        known: Known,
        edge: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes, str]],
    ) -> None:
        """Tried at each look until taken. Where Facebook never does, the video is out without: it cannot be held."""
        note = note_of(done, self.medium)
        if self.notes.get(note):
            return
        try:
            response = self.asking.asked(lambda: self.asking.post(known.video, edge, fields=fields, files=files))
        except Halt:
            return
        if fields_of(response).get("success") is True:
            self.notes.keep(note, "yes")


def note_of(what: str, medium: Medium) -> str:
    return f"{what}:{medium.sha256}"
