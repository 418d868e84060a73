"""Live broadcasts: announced with their stream, then started and ended by people.

The address and key of the ingest open the channel's picture to whoever has them: they stand in a `Broadcast` alone, and
in no note: the stream is asked for them each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from mercat.networks.kit.reading import CannotTell
from mercat.networks.kit.steps import RETRY, Halt, fields_of, preparing, publishing, text_of, words_of
from mercat.networks.port import Broadcast, Channel, Item, Later, Notes, Outcome, Refused, Sent, Unreadable, Unsure
from mercat.networks.youtube import payload
from mercat.networks.youtube.answers import moment_of, next_page, object_of
from mercat.networks.youtube.session import (
    Step,
    api,
    authorised,
    instead_of_reading,
    items_in,
    listed,
    read,
    secrets_of,
)

PARTS = "snippet,status,contentDetails"
PAGES = 2  # of upcoming broadcasts, looked through for one of ours
_NOT_SAID = "YouTube did not say that it has the broadcast."
_GARBLED = "YouTube answered, but not in a way that says what became of the broadcast."
_NO_PICTURE = "No picture arrives yet. Start the encoder, wait until its picture arrives, then try again."
_OVER = "This broadcast has ended, and cannot be shown again. Announce another one."
_NOT_BEGUN = "This broadcast has not begun, so it cannot end. Take it down instead."
# Discovery document, LiveBroadcastStatus. Before these it depends on the stream.
_STATES = {"live": "live", "liveStarting": "live", "complete": "ended", "revoked": "ended"}


class Live:
    """Made private, given its stream, then made public: what is announced can be started."""

    def make(self, channel: Channel, item: Item, notes: Notes, *, begins: datetime, now: datetime) -> Outcome:
        if problems := list(payload.text_problems(item.text)):
            return Refused(" ".join(problem.message for problem in problems))
        making = _Making(channel, item, notes, begins, now)
        try:
            native_id = making.broadcast()
            making.bind(native_id, making.stream())
            return making.announce(native_id)
        except CannotTell as trouble:
            return instead_of_reading(trouble, now)
        except Halt as halt:
            return halt.outcome

    def state(self, channel: Channel, *, native_id: str, now: datetime) -> Broadcast | Unreadable:
        try:
            return _state(channel, native_id, now)
        except CannotTell as trouble:
            return trouble.sighting

    def start(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        refusals = {"waiting": Refused(_NO_PICTURE), "ended": Refused(_OVER)}
        return _go(channel, native_id, _Way("live", "live", refusals), now)

    def end(self, channel: Channel, *, native_id: str, now: datetime) -> Outcome:
        refusals = {"waiting": Refused(_NOT_BEGUN), "ready": Refused(_NOT_BEGUN)}
        return _go(channel, native_id, _Way("ended", "complete", refusals), now)


@dataclass(frozen=True, slots=True)
class _Way:
    """To which state a broadcast goes, what YouTube calls it, and from where it may not."""

    state: str
    status: str
    refusals: Mapping[str, Refused]


def _go(channel: Channel, native_id: str, way: _Way, now: datetime) -> Outcome:
    try:
        current = _state(channel, native_id, now).state
        if current in way.refusals:
            return way.refusals[current]
        if current != way.state:
            _transition(channel, native_id, way.status, now)
    except CannotTell as trouble:
        return instead_of_reading(trouble, now)
    except Halt as halt:
        return halt.outcome
    return Sent(native_id, payload.permalink(channel.base_url, native_id))


def _transition(channel: Channel, native_id: str, status: str, now: datetime) -> None:
    """Raises Halt where it did not come about. Being there already (redundantTransition) is as good."""
    asked = {"broadcastStatus": status, "id": native_id, "part": "status"}
    call = _Call("POST", "liveBroadcasts/transition", asked)
    response = call.made(channel, publishing, now)
    if "redundantTransition" in payload.reasons_of(response):
        return
    if response.is_client_error:
        raise Halt(payload.refusal(response, secrets_of(channel)))
    if text_of(fields_of(response), "id") != native_id:
        raise Halt(Unsure(_GARBLED))


def _state(channel: Channel, native_id: str, now: datetime) -> Broadcast:
    found = listed(channel, "liveBroadcasts", {"part": PARTS, "id": native_id}, now=now)
    told = next((one for one in found if text_of(one, "id") == native_id), None)
    if told is None:
        raise CannotTell("YouTube has no such broadcast.")
    url = payload.permalink(channel.base_url, native_id)
    state = _STATES.get(text_of(object_of(told, "status"), "lifeCycleStatus"), "")
    stream_id = text_of(object_of(told, "contentDetails"), "boundStreamId")
    if state == "ended" or not stream_id:
        return Broadcast(native_id, url, state or "waiting")
    streams = listed(channel, "liveStreams", {"part": "cdn,status", "id": stream_id}, now=now)
    stream = next((one for one in streams if text_of(one, "id") == stream_id), None)
    if stream is None:
        raise CannotTell("YouTube has no stream for this broadcast.")
    arrives = text_of(object_of(stream, "status"), "streamStatus") == "active"
    ingest = object_of(stream, "cdn", "ingestionInfo")
    # Where YouTube offers it the picture goes encrypted.
    address = text_of(ingest, "rtmpsIngestionAddress") or text_of(ingest, "ingestionAddress")
    key = text_of(ingest, "streamName")
    return Broadcast(native_id, url, state or ("ready" if arrives else "waiting"), address, key)


class _Making:
    """The steps before a broadcast is announced; each noted, so that none is done twice."""

    def __init__(self, channel: Channel, item: Item, notes: Notes, begins: datetime, now: datetime) -> None:
        self.channel, self.item, self.notes, self.begins, self.now = channel, item, notes, begins, now

    def broadcast(self) -> str:
        """Its id. Where it was asked for and no answer came, it is looked for first."""
        asked = f"asked:{self.item.key}"
        if known := self.notes.get(self._note("broadcast")):
            return known
        if self.notes.get(asked) and (known := self._standing()):
            self.notes.keep(self._note("broadcast"), known)
            return known
        self.notes.keep(asked, self.now.isoformat())
        return self._made("broadcast", "liveBroadcasts", PARTS, self._body())

    def stream(self) -> str:
        """One of its own, so that its key opens nothing else. A lost one stays behind unused, and is never shown."""
        if known := self.notes.get(self._note("stream")):
            return known
        body = {
            "snippet": {"title": payload.title_of(self.item.text)},
            "cdn": {"frameRate": "variable", "ingestionType": "rtmp", "resolution": "variable"},
            "contentDetails": {"isReusable": False},
        }
        return self._made("stream", "liveStreams", "snippet,cdn,contentDetails", body)

    def bind(self, native_id: str, stream_id: str) -> None:
        asked = {"id": native_id, "streamId": stream_id, "part": "contentDetails"}
        call = _Call("POST", "liveBroadcasts/bind", asked)
        self._answered(call, lambda told: text_of(told, "id") == native_id)

    def announce(self, native_id: str) -> Outcome:
        body = {"id": native_id, "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False}}
        response = _Call("PUT", "liveBroadcasts", {"part": "status"}, body).made(self.channel, publishing, self.now)
        if response.is_client_error:
            return payload.refusal(response, secrets_of(self.channel))
        told = fields_of(response)
        if text_of(told, "id") != native_id or not payload.privacy_of(told):
            return Unsure(_GARBLED)
        if payload.privacy_of(told) != "public":
            return Refused(payload.KEPT_PRIVATE)
        return Sent(native_id, payload.permalink(self.channel.base_url, native_id))

    def _body(self) -> dict[str, Any]:
        return {
            "snippet": {
                "title": payload.title_of(self.item.text),
                "description": self.item.text,
                "scheduledStartTime": _moment(self.begins),
            },
            "status": {"privacyStatus": "private", "selfDeclaredMadeForKids": False},
            # People start and end it. Without a monitor stream it goes from ready to live without a test between.
            "contentDetails": {
                "enableAutoStart": False,
                "enableAutoStop": False,
                "enableDvr": True,
                "recordFromStart": True,
                "monitorStream": {"enableMonitorStream": False},
            },
        }

    def _standing(self) -> str:
        """An upcoming broadcast with these words at this time; empty where there is none."""
        asked = {"part": "snippet", "broadcastStatus": "upcoming", "maxResults": "50"}
        for _ in range(PAGES):
            response = read(self.channel, "liveBroadcasts", asked, now=self.now)
            for told in items_in(response):
                snippet = object_of(told, "snippet")
                begins = moment_of(snippet, "scheduledStartTime")
                if words_of(snippet, "description") == self.item.text and begins == self.begins.replace(microsecond=0):
                    return text_of(told, "id")
            following = next_page(response)
            if not following:
                return ""
            asked["pageToken"] = following
        raise CannotTell("The channel has announced too much to tell whether this broadcast is among it.")

    def _made(self, name: str, path: str, parts: str, body: Mapping[str, Any]) -> str:
        call = _Call("POST", path, {"part": parts}, body)
        told = self._answered(call, lambda told: bool(text_of(told, "id")))
        native_id = text_of(told, "id")
        self.notes.keep(self._note(name), native_id)
        return native_id

    def _answered(self, call: _Call, is_it: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        response = call.made(self.channel, preparing, self.now)
        if response.is_client_error:
            raise Halt(payload.refusal(response, secrets_of(self.channel)))
        told = fields_of(response)
        if not is_it(told):
            raise Halt(Later(self.now + RETRY, _NOT_SAID))
        return told

    def _note(self, name: str) -> str:
        return f"{name}:{self.item.key}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    asked: Mapping[str, str]
    body: Mapping[str, Any] | None = None

    def made(self, channel: Channel, step: Step, now: datetime) -> httpx.Response:
        url = api(channel.base_url, self.path)

        def call(signed: dict[str, str]) -> httpx.Response:
            return channel.http.request(self.method, url, params=dict(self.asked), json=self.body, headers=signed)

        return authorised(channel, step, call, now=now)
