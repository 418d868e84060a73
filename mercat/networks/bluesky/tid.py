"""Record keys: a post gets the same one at every attempt, so that it can never stand there twice."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tid(created_at: datetime, key: str) -> str:
    """A timestamp identifier as the AT Protocol defines it: 53 bits of microseconds, 10 bits that tell apart what was
    created in the same microsecond, written as 13 digits that sort like the moments they stand for."""
    microseconds = (created_at - _EPOCH) // timedelta(microseconds=1)
    clock = int.from_bytes(hashlib.sha256(key.encode()).digest()[:2], "big") & 0x3FF
    number = ((microseconds & 0x1F_FFFF_FFFF_FFFF) << 10) | clock
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(60, -1, -5))
