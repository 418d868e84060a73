"""The process that decodes: `python -m mercat.images.worker WORK FOLDER`. It trusts nothing, and is trusted
with nothing.

In FOLDER it finds `order.json` and the source, and leaves its files there and, at the very end, `report.json`:
{"refused": words for the person} or {"made": …}. It is given no Django, no database and no secret, and where the kernel
lets it, no network; but it runs as the same user, so it could read what that user can. `isolated.py` starts it, ends
it, and checks what it says.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mercat.images.rendering import Rendition

GB = 2**30
PICTURE, DOCUMENT, VIDEO = "picture", "document", "video"
# Of each kind of work: bytes of address space, seconds of processor time, bytes of one file, niceness. A picture of
# 26 million pixels takes 400 MB where it is no JPEG; FFmpeg's threads reserve far more addresses than they fill.
LIMITS = {
    PICTURE: (2 * GB, 60, 64 * 2**20, 5),
    DOCUMENT: (2 * GB, 60, 64 * 2**20, 5),
    VIDEO: (4 * GB, 48 * 3600, 4 * GB, 15),
}
FILES = 64  # open at once
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h


def main() -> None:
    """Do one piece of work, confined before a byte of the source is read."""
    work, folder = sys.argv[1], Path(sys.argv[2])
    _confine(work)
    order = json.loads((folder / "order.json").read_bytes())
    report = WORK[work](folder, order)
    (folder / "report.part").write_text(json.dumps(report), encoding="utf-8")
    (folder / "report.part").rename(folder / "report.json")


def _confine(work: str) -> None:
    memory, seconds, size, niceness = LIMITS[work]
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, size),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(niceness)
    os.umask(0o077)
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)  # refused in some containers: then only the limits hold


def _pictures(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    from mercat.images.rendering import NotAPicture, Recipe, render_all  # noqa: PLC0415 - after the limits are set

    try:
        made = render_all((folder / "source").read_bytes(), [Recipe(**each) for each in order["recipes"]])
    except NotAPicture as refusal:
        return {"refused": str(refusal)}
    return {"made": [_left(folder, each) for each in made]}


def _document(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    from mercat.images.pages import pages_of  # noqa: PLC0415 - after the limits are set
    from mercat.images.rendering import NotAPicture, Recipe, renditions_of  # noqa: PLC0415

    recipes, told = [Recipe(**each) for each in order["recipes"]], []
    try:
        for number, page in enumerate(pages_of((folder / "source").read_bytes(), order["most"], when=order["when"]), 1):
            name = f"page-{number}.png"
            page.save(folder / name, compress_level=1)  # quick: it is kept, and never sent
            told.append({"original": name, "made": [_left(folder, each) for each in renditions_of(page, recipes)]})
    except NotAPicture as refusal:
        return {"refused": str(refusal)}
    return {"made": told}


def _left(folder: Path, rendition: Rendition) -> dict[str, Any]:
    name = f"{rendition.sha256}.{rendition.extension}"
    (folder / name).write_bytes(rendition.data)
    return {"file": name, "mime": rendition.mime, "width": rendition.width, "height": rendition.height}


def _video(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    from mercat.images.encoding import prepare  # noqa: PLC0415 - after the limits are set
    from mercat.images.kinds import NotAVideo  # noqa: PLC0415

    def tell(hundredths: int) -> None:
        (folder / "progress").write_text(str(hundredths), encoding="ascii")

    try:
        made = prepare(folder / "source", folder / "video.mp4", tell)
    except NotAVideo as refusal:
        return {"refused": str(refusal)}
    (folder / "cover.jpg").write_bytes(made.cover.data)
    cover = {"file": "cover.jpg", "mime": made.cover.mime, "width": made.cover.width, "height": made.cover.height}
    told = {"width": made.width, "height": made.height, "seconds": made.seconds, "copied": made.copied}
    return {"made": {"file": "video.mp4", **told, "cover": cover}}


WORK: dict[str, Callable[[Path, dict[str, Any]], dict[str, Any]]] = {
    PICTURE: _pictures,
    DOCUMENT: _document,
    VIDEO: _video,
}

if __name__ == "__main__":
    main()
