"""The way of reels: upright videos of up to a minute and a half, which Facebook shows by themselves.

documentation/video-api/guides/reels-publishing (30 July 2026): /{page}/video_reels with upload_phase start names the
video and an address; there all of it goes in one request, and what an interrupted one left out in another, from the
byte that the video's status tells; upload_phase finish publishes. Whether that address asks for an appsecret_proof
where the app has “Require app secret” is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from mercat.networks.facebook import payload
from mercat.networks.facebook.films import NO_PLACE, NOT_SAID, SENDING, Film, Known, note_of
from mercat.networks.facebook.listing import PAGE
from mercat.networks.facebook.spec import MOST_REELS, SPEC, UPLOAD_HOST
from mercat.networks.facebook.videos import Video
from mercat.networks.kit.address import is_own_place
from mercat.networks.kit.films import rest_of
from mercat.networks.kit.graph import TOKEN, CannotTell, Graph, Kind, fault_of, moment_of
from mercat.networks.kit.steps import RETRY, Halt, fields_of, text_of
from mercat.networks.port import Item, Later, Notes

DAY = timedelta(days=1)
LONGEST = 2_000  # characters of the address

_FOREIGN = "Facebook named a place for the video that is not its own, so it was not handed over."
_AS_VIDEO = "Facebook does not take this video as a reel; it goes there as an ordinary video."
_DAY_IS_FULL = f"The page has had the {MOST_REELS} reels that Facebook takes in 24 hours."
_PLAIN = "plain"  # the note of a video that Facebook does not take as a reel


def film(asking: Graph, item: Item, notes: Notes) -> Film:
    """On the way that its shape decides; what has begun on the other stays there."""
    medium = item.media[0]
    goes_plain = notes.get(note_of(Video.kind, medium)) or notes.get(note_of(_PLAIN, medium))
    return Reel(asking, item, notes) if payload.is_reel(medium) and not goes_plain else Video(asking, item, notes)


class Reel(Film):
    kind = "reel"

    def _reels(self, fields: Mapping[str, str]) -> httpx.Response:
        return self.asking.post(self.asking.channel.native_id, "video_reels", fields=fields)

    def _begun(self) -> Known:
        self._await_turn()
        answer = self.asking.prepared(lambda: self._reels({"upload_phase": "start"}))
        video, place = text_of(answer, "video_id"), text_of(answer, "upload_url", LONGEST)
        if not video.isdecimal() or not place:
            raise Halt(Later(self.asking.now + RETRY, NO_PLACE))
        if not self._is_own(place):
            raise Halt(Later(self.asking.now + RETRY, _FOREIGN))
        return Known(SENDING, video, place, 0, 0)

    def _is_own(self, place: str) -> bool:
        """Whether the video, and with it our token, may go there."""
        base_url = self.asking.channel.base_url
        return is_own_place(place, base_url, real=SPEC.default_base_url, is_theirs=UPLOAD_HOST.__eq__)

    # Handing over

    def _handed_over(self, known: Known) -> Known:
        before = known.start
        if known.end > known.start:  # how much of it came of an earlier attempt is not known
            known = self._keep(replace(known, start=self._reached(known)))
        if known.start < self.medium.size:
            self._keep(replace(known, end=self.medium.size))
            self._send(known, further=known.start > before)
        return self._keep(replace(known, start=self.medium.size, end=self.medium.size))

    def _send(self, known: Known, *, further: bool) -> None:
        """All that is not there yet. `further`: more was there than when it was last asked for."""
        try:
            response = self.asking.asked(lambda: self._rest(known))
        except Halt as halt:
            raise self._interrupted(halt, known, further=further) from None
        if fields_of(response).get("success") is True:
            return
        if payload.is_reel_over(response):
            raise self._halt_anew()
        fault = fault_of(response)
        if fault and (fault.code or fault.kind is Kind.RENEW):
            self.asking.refuse(response, public=False)
        raise Halt(Later(self.asking.now + RETRY, NOT_SAID))

    def _rest(self, known: Known) -> httpx.Response:
        channel, size = self.asking.channel, self.medium.size
        headers = {
            "Authorization": f"OAuth {channel.credentials.get().get(TOKEN, '')}",
            "offset": str(known.start),
            "file_size": str(size),
            "Content-Length": str(size - known.start),
            "Content-Type": "application/octet-stream",
        }
        content = rest_of(self.medium, known.start, now=self.asking.now)
        return channel.http.post(known.session, content=content, headers=headers)

    def _interrupted(self, halt: Halt, known: Known, *, further: bool) -> Halt:
        """Of a slow line's request that ended with its time, a part has come: then it costs no attempt, and the next
        one brings the rest."""
        outcome = halt.outcome
        if not isinstance(outcome, Later) or outcome.limited:
            return halt
        try:
            reached = self._reached(known)
        except Halt:
            reached = known.start
        if reached <= known.start and not further:
            return halt
        return Halt(replace(self._goes_on(reached), at=outcome.at))

    def _reached(self, known: Known) -> int:
        """How many bytes Facebook has."""
        response = self.asking.asked(lambda: self._look(known))
        fault, node = fault_of(response), fields_of(response)
        if (fault and fault.kind is Kind.GONE) or payload.is_upload_lost(node):
            raise self._halt_anew()
        self.asking.refuse(response, public=False)
        self._refuse_failed(node)
        reached = payload.reached(node, self.medium.size)
        if reached is None:
            raise Halt(Later(self.asking.now + RETRY, NOT_SAID))
        return reached

    # Publishing

    def _finish(self, known: Known) -> httpx.Response:
        form = {"upload_phase": "finish", "video_id": known.video, "video_state": "PUBLISHED"}
        return self._reels(form | payload.described(self.item))

    def _end(self, known: Known) -> Known:
        if known.stage == SENDING:
            self._await_turn()
        return super()._end(known)

    def _await_turn(self) -> None:
        """By which error Meta refuses more than a day's reels is not in its documents, but that an app should count
        them is. Those made by hand count too, for the list does not tell them apart."""
        since = self.asking.now - DAY
        params = {"fields": "created_time", "since": str(int(since.timestamp())), "limit": PAGE}
        try:
            nodes = list(self.asking.nodes(self.asking.channel.native_id, "video_reels", **params))
        except CannotTell:
            return
        made = sorted(at for at in (moment_of(node, "created_time") for node in nodes) if at and at > since)
        if len(made) >= MOST_REELS:
            self.notes.keep(self._note, "")  # what was handed over may have expired by then
            raise Halt(Later(made[-MOST_REELS] + DAY, _DAY_IS_FULL, limited=True))

    def _why_anew(self, response: httpx.Response) -> str:
        if not payload.is_no_reel(response):
            return super()._why_anew(response)
        self.notes.keep(note_of(_PLAIN, self.medium), "yes")
        return _AS_VIDEO

    def _denies(self, response: httpx.Response) -> bool:
        """What Facebook answers to a reel that is ended twice is in no document: any refusal."""
        fault = fault_of(response)
        return fault is not None and fault.kind in {Kind.REFUSED, Kind.GONE}

    def _has_ended(self, node: Mapping[str, Any]) -> bool:
        return payload.is_being_published(node) or payload.has_failed(node)

    def _is_out(self, node: Mapping[str, Any]) -> bool:
        return payload.is_out(node) and payload.is_published(node)
