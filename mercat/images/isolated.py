"""Decoding in a process of its own: what a bent file does to a decoder, it does to that process and to nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from mercat.images.rendering import NotAPicture, Recipe, Rendition
from mercat.images.worker import DOCUMENT, PICTURE

ROOT = Path(__file__).resolve().parents[2]  # where the package `mercat` lies
PREFIX = "mercat-media-"
PATIENCE = 60.0  # seconds for a picture, which takes one or two, or a document of twenty pages, which takes five
QUEUE_PATIENCE = 20.0  # seconds of waiting for others' pictures
# One picture and one document at a time in a process: each may take hundreds of megabytes.
TURN, TURN_WITH_PAGES = threading.Lock(), threading.Lock()
LOOK_EVERY = 1.0  # seconds between looks at a long piece of work
LARGEST_REPORT = 100_000  # bytes
LARGEST_PAGE = 20 * 2**20  # bytes
STARTS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
GAVE_UP = (
    "This picture could not be read: the programme that reads pictures gave up on it. Save it again as a JPEG and "
    "choose that."
)
GAVE_UP_ON_PAGES = (
    "This PDF could not be read: the programme that reads PDFs gave up on it. Save it again and choose that."
)


class Crashed(Exception):
    """The process ended without a report, or its report cannot be believed."""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for one piece of work, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=settings.FILE_UPLOAD_TEMP_DIR) as name:
        yield Path(name)


def run(
    work: str,
    place: Path,
    order: dict[str, Any],
    *,
    seconds: float,
    watch: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """The report on `work` in the folder `place`. `watch` is called every second; what it raises ends the work.

    Raises Crashed where the process died, did not end within `seconds`, or left no report.
    """
    (place / "order.json").write_text(json.dumps(order), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 - a list of our own
        [sys.executable, "-P", "-m", "mercat.images.worker", work, str(place)],
        cwd=place,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(place), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(process, time.monotonic() + seconds, watch)
    finally:
        process.kill()
        process.wait()
    return _report(place / "report.json")


def _await(process: subprocess.Popen[bytes], end: float, watch: Callable[[], None] | None) -> None:
    while (left := end - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(left, LOOK_EVERY))
            return
        if watch:
            watch()
    raise Crashed("it did not end in time")


def _report(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            report = json.loads(file.read(LARGEST_REPORT))
    except (OSError, ValueError):
        raise Crashed("it left no report") from None
    if not isinstance(report, dict) or not report.keys() & {"refused", "made"}:
        raise Crashed("its report is none")
    return report


def renditions(upload: bytes, recipes: Sequence[Recipe]) -> list[Rendition]:
    """A rendition for each recipe, in their order. Raises `NotAPicture`."""
    with _turn(TURN), _believed(GAVE_UP), _read_apart(upload) as place:
        report = run(PICTURE, place, {"recipes": [asdict(each) for each in recipes]}, seconds=PATIENCE)
        return _all_checked(place, _made(report), recipes)


@contextlib.contextmanager
def pages(
    upload: bytes, recipes: Sequence[Recipe], most: int, *, when: str = ""
) -> Iterator[Iterator[tuple[bytes, list[Rendition]]]]:
    """Of each page of a PDF, one held at a time: itself as a PNG, and a rendition for each recipe. Raises
    `NotAPicture`, also of more than `most` pages (`when`: as of `pages_of`)."""
    order = {"recipes": [asdict(each) for each in recipes], "most": most, "when": when}
    with _turn(TURN_WITH_PAGES), _read_apart(upload) as place:
        with _believed(GAVE_UP_ON_PAGES):
            made = _made(run(DOCUMENT, place, order, seconds=PATIENCE))
            if not 1 <= len(made) <= most:
                raise Crashed("it made another number of pages than it may")
        yield (_page(place, told, recipes) for told in made)


@contextlib.contextmanager
def _turn(lock: threading.Lock) -> Iterator[None]:
    if not lock.acquire(timeout=QUEUE_PATIENCE):
        raise NotAPicture("Others are adding pictures or PDFs. Add this one again in a minute.")
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _believed(gave_up: str) -> Iterator[None]:
    """Whatever cannot be believed of what the process did is a `NotAPicture`."""
    try:
        yield
    except (Crashed, KeyError, TypeError, ValueError, OSError) as error:
        if isinstance(error, NotAPicture):
            raise
        raise NotAPicture(gave_up) from error


@contextlib.contextmanager
def _read_apart(upload: bytes) -> Iterator[Path]:
    """A folder with the upload in it."""
    with folder() as place:
        (place / "source").write_bytes(upload)
        yield place


def _made(report: dict[str, Any]) -> list[Any]:
    if "refused" in report:
        raise NotAPicture(str(report["refused"]))
    return list(report["made"])


def _page(place: Path, told: Any, recipes: Sequence[Recipe]) -> tuple[bytes, list[Rendition]]:
    with _believed(GAVE_UP_ON_PAGES):
        data = bytes_of(place, told["original"], LARGEST_PAGE)
        if not data.startswith(STARTS["image/png"]):
            raise Crashed("what it made is no picture")
        return data, _all_checked(place, told["made"], recipes)


def _all_checked(place: Path, told: list[Any], recipes: Sequence[Recipe]) -> list[Rendition]:
    return [_checked(place, *each) for each in zip(told, recipes, strict=True)]


def _checked(place: Path, told: dict[str, Any], recipe: Recipe) -> Rendition:
    """What the process says that it made, as far as it can be true. Raises Crashed."""
    data = bytes_of(place, told["file"], recipe.max_bytes)
    width, height = int(told["width"]), int(told["height"])
    if told["mime"] not in STARTS or not data.startswith(STARTS[told["mime"]]):
        raise Crashed("what it made is no picture")
    if not 1 <= min(width, height) <= max(width, height) <= recipe.longest_side:
        raise Crashed("what it made is too large")
    return Rendition(data, told["mime"], width, height)


def bytes_of(place: Path, name: str, most: int) -> bytes:
    """A file that the process left in its folder, and nowhere else. Raises Crashed."""
    with opened(place, name) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Crashed("what it made has too many bytes")
    return data


@contextlib.contextmanager
def opened(place: Path, name: str) -> Iterator[int]:
    """Not through a link that might lead elsewhere."""
    if Path(name).name != name:
        raise Crashed("it named a file outside of its folder")
    try:
        descriptor = os.open(place / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise Crashed("a file that it named is not there") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)
