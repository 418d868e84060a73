"""The folder that the HR system puts its files into.

A file is taken in once it has lain still for a while. It then goes to `done/` or `refused/`, a report beside it. What
is no plain file of this folder (links, folders, pipes), or is still being sent, is left alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from mercat.audit.actors import System
from mercat.people.actions import tell
from mercat.people.hr.files import MOST_BYTES, BadFile, clean_name
from mercat.people.hr.imports import IMPORTS, REFUSED, receive
from mercat.people.hr.report import report_of
from mercat.people.models import Import
from mercat.people.queries import administrators

log = logging.getLogger(__name__)

QUIET = timedelta(seconds=10)  # since the last change: it has been written
SENDING = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", "~")
PROGRAMME = System("A file in the folder of the HR system")


def run(*, now: datetime) -> None:
    """The chore: every file that has been written."""
    if settings.MERCAT_HR_DROP is None:
        return
    folder = Path(settings.MERCAT_HR_DROP)
    for place in (folder / "done", folder / "refused"):
        place.mkdir(mode=0o700, exist_ok=True)  # before anything is read: what cannot be moved is not taken in
        known = place.lstat()
        if not stat.S_ISDIR(known.st_mode) or known.st_uid != os.geteuid() or not os.access(place, os.W_OK):
            raise PermissionError(
                f"{place} is no folder of Mercat's own, or nothing can be put into it; no file was taken in."
            )
    for name in _written(folder, now):
        try:
            _take_in(folder, name, now=now)
        except OSError:  # it keeps no other file from being taken in
            log.exception("a file in %s could not be read or moved", folder)


def _written(folder: Path, now: datetime) -> list[str]:
    """Names of the files that have lain still, the oldest first."""
    with os.scandir(folder) as entries:
        found = [
            (entry.stat(follow_symlinks=False).st_mtime, entry.name)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        ]
    still = (now - QUIET).timestamp()
    return [name for at, name in sorted(found) if at <= still and not name.lower().endswith(SENDING)]


def _take_in(folder: Path, name: str, *, now: datetime) -> None:
    data, made_at = _read(folder / name)
    if data is None:
        return
    try:
        file = _known(name, data, made_at) or receive(
            by=PROGRAMME, name=name, data=data, source=Import.Source.FOLDER, made_at=made_at, now=now
        )
    except BadFile as error:
        tell(
            administrators(),
            kind="administration",
            subject=REFUSED,
            body=f"{clean_name(name)}: {error}",
            link=IMPORTS,
            now=now,
        )
        _put(folder / "refused", folder / name, f"{error}\n", ".report.txt")
    else:
        _put(folder / "done", folder / name, report_of(file), ".report.csv")


def _read(path: Path) -> tuple[bytes | None, datetime]:
    """The bytes and when they were written; None where it is no plain file, or was written to meanwhile.

    One byte more than a file may have is enough to say that it is too large.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        before = os.fstat(descriptor)
        data = opened.read(MOST_BYTES + 1) if stat.S_ISREG(before.st_mode) else None
        after = os.fstat(descriptor)
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return (data if unchanged else None), datetime.fromtimestamp(before.st_mtime, UTC)


def _known(name: str, data: bytes, made_at: datetime) -> Import | None:
    """This very file, received before, and not moved for some reason."""
    digest = hashlib.sha256(data).hexdigest()
    return Import.objects.filter(digest=digest, name=clean_name(name), source="folder", made_at=made_at).first()


def _put(place: Path, path: Path, report: str, suffix: str) -> None:
    """Move a file, without overwriting another of its name, and write the report beside it."""
    free = next(name for name in _names(path) if not (place / name).exists())
    os.replace(path, place / free)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(place / f"{free}{suffix}", flags, 0o600), "w", encoding="utf-8") as beside:
        beside.write(report)


def _names(path: Path) -> Iterator[str]:
    yield path.name
    count = 2
    while True:
        yield f"{path.stem}-{count}{path.suffix}"
        count += 1
