"""Videos: announced with their size, handed over in parts, ended with the parts' ETags, processed.

Source: learn.microsoft.com/linkedin/marketing/community-management/shares/videos-api.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.films import inspect
from mercat.sandbox.linkedin import body
from mercat.sandbox.linkedin.api import READ, WRITE, Api, denied, illegal, ms, not_found, object_of, only, read, urn_of
from mercat.sandbox.models import Account, Upload
from mercat.sandbox.standin import ApiError, base_url
from mercat.sandbox.store import sha256_hex

PART = 4_194_304  # bytes
MAX_BYTES = 500_000_000
MIN_SECONDS, MAX_SECONDS = 3, 1_800
MOST_SHAPE = 2.4  # how much longer than the other a side may be
DAY = 86_400  # seconds
ANNOUNCED = {"owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail"}
ENDED = {"video", "uploadToken", "uploadedPartIds"}


class Videos:
    def __init__(self, calls: Api) -> None:
        self.calls, self.world, self.store = calls, calls.world, calls.store

    async def ask(self, request: Request) -> Response:
        account = self.calls.signed_in(request, WRITE)
        only(request, "action")
        given, action = object_of(await read(request)), request.query_params.get("action")
        if action == "initializeUpload" and set(given) == {"initializeUploadRequest"}:
            return self._announce(request, account, object_of(given["initializeUploadRequest"]))
        if action == "finalizeUpload" and set(given) == {"finalizeUploadRequest"}:
            return self._end(request, account, object_of(given["finalizeUploadRequest"]))
        raise illegal("action must be initializeUpload or finalizeUpload, and the body its request")

    def _announce(self, request: Request, account: Account, asked: dict[str, Any]) -> Response:
        if set(asked) != ANNOUNCED:
            raise illegal(f"this stand-in wants exactly {', '.join(sorted(ANNOUNCED))}")
        if asked["owner"] != urn_of(account):
            raise denied("videos.ACTION-initializeUpload")
        size = asked["fileSizeBytes"]
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MAX_BYTES:
            raise illegal("fileSizeBytes must be a number of bytes up to 500 MB")
        if asked["uploadCaptions"] is not False or asked["uploadThumbnail"] is not False:
            raise illegal("this stand-in takes neither captions nor thumbnails")
        number, token = f"C5605AQ{secrets.token_urlsafe(12)}", secrets.token_urlsafe(16)
        # A third of a small video, so that none comes in one.
        part, ends = min(PART, -(-size // 3)), self.world.clock() + DAY
        spans = [(first, min(first + part, size) - 1) for first in range(0, size, part)]
        known = {"owner": account.native_id, "token": token, "spans": spans, "etags": [""] * len(spans), "state": ""}
        self.store.keep(self.world.slug, "film", number, {**known, "ends": ends})
        place = f"{base_url(request, self.world.slug)}/dms-uploads/{number}/uploaded-video"
        parts = [
            {"uploadUrl": f"{place}/{n}?ut={token}", "firstByte": first, "lastByte": last}
            for n, (first, last) in enumerate(spans)
        ]
        value = {"uploadUrlsExpireAt": ms(ends), "video": f"{body.VIDEO}{number}", "uploadInstructions": parts}
        return JSONResponse({"value": {**value, "uploadToken": token}})

    async def receive(self, request: Request) -> Response:
        """A part may come again until all is ended; the last counts."""
        account, data = self.calls.caller(request), await request.body()
        number, n = request.path_params["number"], request.path_params["part"]
        known = self._own(account, number)
        if known is None or request.query_params.get("ut") != known["token"] or n >= len(known["spans"]):
            raise ApiError(400, {"status": 400, "message": "The upload address is not valid"})
        if known["state"] or known["ends"] <= self.world.clock():
            raise ApiError(410, {"status": 410, "message": "The upload address has expired"})
        first, last = known["spans"][n]
        if len(data) != last + 1 - first:
            raise ApiError(400, {"status": 400, "message": f"The part must hold the bytes {first} to {last}"})
        etag = f"/ambry-video/signedId/{secrets.token_urlsafe(16)}"
        self.store.keep(self.world.slug, "part", f"{number}/{n}", base64.b64encode(data).decode())
        etags = [etag if each == n else kept for each, kept in enumerate(known["etags"])]
        self.store.keep(self.world.slug, "film", number, {**known, "etags": etags})
        return Response(headers={"etag": etag})

    def _end(self, request: Request, account: Account, asked: dict[str, Any]) -> Response:
        number = str(asked.get("video") or "").removeprefix(body.VIDEO)
        known = self._own(account, number)
        if known is None:
            raise not_found(str(asked.get("video")))
        if set(asked) != ENDED or asked["uploadToken"] != known["token"] or known["state"]:
            raise illegal("the upload is not one that waits for its end")
        if asked["uploadedPartIds"] != known["etags"] or not all(known["etags"]):
            raise illegal("uploadedPartIds must hold the ETag of every part, in order")
        names = [f"{number}/{n}" for n in range(len(known["spans"]))]
        kept = [self.store.kept(self.world.slug, "part", name, self.world.clock()) for name in names]
        data = b"".join(map(base64.b64decode, kept))
        upload = self._upload(account, number, data, request.state.received_at)
        with self.store.transaction():
            self.store.add_upload(upload, data)
            state = "PROCESSING" if upload.mime else "PROCESSING_FAILED"
            self.store.keep(self.world.slug, "film", number, {**known, "state": state})
            for name in names:
                self.store.forget(self.world.slug, "part", name)
        return Response()

    def _upload(self, account: Account, number: str, data: bytes, received_at: float) -> Upload:
        film, slow = inspect(data), self.world.faults.standing("image_processing")
        good = film is not None and MIN_SECONDS <= film.seconds <= MAX_SECONDS
        if film and max(film.width, film.height) > MOST_SHAPE * min(film.width, film.height):
            good = False
        return Upload(
            network=self.world.slug,
            native_id=f"{body.VIDEO}{number}",
            account=account.native_id,
            sha256=sha256_hex(data),
            mime=film.mime if film and good else "",
            size=len(data),
            width=film.width if film else 0,
            height=film.height if film else 0,
            alt="",
            polls_left=int(slow.options["polls"]) if slow else 1,  # a video is never ready at once
            attached_to=None,
            received_at=received_at,
        )

    async def video(self, request: Request) -> Response:
        account, urn = self.calls.signed_in(request, WRITE, READ), request.path_params["urn"]
        known = self._own(account, urn.removeprefix(body.VIDEO)) if urn.startswith(body.VIDEO) else None
        if known is None:
            raise not_found(urn)
        upload = self.store.upload(self.world.slug, urn, account.native_id)
        view: dict[str, Any] = {"id": urn, "owner": urn_of(account), "status": self.calls.status_of(upload)}
        if upload and view["status"] == "AVAILABLE":
            address = f"{base_url(request, self.world.slug)}/media/{urn.rpartition(':')[2]}"
            shape = {"aspectRatioWidth": upload.width, "aspectRatioHeight": upload.height}
            view |= {**shape, "downloadUrl": address}
        return JSONResponse(view)

    def _own(self, account: Account, number: str) -> dict[str, Any] | None:
        known: dict[str, Any] | None = self.store.kept(self.world.slug, "film", number, self.world.clock())
        return known if known and known["owner"] == account.native_id else None
