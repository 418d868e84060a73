"""Live broadcasts and their streams. The switch `encoder_sends` says whether a picture arrives, on every stream."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.models import Account
from mercat.sandbox.standin import World
from mercat.sandbox.youtube import asked, videos
from mercat.sandbox.youtube.api import ids, listed, page
from mercat.sandbox.youtube.asked import signed_in
from mercat.sandbox.youtube.problems import invalid, not_found, problem
from mercat.sandbox.youtube.videos import iso

PARTS = "id snippet status contentDetails cdn"
# From which state a broadcast may go to which; without a monitor stream there is no test between.
MAY = {"testing": {"ready"}, "live": {"ready", "testing"}, "complete": {"live", "testing"}}
BECOMES = {"testing": "testing", "live": "live", "complete": "complete"}
CHOICES = {
    "frameRate": {"30fps", "60fps", "variable"},
    "ingestionType": {"rtmp", "dash", "webrtc", "hls"},
    "resolution": {"240p", "360p", "480p", "720p", "1080p", "1440p", "2160p", "variable"},
}


class Live:
    def __init__(self, world: World, held: videos.Videos) -> None:
        self.world, self.store, self.videos = world, world.store, held

    def _streamer(self, request: Request) -> Account:
        account = signed_in(self.world, request)
        if self.world.faults.standing("live_not_enabled"):
            message = "The user is not enabled for live streaming."
            raise problem(403, "liveStreamingNotEnabled", message, "youtube.liveBroadcast")
        return account

    async def add_broadcast(self, request: Request) -> Response:
        account = self._streamer(request)
        parts = asked.parts(asked.query(request, "part"), PARTS)
        given = await asked.body(request, asked.BROADCAST)
        snippet, status = given.get("snippet", {}), given.get("status", {})
        if not 0 < len(snippet.get("title", "")) <= videos.MAX_TITLE:
            raise invalid("invalidTitle", "The broadcast's title is missing or too long.")
        if len(snippet.get("description", "").encode()) > videos.MAX_DESCRIPTION:
            raise invalid("invalidDescription", "The broadcast's description is too long.")
        if status.get("privacyStatus") not in videos.PRIVACIES:
            raise invalid("privacyStatusRequired", "The privacy status is missing or invalid.")
        begins = _moment(snippet.get("scheduledStartTime", ""))
        if begins < self.world.clock() - 60:
            raise invalid("invalidScheduledStartTime", "The scheduled start time must be in the future.")
        broadcast = {
            "id": videos.new_id(),
            "channel": account.native_id,
            "state": "created",
            "stream": "",
            "made_at": self.world.clock(),
            "snippet": {**snippet, "scheduledStartTime": iso(begins)},
            "status": status,
            "contentDetails": given.get("contentDetails", {}),
        }
        self._put(broadcast)
        return JSONResponse(_told(broadcast, parts))

    async def list_broadcasts(self, request: Request) -> Response:
        account = self._streamer(request)
        wanted = asked.query(request, "part", "id broadcastStatus maxResults pageToken mine")
        parts = asked.parts(wanted, PARTS)
        if ("id" in wanted) + ("broadcastStatus" in wanted) + ("mine" in wanted) != 1:
            raise invalid("missingRequiredParameter", "Exactly one filter is needed.")
        found = [self._get("broadcast", one) for one in (ids(wanted["id"]) if "id" in wanted else self._own(account))]
        own = [one for one in found if one and one["channel"] == account.native_id]
        states = {"upcoming": {"created", "ready"}, "active": {"testing", "live"}, "completed": {"complete"}}
        allowed = states.get(wanted.get("broadcastStatus", "all"))
        shown = [_told(one, parts) for one in own if allowed is None or one["state"] in allowed]
        return page("liveBroadcastListResponse", shown, wanted, 50)

    async def update_broadcast(self, request: Request) -> Response:
        parts = asked.parts(asked.query(request, "part"), "id status")
        given = await asked.body(request, {"id": str, "status": asked.BROADCAST["status"]})
        broadcast = self._of(request, given.get("id", ""))
        if given.get("status", {}).get("privacyStatus") not in videos.PRIVACIES:
            raise invalid("invalidPrivacyStatus", "The request metadata specifies an invalid privacy status.")
        broadcast["status"] = given["status"]
        if self.world.faults.standing("keeps_private"):
            broadcast["status"] = {**given["status"], "privacyStatus": "private"}
        self._put(broadcast)
        return JSONResponse(_told(broadcast, parts))

    async def bind(self, request: Request) -> Response:
        wanted = asked.query(request, "id part", "streamId")
        parts, broadcast = asked.parts(wanted, PARTS), self._of(request, wanted["id"])
        stream = self._get("stream", wanted.get("streamId", ""))
        if stream is None or stream["channel"] != broadcast["channel"]:
            raise not_found("liveStreamNotFound", "The stream specified by the streamId parameter does not exist.")
        if broadcast["state"] not in {"created", "ready"}:
            raise problem(403, "liveBroadcastBindingNotAllowed", "The broadcast cannot be bound any more.")
        broadcast |= {"stream": stream["id"], "state": "ready"}
        self._put(broadcast)
        return JSONResponse(_told(broadcast, parts))

    async def transition(self, request: Request) -> Response:
        wanted = asked.query(request, "id part broadcastStatus")
        parts, broadcast = asked.parts(wanted, PARTS), self._of(request, wanted["id"])
        status, state = wanted["broadcastStatus"], broadcast["state"]
        if status not in MAY:
            raise invalid("invalidValue", "broadcastStatus is not known.")
        if state == BECOMES[status]:
            raise problem(403, "redundantTransition", "The live broadcast is already in the requested status.")
        if state not in MAY[status]:
            raise problem(403, "invalidTransition", "The live broadcast can't transition to the requested status.")
        if status != "complete" and not self._arrives():
            message = "The requested transition is not allowed when the stream that is bound is inactive."
            raise problem(403, "errorStreamInactive", message)
        key = "actualEndTime" if status == "complete" else "actualStartTime"
        broadcast["state"] = BECOMES[status]
        broadcast["snippet"] = {**broadcast["snippet"], key: iso(self.world.clock())}
        self._put(broadcast)
        return JSONResponse(_told(broadcast, parts))

    async def add_stream(self, request: Request) -> Response:
        account = self._streamer(request)
        parts = asked.parts(asked.query(request, "part"), PARTS)
        given = await asked.body(request, asked.STREAM)
        cdn = given.get("cdn", {})
        if not given.get("snippet", {}).get("title"):
            raise invalid("titleRequired", "The stream's title is missing.")
        if any(cdn.get(name) not in known for name, known in CHOICES.items()):
            raise invalid("invalidFormat", "The stream's format is missing or not known.")
        stream = {
            "id": secrets.token_urlsafe(24),
            "channel": account.native_id,
            "key": "-".join(secrets.token_hex(2) for _ in range(5)),
            "title": given["snippet"]["title"],
            "cdn": cdn,
            "made_at": self.world.clock(),
        }
        self.store.keep(self.world.slug, "stream", stream["id"], stream)
        return JSONResponse(self._stream(stream, parts))

    async def list_streams(self, request: Request) -> Response:
        account = self._streamer(request)
        wanted = asked.query(request, "part id", "maxResults")
        parts = asked.parts(wanted, PARTS)
        found = [self._get("stream", one) for one in ids(wanted["id"])]
        own = [self._stream(one, parts) for one in found if one and one["channel"] == account.native_id]
        return listed("liveStreamListResponse", own)

    def _stream(self, stream: dict[str, Any], parts: list[str]) -> dict[str, Any]:
        ingest = {
            "streamName": stream["key"],
            "ingestionAddress": "rtmp://live.stand-in.example/live2",
            "rtmpsIngestionAddress": "rtmps://live.stand-in.example:443/live2",
        }
        arrives = self._arrives()
        health = {"status": "good" if arrives else "noData"}
        may = {
            "snippet": {
                "title": stream["title"],
                "description": "",
                "channelId": stream["channel"],
                "publishedAt": iso(stream["made_at"]),
            },
            "cdn": {**stream["cdn"], "ingestionInfo": ingest},
            "status": {"streamStatus": "active" if arrives else "inactive", "healthStatus": health},
            "contentDetails": {"isReusable": False},
        }
        told = {"kind": "youtube#liveStream", "etag": "stand-in", "id": stream["id"]}
        return told | {name: may[name] for name in parts if name in may}

    def _arrives(self) -> bool:
        return self.world.faults.standing("encoder_sends") is not None

    def _of(self, request: Request, broadcast_id: str) -> dict[str, Any]:
        account, broadcast = self._streamer(request), self._get("broadcast", broadcast_id)
        if broadcast is None or broadcast["channel"] != account.native_id:
            raise not_found("liveBroadcastNotFound", "The broadcast specified by the id parameter does not exist.")
        return broadcast

    def _get(self, kind: str, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.store.kept(self.world.slug, kind, name, self.world.clock())
        return found

    def _own(self, account: Account) -> list[str]:
        return list(self._get("broadcasts", account.native_id) or ())

    def _put(self, broadcast: dict[str, Any]) -> None:
        self.store.keep(self.world.slug, "broadcast", broadcast["id"], broadcast)
        owner = broadcast["channel"]
        known = [one for one in (self._get("broadcasts", owner) or ()) if one != broadcast["id"]]
        self.store.keep(self.world.slug, "broadcasts", owner, [broadcast["id"], *known])
        known = self.videos.get(broadcast["id"]) or {}
        shown = {name: known[name] for name in ("published_at",) if name in known}
        self.videos.put({**_as_video(broadcast), **shown})  # whoever asks for it as a video is told of one


def _as_video(broadcast: dict[str, Any]) -> dict[str, Any]:
    words = {name: broadcast["snippet"][name] for name in ("title", "description") if name in broadcast["snippet"]}
    status = {**videos.DEFAULT_STATUS, "privacyStatus": broadcast["status"]["privacyStatus"]}
    about = {"id": broadcast["id"], "channel": broadcast["channel"], "snippet": words, "status": status, "live": True}
    return {**about, "polls_left": 0, "ends": "processed", "uploaded_at": broadcast["made_at"]}


def _told(broadcast: dict[str, Any], parts: list[str]) -> dict[str, Any]:
    snippet = {"channelId": broadcast["channel"], "publishedAt": iso(broadcast["made_at"]), **broadcast["snippet"]}
    bound = {"boundStreamId": broadcast["stream"]} if broadcast["stream"] else {}
    may = {
        "snippet": snippet,
        "status": {**broadcast["status"], "lifeCycleStatus": broadcast["state"], "recordingStatus": "notRecording"},
        "contentDetails": {**broadcast["contentDetails"], **bound},
    }
    told = {"kind": "youtube#liveBroadcast", "etag": "stand-in", "id": broadcast["id"]}
    return told | {name: may[name] for name in parts if name in may}


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise invalid("scheduledStartTimeRequired", "The scheduled start time is missing or no time.")
    return at.timestamp()
