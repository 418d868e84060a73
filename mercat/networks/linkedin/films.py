"""A video's way to LinkedIn: announced, handed over part by part, ended with the parts' ETags, awaited.

learn.microsoft.com/linkedin/marketing/community-management/shares/videos-api (li-lms-2026-05). Its captions go as a
form of their own whose fields no copy of that page that we found shows: none are sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx

from mercat.networks.kit.films import TURN, part_of
from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import RETRY, Halt, fields_of, text_of
from mercat.networks.linkedin import payload
from mercat.networks.linkedin.places import LONGEST, is_own_place, put, refuse
from mercat.networks.linkedin.session import before_public, headers, rest
from mercat.networks.port import Channel, Later, Medium, Notes, Pending, Refused

MOST_PART = 16 * 1024 * 1024  # bytes; LinkedIn's own have 4 MiB (4,194,304), the last fewer
MOST_PARTS = 1_000
MOST_ETAG = 2_000  # characters

_NO_PLACE = "LinkedIn did not say where to hand the video over."
_FOREIGN = "LinkedIn named a place for the video that is not its own, so it was not handed over."
_NOT_SAID = "LinkedIn did not say that it has the video."
_ANEW = "LinkedIn no longer takes what was handed over of the video; it is handed over anew."
_BROKEN = "LinkedIn could not prepare the video of this post. Use another, or save it anew."
_OVER = {400, 404, 410, 422}  # of a part, or of ending: the places have lapsed, or an answer was lost


@dataclass(frozen=True, slots=True)
class _Plan:
    """What LinkedIn answered to the announcement. `parts`: first and last byte of each, and where it goes."""

    video: str
    token: str
    parts: list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Video:
    """The video of an item on its way to LinkedIn."""

    channel: Channel
    medium: Medium
    notes: Notes
    now: datetime

    def bring(self) -> tuple[str, bool]:
        """Its name at LinkedIn, and whether it is ready. Halts until all of it is there."""
        plan = self._planned() or self._announced()
        etags = self._handed_over(plan)
        if not self.notes.get(self._note("ended")):
            self._end(plan, etags)
        return plan.video, self._is_ready(plan)

    # Notes

    def _note(self, what: str) -> str:
        return f"video:{what}:{self.medium.sha256}"

    def _planned(self) -> _Plan | None:
        noted = self.notes.get(self._note("plan"))
        return _Plan(**json.loads(noted)) if noted else None

    def _forget(self) -> None:
        for what in ("plan", "etags", "ended"):
            self.notes.keep(self._note(what), "")

    def _halt_anew(self) -> Halt:
        self._forget()
        return Halt(Later(self.now + RETRY, _ANEW))

    # Handing over

    def _ask(self, action: str, body: Mapping[str, Any]) -> httpx.Response:
        url = rest(self.channel.base_url, "videos", action=action)

        def post(token: str) -> httpx.Response:
            return self.channel.http.post(url, json=body, headers=headers(token))

        return before_public(self.channel, post, now=self.now)

    def _announced(self) -> _Plan:
        part_of(self.medium, 0, 1, now=self.now)  # what our own store does not give is not announced
        owner = payload.organisation_urn(self.channel.native_id)
        asked = {
            "owner": owner,
            "fileSizeBytes": self.medium.size,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
        response = self._ask("initializeUpload", {"initializeUploadRequest": asked})
        refuse(response, self.channel)
        told = fields_of(response).get("value")
        plan = _plan_of(told if isinstance(told, dict) else {}, self.medium.size)
        if plan is None:
            raise Halt(Later(self.now + RETRY, _NO_PLACE))
        if not all(is_own_place(place, self.channel.base_url) for _, _, place in plan.parts):
            raise Halt(Later(self.now + RETRY, _FOREIGN))
        self.notes.keep(self._note("etags"), "")
        self.notes.keep(self._note("plan"), json.dumps(asdict(plan)))
        return plan

    def _handed_over(self, plan: _Plan) -> list[str]:
        """The ETags of all parts, which end the upload."""
        etags: list[str] = json.loads(self.notes.get(self._note("etags")) or "[]")
        handed = 0
        for first, last, place in plan.parts[len(etags) :]:
            if handed >= TURN:
                done, whole = megabytes(first // 1_000_000 * 1_000_000), megabytes(self.medium.size)
                said = f"{done} of {whole} MB of the video are handed over."
                raise Halt(Pending(self.now, said, moving=True))
            etags.append(self._part(first, last, place))
            handed += last + 1 - first
            self.notes.keep(self._note("etags"), json.dumps(etags))
        return etags

    def _part(self, first: int, last: int, place: str) -> str:
        content = part_of(self.medium, first, last + 1 - first, now=self.now)
        response = before_public(self.channel, lambda token: put(self.channel, place, content, token), now=self.now)
        if response.status_code in _OVER:
            raise self._halt_anew()
        refuse(response, self.channel)
        etag = text_of(response.headers, "etag", MOST_ETAG)
        if not etag:
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        return etag

    def _end(self, plan: _Plan, etags: list[str]) -> None:
        """Its answer holds nothing, so that only looking tells whether it was done: also after a lost one."""
        asked = {"video": plan.video, "uploadToken": plan.token, "uploadedPartIds": etags}
        response = self._ask("finalizeUpload", {"finalizeUploadRequest": asked})
        if response.status_code in _OVER:
            if self._state(plan) == "WAITING_UPLOAD":
                raise self._halt_anew()
        else:
            refuse(response, self.channel)
        self.notes.keep(self._note("ended"), "yes")

    # Awaiting

    def _state(self, plan: _Plan) -> str:
        url = rest(self.channel.base_url, "videos", plan.video)
        response = before_public(
            self.channel, lambda token: self.channel.http.get(url, headers=headers(token)), now=self.now
        )
        if response.status_code == 404:
            raise self._halt_anew()
        refuse(response, self.channel)
        return text_of(fields_of(response), "status")

    def _is_ready(self, plan: _Plan) -> bool:
        state = self._state(plan)
        if state == "PROCESSING_FAILED":
            self._forget()
            raise Halt(Refused(_BROKEN))
        if state == "WAITING_UPLOAD":
            self.notes.keep(self._note("ended"), "")
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        return state == "AVAILABLE"


def _plan_of(value: Mapping[str, Any], size: int) -> _Plan | None:
    """None where it is not one that covers every byte of the video, each once."""
    video, token = text_of(value, "video"), text_of(value, "uploadToken", LONGEST)
    told = value.get("uploadInstructions")
    if not video.startswith("urn:li:video:") or not isinstance(told, list) or not 0 < len(told) <= MOST_PARTS:
        return None
    parts, following = [], 0
    for one in told:
        part = _part_of_plan(one, following)
        if part is None:
            return None
        parts.append(part)
        following = part[1] + 1
    return _Plan(video, token, parts) if following == size else None


def _part_of_plan(told: Any, first: int) -> tuple[int, int, str] | None:
    if not isinstance(told, dict) or told.get("firstByte") != first:
        return None
    last, place = told.get("lastByte"), text_of(told, "uploadUrl", LONGEST)
    if not isinstance(last, int) or isinstance(last, bool) or not first <= last < first + MOST_PART or not place:
        return None
    return first, last, place
