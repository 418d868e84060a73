"""What belongs to a video: its cover and its captions. Each is brought once, while the video is still private.

A video goes out also without them: YouTube refuses covers of channels whose phone number is not confirmed, for example.
Trouble that passes is waited for a few times, since captions are owed to those who cannot hear.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from mercat.networks.kit.steps import Halt, bytes_of, preparing
from mercat.networks.port import Channel, Item, Later, Medium, Notes, Pending
from mercat.networks.youtube.session import authorised, upload_api
from mercat.networks.youtube.spec import MAX_COVER

MOST_TRIES = 3
_DONE = "done"
_WAITING = "YouTube has not taken the video's cover or captions yet."


@dataclass(frozen=True, slots=True)
class Extras:
    channel: Channel
    item: Item
    native_id: str
    notes: Notes
    now: datetime

    def bring(self) -> None:
        """Raises Halt while something is worth another try."""
        video = self.item.media[0]
        if video.cover and video.cover.size <= MAX_COVER:
            cover = video.cover
            self._once("cover", lambda: self._cover(cover))
        if video.captions.strip():
            self._once("captions", lambda: self._captions(video.captions))

    def _once(self, name: str, bring: Callable[[], None]) -> None:
        note = f"{name}:{self.native_id}"
        tried = self.notes.get(note) or "0"
        if tried == _DONE:
            return
        try:
            bring()
        except Halt as halt:
            tries = int(tried) + 1
            if isinstance(halt.outcome, Later) and tries < MOST_TRIES:
                self.notes.keep(note, str(tries))
                raise Halt(Pending(halt.outcome.at, _WAITING)) from None
            if not isinstance(halt.outcome, Later):
                raise
        self.notes.keep(note, _DONE)

    def _cover(self, cover: Medium) -> None:
        content = bytes_of(cover, now=self.now)
        self._post("thumbnails/set", {"uploadType": "media", "videoId": self.native_id}, content, cover.mime)

    def _captions(self, captions: str) -> None:
        """By the language of the item. A track that is there already (409) is the one that a lost answer was about."""
        about = {"snippet": {"videoId": self.native_id, "language": self.item.language, "name": "", "isDraft": False}}
        border = f"mercat-{self.item.key}"
        parts = (
            f"--{border}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(about)}\r\n"
            f"--{border}\r\nContent-Type: text/vtt; charset=UTF-8\r\n\r\n{captions}\r\n--{border}--\r\n"
        )
        asked = {"uploadType": "multipart", "part": "snippet"}
        self._post("captions", asked, parts.encode("utf-8", "replace"), f'multipart/related; boundary="{border}"')

    def _post(self, path: str, asked: dict[str, str], content: bytes, mime: str) -> None:
        url = upload_api(self.channel.base_url, path)

        def post(signed: dict[str, str]) -> httpx.Response:
            return self.channel.http.post(url, params=asked, content=content, headers={**signed, "Content-Type": mime})

        authorised(self.channel, preparing, post, now=self.now)
