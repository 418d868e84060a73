"""Pictures and videos of posts: shown to those who may see the post, and videos brought slice by slice."""

from __future__ import annotations

import re
from datetime import datetime
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import IO
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mercat.delivery.manifest import contents
from mercat.images import videos
from mercat.images.kinds import NotAVideo
from mercat.images.models import Cover, Picture, Rendition, Video
from mercat.people.actions import Impossible
from mercat.posts import actions
from mercat.posts.actions import NotAllowed
from mercat.posts.attached import found_video
from mercat.posts.contents import Draft
from mercat.posts.models import Post
from mercat.posts.presenters.preview import film_of
from mercat.posts.queries import is_inside, versions_open
from mercat.posts.views.finding import find

TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4"}  # by the endings that our own files have
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")  # RFC 9110, 14.1.2; the one shape that players ask for
STOP_POLLING = 286  # htmx: swap this, and ask no more


@require_safe
def medium(request: HttpRequest, post_id: UUID, sha256: str) -> HttpResponseBase:
    """A picture or a video of a post, to those who may see the post."""
    row, _ = find(request, post_id, now=timezone.now())
    return served(request, *_file(row, sha256))


def served(request: HttpRequest, name: str, mime: str) -> HttpResponseBase:
    """A file of the store, whole or the part that a player asks for. Raises Http404."""
    try:
        file = default_storage.open(name)
    except OSError:
        raise Http404 from None
    response = _part(request, file, mime) or FileResponse(file, content_type=mime)
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Accept-Ranges"] = "bytes"
    return response


def _part(request: HttpRequest, file: IO[bytes], mime: str) -> HttpResponseBase | None:
    """What a player asks for that somebody moved forward in; None where all of it is asked for."""
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        return None
    size = file.seek(0, 2)
    first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
    if first > last:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = FileResponse(_Window(file, first, last - first + 1), content_type=mime, status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


class _Window:
    """`size` bytes of a file from `first`. Seekable: else the web server keeps a thread until a slow reader is done."""

    def __init__(self, file: IO[bytes], first: int, size: int) -> None:
        self._file, self._first, self._size = file, first, size
        file.seek(first)

    def tell(self) -> int:
        return self._file.tell() - self._first

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self.tell(), SEEK_END: self._size}[whence]
        self._file.seek(self._first + min(max(base + offset, 0), self._size))
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        left = self._size - self.tell()
        return self._file.read(left if size < 0 else min(size, left))

    def close(self) -> None:
        self._file.close()


@require_safe
def captions(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """What is said in the video of a version, `?version=2`; without a number, in that of the draft."""
    row, _ = find(request, post_id, now=timezone.now())
    text = _captions_of(row, request.GET.get("version", ""))
    if not text:
        raise Http404
    return HttpResponse(text, content_type="text/vtt; charset=utf-8")


def _captions_of(row: Post, number: str) -> str:
    if not number:
        draft = Draft.restored(row.draft) if is_inside(row) else Draft()
        return draft.video.captions if draft.video else ""
    versions = versions_open(row).select_related("manifest").filter(number=int(number) if number.isdecimal() else 0)
    return "".join(entry.get("captions", "") for one in versions for entry in contents(one.manifest)["media"])


@login_not_required
@require_safe
def video(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """How far the video of a draft is, by itself, for htmx to ask until it is ready. Who was signed out stays on the
    page with what they typed."""
    if not request.user.is_authenticated:
        return HttpResponse("You are signed out: save your draft to go on.", status=STOP_POLLING)
    row, _ = find(request, post_id, now=timezone.now())
    found = found_video(Draft.restored(row.draft)) if is_inside(row) else None
    if found is None:
        raise Http404
    film, lang = film_of(row, found), row.draft.get("language", "en")
    response = render(request, "posts/_film.html", {"post": row, "film": film, "lang": lang})
    if not film.moving:
        response["HX-Trigger"] = "film-ready"  # the previews are to show it
    return response


@require_POST
def announce(request: HttpRequest, post_id: UUID) -> JsonResponse:
    """Begin to bring a video: its id, and how large the slices are to be."""
    now = timezone.now()
    row, _ = find(request, post_id, now=now)
    try:
        _may_edit(request, row)
        return announced(request, now=now)
    except (Impossible, NotAllowed, NotAVideo) as error:
        return not_taken(str(error))


def announced(request: HttpRequest, *, now: datetime) -> JsonResponse:
    """Raises NotAVideo."""
    size = request.POST.get("size", "")[:18]
    size = int(size) if size.isdecimal() else 0
    made = videos.announce(by=request.user, name=request.POST.get("name", ""), size=size, now=now)
    return JsonResponse({"video": str(made.pk), "slice": videos.SLICE}, status=201)


@require_POST
def take_slice(request: HttpRequest, post_id: UUID, video_id: UUID, number: int) -> JsonResponse:
    """One slice as the body of the request. Answers how many are here."""
    now = timezone.now()
    row, _ = find(request, post_id, now=now)
    mine = get_object_or_404(Video, pk=video_id, by=request.user)
    try:
        _may_edit(request, row)
        return taken(request, mine, number, now=now)
    except (Impossible, NotAllowed, NotAVideo) as error:
        return not_taken(str(error))


def taken(request: HttpRequest, video: Video, number: int, *, now: datetime) -> JsonResponse:
    """Raises NotAVideo."""
    data = request.read(videos.SLICE + 1)
    kept = videos.take_slice(by=request.user, video=video, number=number, data=data, now=now)
    return JsonResponse({"slices": kept.slices})


def _may_edit(request: HttpRequest, row: Post) -> None:
    if not is_inside(row):
        raise Http404
    actions.may_edit(by=request.user, post=row, now=timezone.now())


def not_taken(why: str) -> JsonResponse:
    return JsonResponse({"refused": why}, status=422)


def _file(row: Post, sha256: str) -> tuple[str, str]:
    """Name in the file store and type of a file of the draft or of a version, where those are open to the person."""
    if is_inside(row) and (drafted := _drafted(row, sha256)):
        return drafted.file, drafted.mime
    manifests = [version.manifest for version in versions_open(row).select_related("manifest")]
    name = next((manifest.files[sha256] for manifest in manifests if sha256 in manifest.files), "")
    mime = TYPES.get(name.rpartition(".")[2])
    if mime is None:
        raise Http404
    return name, mime


def _drafted(row: Post, sha256: str) -> Picture | Rendition | Video | Cover | None:
    if row.draft_video_id:
        film = Video.objects.filter(pk=row.draft_video_id, sha256=sha256).first()
        return film or Cover.objects.filter(video=row.draft_video_id, sha256=sha256).first()
    shown = row.draft_pictures.filter(sha256=sha256).first()
    return shown or Rendition.objects.filter(picture__in=row.draft_pictures.all(), sha256=sha256).first()
