"""Videos handed over in pieces, a part of them in each attempt.

An attempt ends before its lease does (sending rule 5), and a video may take longer than that: after `TURN` bytes the
attempt ends as Pending, and the next goes on where the notes say that this one stopped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import RETRY, Halt
from mercat.networks.port import Altered, Later, Medium, Pending

# Bytes of one attempt: 45 seconds at 4 Mbit/s.
TURN = 24_000_000
AT_ONCE = 4_000_000  # bytes of a video held while it is handed over in one request


def pieces(medium: Medium, start: int, size: int, *, now: datetime) -> Iterator[tuple[int, bytes]]:
    """The pieces of a video from byte `start` on, each with its offset and of `size` bytes but for the last.

    The caller notes how far it has come after each. Halts as Pending once this attempt has handed over enough.
    """
    for offset in range(start, medium.size, size):
        if offset - start >= TURN:
            done, whole = megabytes(offset // 1_000_000 * 1_000_000), megabytes(medium.size)
            said = f"{done} of {whole} MB of the video are handed over."
            raise Halt(Pending(now, said, moving=True))
        yield offset, part_of(medium, offset, size, now=now)


def part_of(medium: Medium, offset: int, size: int, *, now: datetime) -> bytes:
    """Bytes of a video. Raises Altered when they are not the approved ones, or fewer than there must be."""
    if medium.part is None:
        raise TypeError("This medium has no parts: it is no video.")
    try:
        content = medium.part(offset, size)
    except Altered:
        raise
    except Exception:
        # Whatever the store raises (a disk, a bucket), nothing is out and it may be back soon.
        raise Halt(Later(now + RETRY, "The video could not be read from our own store.")) from None
    if len(content) != min(size, medium.size - offset):
        raise Altered("The stored video is not the one that was approved: its length differs.")
    return content


def rest_of(medium: Medium, start: int, *, now: datetime) -> Iterator[bytes]:
    """All of a video from byte `start` on, for one request; never held whole. What the store does not give ends the
    request by the exceptions of `part_of`."""
    first = part_of(medium, start, AT_ONCE, now=now)  # before anything is sent

    def parts() -> Iterator[bytes]:
        yield first
        for offset in range(start + AT_ONCE, medium.size, AT_ONCE):
            yield part_of(medium, offset, AT_ONCE, now=now)

    return parts()


class Whole:
    """A video for a network that takes it in one request alone: a file as httpx reads one, never held whole.

    What the store does not give ends the request by the exceptions of `part_of`. Each request needs one of its own.
    """

    def __init__(self, medium: Medium, *, now: datetime) -> None:
        self._medium, self._now = medium, now
        self._at = 0
        self._held, self._held_from = part_of(medium, 0, AT_ONCE, now=now), 0  # before anything is sent

    def read(self, size: int = -1) -> bytes:
        left = self._medium.size - self._at
        if left <= 0 or size == 0:
            return b""
        if not self._held_from <= self._at < self._held_from + len(self._held):
            self._held, self._held_from = part_of(self._medium, self._at, AT_ONCE, now=self._now), self._at
        start = self._at - self._held_from
        given = self._held[start : start + size] if size > 0 else self._held[start:]
        self._at += len(given)
        return given

    def __iter__(self) -> Iterator[bytes]:
        while given := self.read(AT_ONCE):
            yield given

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._medium.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at
