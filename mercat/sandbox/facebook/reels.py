"""Reels of a page: begun, handed over at an address of their own, ended; what becomes of them then is in videos.py.

Source: documentation/video-api/guides/reels-publishing (30 July 2026), Page.json (v25.0). In no document are the errors
by which Meta refuses the thirty-first reel of a day and an end before all has come, and the code beside which the four
numbers of its page stand: ours are guesses. Stricter than Meta: parameters that Page.json does not have are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import graph
from mercat.sandbox.calls import drop
from mercat.sandbox.facebook import nodes
from mercat.sandbox.facebook.api import FIRST_NUMBER, MAX_CHARACTERS
from mercat.sandbox.facebook.videos import MAX_BYTES, MIN_BYTES, Videos, phase_of, unreadable
from mercat.sandbox.films import Film, inspect
from mercat.sandbox.graph import Caller, bad_parameter, error, is_number, is_text, no_such, one_of
from mercat.sandbox.standin import ApiError, base_url

DAY = 86_400
MOST = 30  # published within a day
SHAPE, TOLERANCE = 9 / 16, 0.02
MIN_WIDTH, MIN_HEIGHT = 540, 960
MIN_SECONDS, MAX_SECONDS = 3, 90.05  # a film of 90 seconds may be written a picture longer
MIN_RATE, MAX_RATE = 24, 60
REEL_PHASES: Mapping[str, Mapping[str, graph.Check]] = {
    "start": {"upload_phase": one_of("start")},
    "finish": {
        "upload_phase": one_of("finish"),
        "video_id": is_text,
        "video_state": one_of("DRAFT", "PUBLISHED", "SCHEDULED"),
        "description": is_text,
        "title": is_text,
    },
}
_UNUSABLE = {1363040: "aspect ratio", 1363127: "resolution", 1363128: "duration", 1363129: "average frame rate"}


class Reels:
    def __init__(self, videos: Videos) -> None:
        self.videos, self.calls = videos, videos.calls
        self.world, self.store = videos.world, videos.store

    async def edge(self, request: Request) -> Response:
        phase = await phase_of(request)
        if phase not in REEL_PHASES:
            raise bad_parameter("This stand-in takes reels by upload_phase start and finish only")
        caller = await self.calls.own(request, REEL_PHASES[phase], "pages_manage_posts")
        if phase == "start":
            return self._start(request, caller)
        return self._finish(caller, request.state.received_at)

    def _start(self, request: Request, caller: Caller) -> Response:
        number = str(graph.next_number(self.world, FIRST_NUMBER))
        self.videos.begun(number, caller.account, size=-1, reel=True)
        place = f"{base_url(request, self.world.slug)}/video-upload/{graph.VERSION}/{number}"
        return JSONResponse({"video_id": number, "upload_url": place})

    def _own(self, caller: Caller, number: str) -> dict[str, Any]:
        video: dict[str, Any] | None = self.store.kept(self.world.slug, "video", number, self.world.clock())
        if video is None or not video["reel"] or video["page"] != caller.account:
            raise no_such(number, "post")
        if self.world.faults.standing("upload_ends"):
            raise error(6000, "There was a problem uploading your video file.", subcode=1363033)
        return video

    # The address at which it is handed over

    async def take(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("OAuth "):
            raise _not_taken("NotAuthorizedError", "The token is to come as Authorization: OAuth", 401)
        caller = await graph.let_in(self.world, request)
        number = request.path_params["id"]
        video = self._own(caller, number)
        offset, size = _number(request, "offset"), _number(request, "file_size")
        if not MIN_BYTES <= size <= MAX_BYTES or video["size"] not in (-1, size):
            raise _not_taken("ParameterValidationError", "HeaderValuePredicate: Header file_size is wrong")
        if offset != video["at"] or offset >= size:
            raise _not_taken("OffsetInvalidError", "Request starting offset is invalid")
        if _number(request, "content-length") != size - offset:
            raise _not_taken("PartialRequestError", "Partial request (did not match length of file)")
        content, is_whole = await _brought(request)
        cut = self.world.faults.standing("partial_upload")
        if cut and not video["starts"]:
            content, is_whole = content[: len(content) // 2], False
        if content:
            self.videos.came(number, {**video, "size": size}, content)
        return JSONResponse({"success": True}) if is_whole else await drop(request)

    # Its end

    def _finish(self, caller: Caller, received_at: float) -> Response:
        self.calls.not_held_back()
        words, number = str(caller.params.get("description") or ""), str(caller.params.get("video_id") or "")
        if len(words) > MAX_CHARACTERS:
            raise bad_parameter("Param description must be shorter")
        if caller.params.get("video_state") != "PUBLISHED":
            raise bad_parameter("This stand-in publishes a reel when it is processed: video_state must be PUBLISHED")
        video = self._own(caller, number)
        if self.store.upload(self.world.slug, number) is not None:
            raise error(6000, "The reel has ended already.", subcode=1363019)
        if video["at"] != video["size"]:
            raise error(6000, "Not all of the video has come.", subcode=1363130)
        recent = [at for at in self._published(caller.account).values() if at > received_at - DAY]
        if len(recent) >= MOST:
            raise error(9, "(#9) The page has published the most reels that an app may within 24 hours")
        data = self.videos.together(number, video)
        self.videos.ended(number, video, data, _checked(inspect(data)), words=words, received_at=received_at)
        self.store.keep(
            self.world.slug, "reels", caller.account, {**self._published(caller.account), number: received_at}
        )
        return JSONResponse({"success": True})

    def _published(self, page: str) -> dict[str, float]:
        """The numbers of a page's reels, and when they were ended."""
        return self.store.kept(self.world.slug, "reels", page, self.world.clock()) or {}

    async def listed(self, request: Request) -> Response:
        caller = await self.calls.own(request, {}, "pages_read_engagement", paging=True)
        base, rows = base_url(request, self.world.slug), []
        for number, at in self._published(caller.account).items():
            video = self.store.kept(self.world.slug, "video", number, self.world.clock())
            upload = self.store.upload(self.world.slug, number)
            if upload and upload.attached_to and graph.within(at, caller.params):
                rows.append((int(number), nodes.video(number, video, upload, base)))
        return graph.edge(sorted(rows, key=lambda row: -row[0]), caller.params, "id,description,updated_time")


async def _brought(request: Request) -> tuple[bytes, bool]:
    """What came of a body, and whether that is all of it."""
    came = bytearray()
    try:
        async for chunk in request.stream():
            came += chunk
    except ClientDisconnect:
        return bytes(came), False
    return bytes(came), True


def _number(request: Request, header: str) -> int:
    told = request.headers.get(header)
    if told is None or not is_number(told):
        raise _not_taken("ParameterValidationError", f"HeaderValuePredicate: Header {header} not convertable")
    return int(told)


def _not_taken(kind: str, message: str, status: int = 400) -> ApiError:
    return ApiError(status, {"debug_info": {"retriable": False, "type": kind, "message": message}})


def _checked(film: Film | None) -> Film:
    if film is None:
        raise unreadable()
    wrong = {
        1363040: abs(film.width / film.height / SHAPE - 1) > TOLERANCE,
        1363127: film.width < MIN_WIDTH or film.height < MIN_HEIGHT,
        1363128: not MIN_SECONDS <= film.seconds <= MAX_SECONDS,
        1363129: not MIN_RATE <= film.rate <= MAX_RATE,
    }
    for number, is_wrong in wrong.items():
        if is_wrong:
            message = f"The video you tried to upload has {_UNUSABLE[number]} that isn't supported on Facebook."
            raise error(352, message, subcode=number)
    return film
