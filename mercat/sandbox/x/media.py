"""Pictures and videos as X takes them: begun, handed over in pieces, ended, perhaps processed, described.

Source: docs.x.com, “Media”.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.films import Film
from mercat.sandbox.films import inspect as inspect_film
from mercat.sandbox.models import Account, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import World
from mercat.sandbox.store import sha256_hex
from mercat.sandbox.x import asked
from mercat.sandbox.x.asked import Field, is_id, matching
from mercat.sandbox.x.problems import invalid
from mercat.sandbox.x.signed import Ids, signed_in

MIMES = ("image/jpeg", "image/png", "image/webp")  # of those that X takes, what this stand-in holds
VIDEO = "video/mp4"
CAPTIONS = "text/srt"
CATEGORIES = {**dict.fromkeys(MIMES, "tweet_image"), VIDEO: "tweet_video", CAPTIONS: "subtitles"}
MAX_BYTES = {"tweet_image": 5 * 1024 * 1024, "tweet_video": 512 * 1024 * 1024, "subtitles": 5 * 1024 * 1024}
MIN_SECONDS, MAX_SECONDS = 0.5, 140
MIN_SIDE, MAX_SHAPE = 32, 3  # pixels; and how much longer than the other a side may be
MAX_PIECE = 5 * 1024 * 1024
MAX_PIECES = 1_000
MAX_ALT = 1_000
LIFE_SECONDS = 86_400  # of a picture that no post holds

INITIALIZE = {
    "media_type": Field(str, needed=True),
    "total_bytes": Field(int, lambda value: value >= 0, needed=True),
    "media_category": Field(str),
    "shared": Field(bool),
    "additional_owners": Field(list, lambda value: all(map(is_id, value))),
}
METADATA = {"id": Field(str, is_id, needed=True), "metadata": Field(dict)}
SUBTITLES = {
    "id": Field(str, is_id, needed=True),
    "media_category": Field(str, lambda value: value == "TweetVideo", needed=True),
    "subtitles": Field(dict, needed=True),
}
TRACK = {
    "id": Field(str, is_id, needed=True),
    "display_name": Field(str, needed=True),
    "language_code": Field(str, lambda value: bool(re.fullmatch(r"[A-Z]{2}", value)), needed=True),
}
_CUE = re.compile(rb"\d+\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n[^\n]+")
ALT = {"text": Field(str, lambda value: len(value) <= MAX_ALT, needed=True)}


class Media:
    def __init__(self, world: World, ids: Ids) -> None:
        self.world, self.store, self.ids = world, world.store, ids

    async def initialize(self, request: Request) -> Response:
        account, token = signed_in(self.world, request, "media.write")
        given = await asked.body(request, INITIALIZE)
        category = given.get("media_category")
        if not category or CATEGORIES.get(given["media_type"]) != category:
            pictures = ", ".join(MIMES)
            raise invalid(f"This stand-in takes {pictures} as tweet_image, {VIDEO} as tweet_video, SRT as subtitles.")
        if not 0 < given["total_bytes"] <= MAX_BYTES[category]:
            raise invalid(f"File size exceeds {MAX_BYTES[category]} bytes.")
        media_id = self.ids.next()
        begun = {"account": account.native_id, "media_type": given["media_type"], "size": given["total_bytes"]}
        self.store.keep(self.world.slug, "begun", media_id, {**begun, "pieces": []})
        if self.world.faults.standing("token_ends_in_upload"):
            self.store.forget(self.world.slug, "token", token)
        return JSONResponse(
            {
                "data": {
                    "id": media_id,
                    "media_key": key_of(media_id, given["media_type"]),
                    "expires_after_secs": LIFE_SECONDS,
                }
            }
        )

    async def append(self, request: Request) -> Response:
        media_id, begun = self._begun(request)
        fields = await asked.form(request, {"media", "segment_index"})
        piece, index = fields.get("media"), str(fields.get("segment_index", ""))
        if not isinstance(piece, bytes) or not 0 < len(piece) <= MAX_PIECE:
            raise invalid("$.media: a piece of 1 to 5242880 bytes is required")
        if not (index.isascii() and index.isdecimal() and int(index[:9]) < MAX_PIECES):
            raise invalid("$.segment_index: must be between 0 and 999")
        if not self.world.faults.standing("segments_lost"):
            self.store.keep(self.world.slug, "piece", f"{media_id}/{int(index)}", base64.b64encode(piece).decode())
        pieces = sorted({*begun["pieces"], int(index)})
        self.store.keep(self.world.slug, "begun", media_id, {**begun, "pieces": pieces})
        return JSONResponse({"data": {"expires_at": int(self.world.clock() + LIFE_SECONDS)}})

    async def finalize(self, request: Request) -> Response:
        media_id, begun = self._begun(request)
        if await request.body():
            raise invalid("This call takes no body.")
        data = self._assembled(media_id, begun)
        if begun["media_type"] == CAPTIONS:
            return self._captions(media_id, begun, data)
        is_video = begun["media_type"] == VIDEO
        seen = inspect_film(data) if is_video else inspect(data)
        if seen is None or seen.mime != begun["media_type"]:
            raise invalid("media type unrecognized.")
        if isinstance(seen, Film):
            _check(seen)
        slow = self.world.faults.standing("media_processing")
        polls = int(slow.options["polls"]) if slow else int(is_video)  # a video is never ready at once
        upload = Upload(
            network=self.world.slug,
            native_id=media_id,
            account=begun["account"],
            sha256=sha256_hex(data),
            mime=seen.mime,
            size=len(data),
            width=seen.width,
            height=seen.height,
            alt="",
            polls_left=polls,
            attached_to=None,
            received_at=request.state.received_at,
        )
        self.store.add_upload(upload, data)
        self.store.forget(self.world.slug, "begun", media_id)
        if slow or is_video:
            fails = bool(slow and slow.options["fails"])
            self.store.keep(self.world.slug, "processing", media_id, {"fails": fails})
        return JSONResponse({"data": self._view(upload, "pending" if upload.polls_left else None)})

    def _captions(self, media_id: str, begun: dict[str, Any], data: bytes) -> Response:
        if not _CUE.match(data):
            raise invalid("media type unrecognized.")
        self.store.keep(self.world.slug, "track", media_id, {"account": begun["account"], "text": data.decode()})
        self.store.forget(self.world.slug, "begun", media_id)
        told = {"id": media_id, "media_key": key_of(media_id, CAPTIONS), "size": len(data)}
        return JSONResponse({"data": {**told, "expires_after_secs": LIFE_SECONDS}})

    async def subtitle(self, request: Request) -> Response:
        account, _ = signed_in(self.world, request, "media.write")
        given = await asked.body(request, SUBTITLES)
        told = asked.members(given["subtitles"], TRACK, "$.subtitles")
        video = self.usable(account, given["id"])
        track = self.store.kept(self.world.slug, "track", told["id"], self.world.clock())
        if video is None or video.mime != VIDEO or track is None or track["account"] != account.native_id:
            raise invalid("BadRequest: Not found")
        self.store.keep(self.world.slug, "subtitles", video.native_id, {**told, "text": track["text"]})
        shown = {"id": video.native_id, "media_category": "TweetVideo", "associated_subtitles": told}
        return JSONResponse({"data": shown})

    async def status(self, request: Request) -> Response:
        """Only of a picture that was said to be in processing: X answers 400 for one that was ready at once."""
        account, _ = signed_in(self.world, request, "media.write")
        known = {"media_id": matching(r"[0-9]{1,19}"), "command": matching("STATUS")}
        media_id = asked.query(request, known, "media_id")["media_id"]
        upload = self.store.upload(self.world.slug, media_id, account.native_id)
        processing = self.store.kept(self.world.slug, "processing", media_id, self.world.clock())
        if upload is None or processing is None:
            raise invalid("BadRequest: Not found")
        left = max(upload.polls_left - 1, 0)
        self.store.change_upload(upload, alt=upload.alt, polls_left=left, attached_to=upload.attached_to)
        done = "failed" if processing["fails"] else "succeeded"
        return JSONResponse({"data": self._view(upload, "in_progress" if left else done)})

    async def describe(self, request: Request) -> Response:
        account, _ = signed_in(self.world, request, "media.write")
        given = await asked.body(request, METADATA)
        metadata = asked.members(given.get("metadata", {}), {"alt_text": Field(dict)}, "$.metadata")
        upload = self.usable(account, given["id"])
        if upload is None:
            raise invalid("BadRequest: Not found")
        if upload.mime == VIDEO:
            raise invalid("Alternative text can be given to images only.")
        if "alt_text" in metadata:
            alt = asked.members(metadata["alt_text"], ALT, "$.metadata.alt_text")["text"]
            self.store.change_upload(upload, alt=alt, polls_left=upload.polls_left, attached_to=upload.attached_to)
        return JSONResponse({"data": {"id": upload.native_id, "associated_metadata": metadata}})

    async def file(self, request: Request) -> Response:
        upload = self.store.upload(self.world.slug, request.path_params["id"])
        if upload is None:
            return Response(status_code=404)
        return picture(self.store.bytes_of(upload.sha256), upload.mime)

    def usable(self, account: Account, media_id: str) -> Upload | None:
        """A picture of the account that X still has."""
        upload = self.store.upload(self.world.slug, media_id, account.native_id)
        if upload is None or (not upload.attached_to and upload.received_at + LIFE_SECONDS <= self.world.clock()):
            return None
        return upload

    def is_ready(self, upload: Upload) -> bool:
        processing = self.store.kept(self.world.slug, "processing", upload.native_id, self.world.clock())
        return upload.polls_left == 0 and not (processing and processing["fails"])

    def _begun(self, request: Request) -> tuple[str, dict[str, Any]]:
        account, _ = signed_in(self.world, request, "media.write")
        media_id = request.path_params["id"]
        begun: dict[str, Any] | None = self.store.kept(self.world.slug, "begun", media_id, self.world.clock())
        if begun is None or begun["account"] != account.native_id:
            raise invalid("BadRequest: Not found")
        return media_id, begun

    def _assembled(self, media_id: str, begun: dict[str, Any]) -> bytes:
        names = [f"{media_id}/{index}" for index in begun["pieces"]]
        kept = [self.store.kept(self.world.slug, "piece", name, self.world.clock()) for name in names]
        data = b"".join(base64.b64decode(piece) for piece in kept if piece)
        if len(data) != begun["size"] or begun["pieces"] != list(range(len(names))):
            raise invalid("Segments do not add up to provided total file size.")
        for name in names:
            self.store.forget(self.world.slug, "piece", name)
        return data

    def _view(self, upload: Upload, state: str | None) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": upload.native_id,
            "media_key": key_of(upload.native_id, upload.mime),
            "size": upload.size,
            "expires_after_secs": LIFE_SECONDS,
        }
        if upload.mime == VIDEO:
            told["video"] = {"video_type": upload.mime}
        else:
            told["image"] = {"image_type": upload.mime, "w": upload.width, "h": upload.height}
        if state:
            waits = {"check_after_secs": 1} if state in {"pending", "in_progress"} else {}
            told["processing_info"] = {"state": state, **waits}
        return told


def key_of(media_id: str, mime: str) -> str:
    return f"{7 if mime == VIDEO else 3}_{media_id}"


def _check(film: Film) -> None:
    if not MIN_SECONDS <= film.seconds <= MAX_SECONDS:
        raise invalid("Video duration must be between 0.5 and 140 seconds.")
    short, long = sorted((film.width, film.height))
    if short < MIN_SIDE or long > short * MAX_SHAPE:
        raise invalid("Video dimensions are not supported.")
