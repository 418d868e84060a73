"""Videos handed over in pieces, a part of them in each attempt.

An attempt ends before its lease does (sending rule 5), and a video may take longer than that: after `TURN` bytes the
attempt ends as Pending, and the next goes on where the notes say that this one stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mercat.networks.kit.media import megabytes
from mercat.networks.kit.steps import RETRY, Halt
from mercat.networks.port import Altered, Later, Medium, Pending

# Bytes of one attempt: 45 seconds at 4 Mbit/s.
TURN = 24_000_000


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
