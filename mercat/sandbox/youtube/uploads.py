"""Files as YouTube takes them: videos by resumable sessions, covers, captions, banners."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import World, base_url
from mercat.sandbox.store import sha256_hex
from mercat.sandbox.youtube import asked, oauth, videos
from mercat.sandbox.youtube.asked import signed_in
from mercat.sandbox.youtube.problems import forbidden, invalid, not_found, problem
from mercat.sandbox.youtube.videos import Videos

MULTIPLE = 256 * 1024
HELD = 512 * 1024 * 1024  # bytes of a video; YouTube takes 256 GiB
SESSION_SECONDS = 7 * 86_400
MAX_COVER, MAX_BANNER, MAX_CAPTIONS = 2 * 1024 * 1024, 6 * 1024 * 1024, 100 * 1024 * 1024
SPAN = re.compile(r"bytes (?:(\d{1,15})-(\d{1,15})|\*)/(\d{1,15})")
PARTS = "snippet status contentDetails processingDetails statistics id"


class Uploads:
    def __init__(self, world: World, held: Videos) -> None:
        self.world, self.store, self.videos = world, world.store, held

    async def begin(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        wanted = asked.query(request, "uploadType part", "notifySubscribers")
        asked.parts(wanted, PARTS)
        if wanted["uploadType"] != "resumable":
            raise invalid("badRequest", "This stand-in takes videos by resumable uploads.")
        if self.world.faults.standing("upload_limit"):
            message = "The user has exceeded the number of videos they may upload."
            raise problem(400, "uploadLimitExceeded", message, "youtube.video")
        size, mime = (
            request.headers.get("x-upload-content-length", ""),
            request.headers.get("x-upload-content-type", ""),
        )
        if not (size.isascii() and size.isdecimal() and 0 < int(size[:16]) <= HELD):
            raise invalid("badRequest", f"X-Upload-Content-Length must be between 1 and {HELD}.")
        if not mime.startswith("video/") and mime != "application/octet-stream":
            raise invalid("badRequest", "X-Upload-Content-Type must be of a video.")
        given = await asked.body(request, asked.VIDEO)
        videos.check_snippet(given.get("snippet", {}))
        videos.check_status(given.get("status", {}))
        upload_id = secrets.token_urlsafe(40)
        self._keep(
            upload_id,
            {
                "account": account.native_id,
                "size": int(size),
                "mime": mime,
                "video": given,
                "has": 0,
                "pieces": 0,
                "id": "",
                "cut": False,
            },
        )
        if self.world.faults.standing("token_ends_in_upload"):
            self.store.forget(self.world.slug, "token", oauth.bearer(request))
        address = f"{base_url(request, self.world.slug)}/upload/youtube/v3/videos?uploadType=resumable"
        return Response(headers={"location": f"{address}&part={wanted['part']}&upload_id={upload_id}"})

    async def take(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        upload_id = asked.query(request, "uploadType upload_id", "part")["upload_id"]
        session = self._session(upload_id)
        if session is None or session["account"] != account.native_id or self.world.faults.standing("session_gone"):
            raise not_found("notFound", "Upload session not found.")
        span = SPAN.fullmatch(request.headers.get("content-range", ""))
        content = await request.body()
        if span is None or int(span[3]) != session["size"]:
            raise invalid("badRequest", "Content-Range does not fit the upload.")
        if span[1] is None:
            if content:
                raise invalid("badRequest", "A question how far the upload is takes no body.")
        elif not session["id"]:
            self._add(upload_id, session, content, int(span[1]), int(span[2]))
        if session["id"]:
            return self._finished(request, session)
        held = {"range": f"bytes=0-{session['has'] - 1}"} if session["has"] else {}
        return Response(status_code=308, headers=held)

    def _add(self, upload_id: str, session: dict[str, Any], content: bytes, first: int, last: int) -> None:
        is_last = last == session["size"] - 1
        if len(content) != last - first + 1 or first != session["has"] or last >= session["size"]:
            raise invalid("badRequest", "The bytes do not go on where the upload stopped.")
        if not is_last and len(content) % MULTIPLE:
            raise invalid("badRequest", "A piece must be a multiple of 256 KiB, except the last.")
        if self.world.faults.standing("partial_upload") and not session["cut"]:
            session["cut"] = True
            half = len(content) // 2
            content = content[: half - half % MULTIPLE or half]
        if content:
            name = f"{upload_id}/{session['pieces']}"
            self.store.keep(self.world.slug, "piece", name, base64.b64encode(content).decode())
            session["pieces"] += 1
            session["has"] += len(content)
        if session["has"] == session["size"]:
            self._complete(upload_id, session)
        self._keep(upload_id, session)

    def _complete(self, upload_id: str, session: dict[str, Any]) -> None:
        names = [f"{upload_id}/{n}" for n in range(session["pieces"])]
        kept = [self.store.kept(self.world.slug, "piece", name, self.world.clock()) for name in names]
        data = b"".join(base64.b64decode(piece) for piece in kept if piece)
        for name in names:
            self.store.forget(self.world.slug, "piece", name)
        processing = self.world.faults.standing("processing")
        given, session["id"] = session["video"], videos.new_id()
        ends = processing.options["ends"] if processing else "processed"
        self.store.keep(self.world.slug, "file", session["id"], base64.b64encode(data).decode())
        self.videos.put(
            {
                "id": session["id"],
                "channel": session["account"],
                "snippet": given.get("snippet", {}),
                "status": {**videos.DEFAULT_STATUS, **given.get("status", {})},
                "mime": session["mime"],
                "size": len(data),
                "sha256": sha256_hex(data),
                "uploaded_at": self.world.clock(),
                "polls_left": int(processing.options["polls"]) if processing else 0,
                "ends": ends if data[4:8] == b"ftyp" else "codec",  # an MP4, or a MOV, begins so
                "captions": {},
            }
        )

    def _finished(self, request: Request, session: dict[str, Any]) -> Response:
        video = self.videos.get(session["id"])
        account = self.store.account(self.world.slug, session["account"])
        if video is None or account is None:
            raise not_found("notFound", "Upload session not found.")
        base, wanted = base_url(request, self.world.slug), ["snippet", "status"]
        return JSONResponse(self.videos.told(video, wanted, account, base, owner=True))

    def _session(self, upload_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.store.kept(self.world.slug, "session", upload_id, self.world.clock())
        return found

    def _keep(self, upload_id: str, session: dict[str, Any]) -> None:
        until = self.world.clock() + SESSION_SECONDS
        self.store.keep(self.world.slug, "session", upload_id, session, until)

    # What belongs to a video

    async def thumbnail(self, request: Request) -> Response:
        wanted = asked.query(request, "videoId uploadType")
        video = self._own(request, wanted["videoId"])
        await self._picture(request, video["id"], MAX_COVER)
        url = f"{base_url(request, self.world.slug)}/vi/{video['id']}/default.jpg"
        told = {"default": {"url": url, "width": 120, "height": 90}}
        return JSONResponse({"kind": "youtube#thumbnailSetResponse", "etag": "stand-in", "items": [told]})

    async def captions(self, request: Request) -> Response:
        wanted = asked.query(request, "part uploadType")
        asked.parts(wanted, "snippet")
        about, file, head = asked.related(await request.body(), request.headers.get("content-type", ""))
        snippet = asked.members(about, asked.CAPTION, "$").get("snippet", {})
        if not all(name in snippet for name in ("videoId", "language", "name")):
            raise invalid("invalidMetadata", "The request contains invalid metadata values.")
        video = self._own(request, snippet["videoId"])
        if snippet["language"] in video["captions"]:
            raise problem(409, "captionExists", "The video already has a track of this language and name.")
        if not file.startswith(b"WEBVTT") or "text/vtt" not in head or len(file) > MAX_CAPTIONS:
            raise invalid("invalid", "The caption track is not WebVTT.")
        self.videos.put({**video, "captions": {**video["captions"], snippet["language"]: file.decode()}})
        track = {**snippet, "trackKind": "standard", "status": "serving", "lastUpdated": videos.iso(self.world.clock())}
        told = {"kind": "youtube#caption", "etag": "stand-in", "id": secrets.token_urlsafe(16), "snippet": track}
        return JSONResponse(told)

    async def banner(self, request: Request) -> Response:
        account = signed_in(self.world, request)
        asked.query(request, "uploadType")
        await self._picture(request, f"banner-{account.native_id}", MAX_BANNER)
        url = f"{base_url(request, self.world.slug)}/vi/banner-{account.native_id}/default.jpg"
        return JSONResponse({"kind": "youtube#channelBannerResource", "etag": "stand-in", "url": url})

    async def _picture(self, request: Request, name: str, limit: int) -> None:
        data = await request.body()
        seen = inspect(data)
        if len(data) > limit or seen is None or seen.mime not in {"image/jpeg", "image/png"}:
            raise invalid("invalidImage", "The provided image content is invalid.")
        kept = {"mime": seen.mime, "data": base64.b64encode(data).decode()}
        self.store.keep(self.world.slug, "cover", name, kept)

    def _own(self, request: Request, video_id: str) -> dict[str, Any]:
        account, video = signed_in(self.world, request), self.videos.get(video_id)
        if video is None:
            raise not_found("videoNotFound", "The video that you are trying to change cannot be found.")
        if video["channel"] != account.native_id:
            raise forbidden("The video does not belong to this channel.")
        return video
