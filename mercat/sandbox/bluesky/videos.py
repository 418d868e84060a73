"""The service that prepares videos, and the tokens by which it is asked.

Source: docs.bsky.app/docs/tutorials/video and the lexicons. As the real service has been met to do, an upload is
answered without `jobStatus` around the job, and the same video again with 409 and the job that it has. Here it stands
at the address of the account's server; the multipart upload of the lexicons (startUpload) is left out.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.bluesky import tokens
from mercat.sandbox.bluesky.xrpc import Xrpc, invalid, new_upload, param
from mercat.sandbox.films import inspect
from mercat.sandbox.models import Account
from mercat.sandbox.standin import ApiError

SERVICE = "did:web:video.bsky.app"
MAX_BYTES = 300_000_000
MAX_SECONDS = 180
LONGEST = 3600  # seconds that a token for a service may last
SHORT = 60
DAILY_VIDEOS, DAILY_BYTES = 25, 10_000_000_000


class Videos:
    def __init__(self, calls: Xrpc) -> None:
        self.calls, self.world, self.store = calls, calls.world, calls.store

    async def service_auth(self, request: Request) -> Response:
        account, now = self.calls.signed_in(request), int(self.world.clock())
        audience, method = param(request, "aud"), request.query_params.get("lxm", "")
        ends = request.query_params.get("exp", str(now + SHORT))
        if not audience.startswith("did:"):
            raise invalid("Error: aud must be a valid did")
        if not ends.isdecimal() or not now < int(ends[:12]) <= now + (LONGEST if method else SHORT):
            raise ApiError(400, {"error": "BadExpiration", "message": "expiration is not within bounds"})
        return JSONResponse({"token": tokens.for_service(self.world, account, audience, method, int(ends))})

    async def limits(self, request: Request) -> Response:
        self._not_gone()
        self._for(request, SERVICE, "app.bsky.video.getUploadLimits")
        if self.world.faults.standing("no_videos"):
            return JSONResponse({"canUpload": False, "message": "User must verify email", "error": "unconfirmed_email"})
        if self.world.faults.standing("videos_used_up"):
            used = {"remainingDailyVideos": 0, "remainingDailyBytes": DAILY_BYTES}
            return JSONResponse({"canUpload": False, **used, "message": "User has reached daily limit"})
        left = {"remainingDailyVideos": DAILY_VIDEOS, "remainingDailyBytes": DAILY_BYTES}
        return JSONResponse({"canUpload": True, **left})

    async def upload(self, request: Request) -> Response:
        self._not_gone()
        account = self._for(request, tokens.SERVER, "com.atproto.repo.uploadBlob")
        if param(request, "did") != account.native_id or not param(request, "name").endswith(".mp4"):
            raise invalid("did must be the account's, and name that of an MP4")
        if request.headers.get("content-type") != "video/mp4":
            raise invalid("Wrong request encoding (Content-Type): only video/mp4 is taken")
        told, data = request.headers.get("content-length", ""), await request.body()
        if not told.isdecimal() or int(told) != len(data):
            raise invalid("Content-Length is required, and must be the size of the video")
        if len(data) > MAX_BYTES:
            raise ApiError(413, {"error": "VideoTooLarge", "message": "video is too large"})
        film, upload = inspect(data), new_upload(account, data, request)
        known = self.store.kept(
            self.world.slug, "job_of", f"{account.native_id}/{upload.native_id}", self.world.clock()
        )
        if known:
            job = self._job(str(known))
            return JSONResponse({**job, "error": "already_exists", "message": "Video already processed"}, 409)
        self.store.add_upload(upload, data)
        number, slow = secrets.token_hex(12), self.world.faults.standing("video_processing")
        blob = {"$type": "blob", "ref": {"$link": upload.native_id}, "mimeType": "video/mp4", "size": len(data)}
        why = "" if film and film.seconds <= MAX_SECONDS else "Video could not be read, or is too long"
        if slow and slow.options["fails"]:
            why = "Video could not be transcoded"
        kept = {"did": account.native_id, "blob": blob, "why": why, "polls": int(slow.options["polls"]) if slow else 1}
        self.store.keep(self.world.slug, "job", number, kept)
        if not why:
            self.store.keep(self.world.slug, "job_of", f"{account.native_id}/{upload.native_id}", number)
        return JSONResponse(self._job(number))

    async def status(self, request: Request) -> Response:
        """Nobody needs to sign in for it. Each look brings the job further."""
        self._not_gone()
        number = param(request, "jobId")
        kept = self.store.kept(self.world.slug, "job", number, self.world.clock())
        if kept is None:
            raise invalid("job not found")
        answer = self._job(number)
        self.store.keep(self.world.slug, "job", number, {**kept, "polls": max(kept["polls"] - 1, 0)})
        return JSONResponse({"jobStatus": answer})

    def _job(self, number: str) -> dict[str, Any]:
        kept = self.store.kept(self.world.slug, "job", number, self.world.clock())
        job = {"jobId": number, "did": kept["did"]}
        if kept["polls"]:
            return {**job, "state": "JOB_STATE_ENCODING", "progress": 50}
        if kept["why"]:
            return {**job, "state": "JOB_STATE_FAILED", "error": "JobFailed", "message": kept["why"]}
        return {**job, "state": "JOB_STATE_COMPLETED", "progress": 100, "blob": kept["blob"]}

    def _not_gone(self) -> None:
        if self.world.faults.standing("video_service_gone"):
            raise ApiError(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})

    def _for(self, request: Request, audience: str, method: str) -> Account:
        """Whose token it is, if it is for this service and method."""
        claims = tokens.claims_of(self.world, request.headers.get("authorization"), tokens.SERVICE)
        if (claims["aud"], claims["lxm"]) != (audience, method):
            raise ApiError(401, {"error": "BadJwtAudience", "message": "jwt audience does not match service did"})
        return self.calls.account(claims["sub"])
