"""The way of videos: in the pieces that Facebook asks for.

By /{page}/videos with upload_phase start, transfer and finish (facebook-business-sdk-codegen, Page.json, v25.0), which
goes by the page's own token; the newer /{app}/uploads asks for a person's (docs/graph-api/guides/upload), and we keep
none. At graph.facebook.com, since graph-video.facebook.com has been given up (docs/video-api/overview).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from mercat.networks.facebook import payload
from mercat.networks.facebook.films import NO_PLACE, NOT_SAID, SENDING, STUCK, Film, Known
from mercat.networks.kit.films import TURN, part_of
from mercat.networks.kit.steps import RETRY, Halt, fields_of, text_of
from mercat.networks.port import Later

MOST_PIECE = 8_000_000  # bytes in one call, also where Facebook asks for more: what a slow line carries in its time


class Video(Film):
    kind = "video"

    def _videos(self, fields: Mapping[str, str], piece: bytes | None = None) -> httpx.Response:
        files = {"video_file_chunk": ("piece", piece, "application/octet-stream")} if piece is not None else None
        return self.asking.post(self.asking.channel.native_id, "videos", fields=fields, files=files)

    def _begun(self) -> Known:
        form = {"upload_phase": "start", "file_size": str(self.medium.size)}
        answer = self.asking.prepared(lambda: self._videos(form))
        video, session = text_of(answer, "video_id"), text_of(answer, "upload_session_id")
        asked = payload.asked_for(answer, self.medium.size)
        if not video.isdecimal() or not session or asked is None:
            raise Halt(Later(self.asking.now + RETRY, NO_PLACE))
        return Known(SENDING, video, session, *asked)

    def _handed_over(self, known: Known) -> Known:
        first, corrected = known.start, False
        while known.start < known.end:
            if known.start - first >= TURN:
                raise Halt(self._goes_on(known.start))
            response = self._piece(known)
            asked = payload.asked_instead(response, self.medium.size)
            if asked and corrected:
                raise Halt(Later(self.asking.now + RETRY, STUCK))
            if asked:  # an earlier attempt's piece arrived, and its answer did not
                first, corrected = asked[0], True
            else:
                asked = self._taken(response, known)
            known = self._keep(replace(known, start=asked[0], end=asked[1]))
        if known.start < self.medium.size:
            raise Halt(Later(self.asking.now + RETRY, STUCK))
        return known

    def _piece(self, known: Known) -> httpx.Response:
        content = part_of(self.medium, known.start, min(known.end - known.start, MOST_PIECE), now=self.asking.now)
        form = {"upload_phase": "transfer", "upload_session_id": known.session, "start_offset": str(known.start)}
        return self.asking.asked(lambda: self._videos(form, content))

    def _taken(self, response: httpx.Response, known: Known) -> tuple[int, int]:
        if payload.is_upload_over(response):
            raise self._halt_anew()
        self.asking.refuse(response, public=False)
        asked = payload.asked_for(fields_of(response), self.medium.size)
        if asked is None:
            raise Halt(Later(self.asking.now + RETRY, NOT_SAID))
        if asked[0] <= known.start:
            raise Halt(Later(self.asking.now + RETRY, STUCK))
        return asked

    def _finish(self, known: Known) -> httpx.Response:
        form = {"upload_phase": "finish", "upload_session_id": known.session, **payload.described(self.item)}
        return self._videos(form)

    def _denies(self, response: httpx.Response) -> bool:
        return payload.is_upload_over(response)

    def _has_ended(self, node: Mapping[str, Any]) -> bool:
        return not payload.is_uploading(node)
