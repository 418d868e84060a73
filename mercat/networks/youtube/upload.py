"""A video's way to YouTube: a session whose address is noted before any byte, pieces, and going on where it stopped.

developers.google.com/youtube/data/guides/using_resumable_upload_protocol. The session's address lets whoever has it
upload: it stands in the notes alone, never in an outcome, and our log holds no queries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from mercat.networks.kit.address import is_own_place
from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import RETRY, Halt, fields_of, preparing, text_of
from mercat.networks.port import Altered, Channel, Item, Later, Medium, Notes, Pending
from mercat.networks.youtube import payload
from mercat.networks.youtube.session import authorised, instead_of_reading, secrets_of, upload_api
from mercat.networks.youtube.spec import API
from mercat.networks.youtube.uploads import tagged

# Bytes in one call: a multiple of 256 KiB, as YouTube asks for, that 4.5 Mbit/s carry within the time-out.
PIECE = 8 * 1024 * 1024
# In one attempt, so 512 MiB: what 100 Mbit/s carry in its 45 seconds. A slower line is stopped by the end of the
# attempt instead (no call begins after it), and both go on as Pending, which costs no attempt. Few and long attempts,
# because each wait between them is longer than the last.
MOST_PIECES = 64
SHOWN_AFTER = timedelta(minutes=10)  # a video that YouTube shows no sooner is taken for gone

_GOES_ON = "The video is on its way to YouTube; the rest follows."
_NO_ADDRESS = "YouTube did not say where to bring the video."
_NOT_SAID = "YouTube did not say that it has the video."
_STUCK = "YouTube took nothing more of the video."
_ANEW = "YouTube no longer has what was brought of the video; it is brought anew."
_UNREADABLE = "The video could not be read from our own store."
_MOST_ADDRESS = 4_000  # characters
_RANGE = re.compile(r"bytes=0-(\d{1,15})")


class _Incomplete(Exception):
    """Answer 308: YouTube has the bytes before `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Upload:
    """The video of an item on its way to YouTube."""

    channel: Channel
    item: Item
    notes: Notes
    now: datetime

    @property
    def video(self) -> Medium:
        return self.item.media[0]

    def bring(self) -> str:
        """The video's id at YouTube. Raises Halt until all of it is there."""
        if known := video_of(self.item, self.notes):
            return known
        session = self.notes.get(self._session_note)
        if session:
            reached = self._put(session, b"", f"bytes */{self.video.size}")
            return self._go_on(session, reached, further=self._came_further(reached))
        # Before a session is begun, since each costs one of a day's hundred uploads.
        first = self._part(0)
        return self._go_on(self._begin(), 0, first)

    def forget(self) -> None:
        """So that it is brought anew."""
        for note in (_video_note(self.item), self._session_note, f"reached:{self.item.key}"):
            self.notes.keep(note, "")

    def not_shown(self) -> Later:
        """YouTube shows no video of this id: not yet, or no longer."""
        known = self.notes.get(_uploaded_note(self.item))
        if known and self.now - datetime.fromisoformat(known) > SHOWN_AFTER:
            self.forget()
            return Later(self.now + RETRY, _ANEW)
        return Later(self.now + RETRY, "YouTube does not show the video yet.")

    @property
    def _session_note(self) -> str:
        return f"session:{self.item.key}"

    def _begin(self) -> str:
        url = upload_api(self.channel.base_url, "videos")
        asked = {"uploadType": "resumable", "part": "snippet,status"}
        body = payload.video(self.item, public=False)
        about = {"X-Upload-Content-Length": str(self.video.size), "X-Upload-Content-Type": self.video.mime}
        if self.notes.get(asked_note(self.item)) is None:
            self.notes.keep(asked_note(self.item), self.now.isoformat())

        def post(signed: dict[str, str]) -> httpx.Response:
            return self.channel.http.post(url, params=asked, json=body, headers={**signed, **about})

        response = authorised(self.channel, preparing, post, now=self.now)
        if response.is_client_error:
            raise Halt(payload.refusal(response, secrets_of(self.channel)))
        session: str = response.headers.get("location", "")
        if not _is_theirs(session, self.channel.base_url):
            raise Halt(Later(self.now + RETRY, _NO_ADDRESS))
        self.notes.keep(self._session_note, session)
        return session

    def _came_further(self, reached: int | str) -> bool:
        """Whether more is there than when it was last asked for: of a piece without an answer, part may have come."""
        note, here = f"reached:{self.item.key}", reached if isinstance(reached, int) else self.video.size
        before = int(self.notes.get(note) or 0)
        if here > before:
            self.notes.keep(note, str(here))
        return here > before

    def _go_on(self, session: str, reached: int | str, first: bytes = b"", *, further: bool = False) -> str:
        """From the byte that was reached; a text is the id of the video that has all of them."""
        for n in range(MOST_PIECES):
            if isinstance(reached, str):
                return reached
            if reached >= self.video.size:
                raise Halt(Later(self.now + RETRY, _NOT_SAID))  # all is there, and no video came of it yet
            piece = first if n == 0 and first else self._part(reached)
            following = self._piece(session, piece, reached, further=further or n > 0)
            if isinstance(following, int) and not reached < following < self.video.size:
                raise Halt(Later(self.now + RETRY, _STUCK))
            reached = following
        if isinstance(reached, str):
            return reached
        raise Halt(Pending(self.now, _GOES_ON, moving=True))

    def _piece(self, session: str, piece: bytes, offset: int, *, further: bool) -> int | str:
        """`further`: something was brought in this attempt. Then trouble, or the end of its time, costs none: the next
        one asks how far it came."""
        try:
            return self._put(session, piece, f"bytes {offset}-{offset + len(piece) - 1}/{self.video.size}")
        except Halt as halt:
            if further and isinstance(halt.outcome, Later) and not halt.outcome.limited:
                raise Halt(Pending(halt.outcome.at, _GOES_ON, moving=True)) from None
            raise

    def _put(self, session: str, piece: bytes, span: str) -> int | str:
        """How many bytes YouTube has, or the id of the video."""

        def put(signed: dict[str, str]) -> httpx.Response:
            about = {"Content-Range": span, "Content-Type": self.video.mime}
            response = self.channel.http.put(session, content=piece, headers={**signed, **about})
            if response.status_code == 308:
                raise _Incomplete(_reached(response))
            return response

        try:
            response = authorised(self.channel, preparing, put, now=self.now)
        except _Incomplete as told:
            return told.offset
        if payload.tells_missing(response):
            return self._without_session()
        if response.is_client_error:
            raise Halt(payload.refusal(response, secrets_of(self.channel)))
        native_id = text_of(fields_of(response), "id")
        if not native_id:
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        return self._has_all(native_id)

    def _has_all(self, native_id: str) -> str:
        self.notes.keep(_uploaded_note(self.item), self.now.isoformat())
        self.notes.keep(_video_note(self.item), native_id)
        return native_id

    def _without_session(self) -> str:
        """The session is gone. Only if no video came of it may another begin."""
        try:
            native_id = tagged(self.channel, payload.tag_of(self.item), asked_at(self.item, self.notes), now=self.now)
        except CannotTell as trouble:
            raise Halt(instead_of_reading(trouble, self.now)) from None
        if native_id:
            return self._has_all(native_id)
        self.forget()
        raise Halt(Later(self.now + RETRY, _ANEW))

    def _part(self, offset: int) -> bytes:
        """A piece of the video. Raises Altered when it is not the approved one."""
        size = min(PIECE, self.video.size - offset)
        try:
            piece = self.video.part(offset, size) if self.video.part else self.video.read()[offset : offset + size]
        except Altered:
            raise
        except Exception:
            # Whatever the store raises (a disk, a bucket), nothing is out and it may be back soon.
            raise Halt(Later(self.now + RETRY, _UNREADABLE)) from None
        if len(piece) != size:
            raise Altered("A stored video is not the one that was approved: its length differs.")
        return piece


def video_of(item: Item, notes: Notes) -> str:
    """The id of the item's video; empty until all of it is there."""
    return notes.get(_video_note(item)) or ""


def asked_at(item: Item, notes: Notes) -> datetime:
    """When YouTube was first asked to take the video."""
    noted = notes.get(asked_note(item))
    return datetime.fromisoformat(noted) if noted else item.created_at


def asked_note(item: Item) -> str:
    return f"asked:{item.key}"


def _video_note(item: Item) -> str:
    return f"video:{item.key}"


def _uploaded_note(item: Item) -> str:
    return f"uploaded:{item.key}"


def _reached(response: httpx.Response) -> int:
    """Without a readable range YouTube has nothing yet."""
    told = _RANGE.fullmatch(response.headers.get("range", ""))
    return int(told[1]) + 1 if told else 0


def _is_theirs(session: str, base_url: str) -> bool:
    """Whether an address may get our token: on Google's interface, or where the stand-in is."""
    if len(session) > _MOST_ADDRESS:
        return False
    return is_own_place(session, base_url, real=API, is_theirs=lambda host: host.endswith(".googleapis.com"))
