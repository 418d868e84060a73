"""Videos of a page: begun, handed over in the pieces that are asked for, ended, processed, captioned.

Source: facebook-business-sdk-codegen (Page.json and AdVideo.json, v25.0), documentation/video-api/reference/
error-codes, docs/graph-api/reference/video/captions and /thumbnails. Stricter than Meta: no piece may be longer than
was asked for. Reels come by another way (reels.py), and are what videos are once they have come.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph, pictures
from mercat.sandbox.facebook import nodes
from mercat.sandbox.facebook.api import FIRST_NUMBER, MAX_CHARACTERS, Api
from mercat.sandbox.films import Film, inspect
from mercat.sandbox.graph import Caller, bad_parameter, error, is_file, is_flag, is_number, is_text, no_such, one_of
from mercat.sandbox.models import Medium, Post, Upload
from mercat.sandbox.standin import ApiError, base_url
from mercat.sandbox.store import sha256_hex

MIN_BYTES, MAX_BYTES = 1_000, 2_000_000_000
MOST_ASKED = 1_000_000  # bytes of a piece
MAX_CAPTIONS = 200_000  # bytes
MAX_THUMBNAIL = 10_000_000  # bytes; docs/graph-api/reference/video/thumbnails
MAX_SECONDS = 14_400
PHASE = {"upload_phase": one_of("start", "transfer", "finish")}
SESSION = {"upload_session_id": is_text}
PHASES: dict[str, dict[str, graph.Check]] = {
    "start": PHASE | {"file_size": is_number},
    "transfer": PHASE | SESSION | {"start_offset": is_number, "video_file_chunk": is_file},
    "finish": PHASE | SESSION | {"description": is_text, "title": is_text, "published": is_flag},
}
CAPTIONS = {"captions_file": is_file, "default_locale": is_text}
THUMBNAIL = {"source": is_file, "is_preferred": is_flag}
_NAMED = re.compile(rb'name="captions_file"; filename="[\w-]+\.[a-z]{2}_[A-Z]{2}\.srt"')
_CUE = re.compile(rb"\d+\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n[^\n]+")
_PHASE = re.compile(rb'upload_phase(?:=|"\r\n\r\n)(\w+)')


async def phase_of(request: Request) -> str:
    told = _PHASE.search(await request.body())
    return told[1].decode() if told else request.query_params.get("upload_phase", "")


class Videos:
    def __init__(self, calls: Api) -> None:
        self.calls, self.world, self.store = calls, calls.world, calls.store

    async def edge(self, request: Request) -> Response:
        phase = await phase_of(request)
        if phase not in PHASES:
            raise bad_parameter("This stand-in takes videos by upload_phase start, transfer and finish only")
        caller = await self.calls.own(request, PHASES[phase], "pages_manage_posts")
        if phase == "start":
            return self._start(caller)
        number, session = self._session(caller)
        if phase == "transfer":
            return self._transfer(caller, number, session)
        return self._finish(caller, number, session, request.state.received_at)

    def _start(self, caller: Caller) -> Response:
        size = int(caller.params.get("file_size") or 0)
        if size < MIN_BYTES:
            raise error(100, "The video you tried to upload is too small", subcode=1363022)
        if size > MAX_BYTES:
            raise error(100, "The video you tried to upload is too large", subcode=1363023)
        number, session = (str(graph.next_number(self.world, FIRST_NUMBER)) for _ in range(2))
        begun = self.begun(number, caller.account, size=size, reel=False)
        self.store.keep(self.world.slug, "session", session, number)
        return JSONResponse({"video_id": number, "upload_session_id": session, **_asked(begun)})

    def begun(self, number: str, page: str, *, size: int, reel: bool) -> dict[str, Any]:
        video = {"page": page, "size": size, "reel": reel, "starts": [], "at": 0}
        self.store.keep(self.world.slug, "video", number, video)
        return video

    def _session(self, caller: Caller) -> tuple[str, dict[str, Any]]:
        now, given = self.world.clock(), str(caller.params.get("upload_session_id") or "")
        number = self.store.kept(self.world.slug, "session", given, now)
        video = self.store.kept(self.world.slug, "video", number, now) if number else None
        if video is None or video["page"] != caller.account or self.world.faults.standing("upload_ends"):
            raise error(6000, "There was a problem uploading your video file.", subcode=1363033)
        return str(number), video

    def _transfer(self, caller: Caller, number: str, video: dict[str, Any]) -> Response:
        start, piece = int(caller.params.get("start_offset") or 0), caller.params.get("video_file_chunk")
        if not isinstance(piece, bytes) or not piece:
            raise bad_parameter("Param video_file_chunk is missing")
        wanted = _asked(video)
        if start != video["at"] or start + len(piece) > int(wanted["end_offset"]):
            told = error(6001, "There was a problem uploading your video. Please try again.", subcode=1363037)
            raise ApiError(told.status, {"error": {**told.body["error"], "error_data": wanted}})
        return JSONResponse(_asked(self.came(number, video, piece)))

    def came(self, number: str, video: dict[str, Any], piece: bytes) -> dict[str, Any]:
        """What goes on where it had stopped."""
        start = video["at"]
        self.store.keep(self.world.slug, "piece", f"{number}/{start}", base64.b64encode(piece).decode())
        further = {**video, "starts": [*video["starts"], start], "at": start + len(piece)}
        self.store.keep(self.world.slug, "video", number, further)
        return further

    def _finish(self, caller: Caller, number: str, video: dict[str, Any], received_at: float) -> Response:
        self.calls.not_held_back()
        words = str(caller.params.get("description") or "")
        if len(words) > MAX_CHARACTERS:
            raise bad_parameter("Param description must be shorter")
        if not graph.flag(caller.params.get("published", "true")):
            raise bad_parameter("This stand-in publishes when the video is processed")
        if self.store.upload(self.world.slug, number) is not None:
            raise error(6000, "The upload has ended already.", subcode=1363019)
        if video["at"] != video["size"]:
            raise error(6000, "Not all of the video has come.", subcode=1363019)
        data = self.together(number, video)
        film = inspect(data)
        if film is None or film.seconds > MAX_SECONDS:
            raise unreadable()
        self.ended(number, video, data, film, words=words, received_at=received_at)
        return JSONResponse({"success": True})

    def together(self, number: str, video: dict[str, Any]) -> bytes:
        now = self.world.clock()
        pieces = (self.store.kept(self.world.slug, "piece", f"{number}/{start}", now) for start in video["starts"])
        return b"".join(map(base64.b64decode, pieces))

    def ended(
        self, number: str, video: dict[str, Any], data: bytes, film: Film, *, words: str, received_at: float
    ) -> None:
        """All of it is there, and it is processed from now on."""
        slow = self.world.faults.standing("video_processing")
        upload = Upload(
            network=self.world.slug,
            native_id=number,
            account=str(video["page"]),
            sha256=sha256_hex(data),
            mime=film.mime,
            size=len(data),
            width=film.width,
            height=film.height,
            alt="",
            polls_left=int(slow.options["polls"]) if slow else 1,  # a video is never ready at once
            attached_to=None,
            received_at=received_at,
        )
        with self.store.transaction():
            self.store.add_upload(upload, data)
            ended = {**video, "description": words, "fails": bool(slow and slow.options["fails"])}
            self.store.keep(self.world.slug, "video", number, ended)
            for start in video["starts"]:
                self.store.forget(self.world.slug, "piece", f"{number}/{start}")

    # The video itself

    async def node(self, request: Request) -> Response:
        """A video as its page sees it; anything else goes to the other nodes. Each look brings processing further, and
        at its end the post stands there."""
        number = request.path_params["id"]
        video = self.store.kept(self.world.slug, "video", number, self.world.clock())
        if video is None:
            return await self.calls.node(request)
        caller = await graph.let_in(self.world, request)
        caller.needs("pages_read_engagement", "pages_manage_posts")
        upload = self.store.upload(self.world.slug, number)
        if upload and not upload.attached_to:
            upload = self._further(upload, video)
        if video["page"] != caller.account and (upload is None or not upload.attached_to):
            raise no_such(number)
        shown = nodes.video(number, video, upload, base_url(request, self.world.slug))
        return JSONResponse(graph.shown(shown, str(caller.params.get("fields") or ""), "id,description"))

    def _further(self, upload: Upload, video: dict[str, Any]) -> Upload | None:
        if upload.polls_left:
            self.store.change_upload(upload, alt="", polls_left=upload.polls_left - 1, attached_to=None)
        elif not video["fails"]:
            page, at = upload.account, upload.received_at
            native_id = f"{page}_{graph.next_number(self.world, FIRST_NUMBER)}"
            medium = Medium(upload.native_id, upload.mime, upload.size, upload.sha256, "", upload.width, upload.height)
            with self.store.transaction():
                self.store.put_post(
                    Post(
                        self.world.slug,
                        page,
                        native_id,
                        video["description"],
                        {"link": ""},
                        (medium,),
                        graph.iso(at),
                        at,
                    )
                )
                self.store.change_upload(upload, alt="", polls_left=0, attached_to=native_id)
        return self.store.upload(self.world.slug, upload.native_id)

    def _own(self, request: Request, caller: Caller) -> str:
        """The number of a whole video of the caller's."""
        caller.needs("pages_manage_posts")
        number = str(request.path_params["id"])
        upload = self.store.upload(self.world.slug, number, caller.account)
        if upload is None or self.store.kept(self.world.slug, "video", number, self.world.clock()) is None:
            raise no_such(number, "post")
        return number

    async def thumbnail(self, request: Request) -> Response:
        caller = await graph.let_in(self.world, request, THUMBNAIL)
        number, data = self._own(request, caller), caller.params.get("source")
        seen = pictures.inspect(data) if isinstance(data, bytes) and len(data) <= MAX_THUMBNAIL else None
        if seen is None or self.world.faults.standing("cover_refused"):
            raise error(324, "(#324) Missing or invalid image file", subcode=2069019)
        if graph.flag(caller.params.get("is_preferred", "false")):
            self.store.keep(self.world.slug, "cover", number, sha256_hex(data))
        return JSONResponse({"success": True})

    async def caption(self, request: Request) -> Response:
        is_named = bool(_NAMED.search(await request.body()))
        caller = await graph.let_in(self.world, request, CAPTIONS)
        number, data = self._own(request, caller), caller.params.get("captions_file")
        if not isinstance(data, bytes) or not is_named:
            raise error(387, "The caption file's name must be filename.locale.srt")
        if len(data) > MAX_CAPTIONS or not _CUE.match(data):
            raise error(385, "There was a problem uploading your captions file.")
        self.store.keep(self.world.slug, "captions", number, data.decode())
        return JSONResponse({"success": True})


def unreadable() -> ApiError:
    words = ("Can't read video", "Your video is in a format that cannot be used.")
    return error(352, "The video file you selected is in a format that we don't support.", subcode=1363024, user=words)


def _asked(video: dict[str, Any]) -> dict[str, str]:
    """The bytes wanted next, as text; a third at a time of a small video, so that none comes whole."""
    start, size = video["at"], video["size"]
    return {"start_offset": str(start), "end_offset": str(min(start + min(MOST_ASKED, -(-size // 3)), size))}
