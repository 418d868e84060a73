"""Record keys: a post gets the same one at every attempt, so that it can never stand there twice."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(key: str) -> datetime | None:
    """The moment that a key stands for; None where it is no timestamp identifier."""
    if len(key) != 13 or not set(key) <= set(_DIGITS) or key[0] not in _DIGITS[:16]:
        return None
    number = 0
    for digit in key:
        number = number << 5 | _DIGITS.index(digit)
    return _EPOCH + timedelta(microseconds=number >> 10)


def tid(created_at: datetime, key: str) -> str:
    """A timestamp identifier as the AT Protocol defines it: 53 bits of microseconds and 10 bits to tell clocks apart,
    written as 13 digits that sort like the moments they stand for.

    It sorts by seconds. What is below comes from `key`, about 30 bits: posts approved together are created in the very
    same microsecond, 10 bits alone would give two of ten the same place one time in twenty, and the later would
    overwrite the earlier.
    """
    seconds = (created_at - _EPOCH) // timedelta(seconds=1)
    mixed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    microseconds = seconds * 1_000_000 + mixed % 1_000_000
    number = (microseconds << 10) | (mixed // 1_000_000 % 1_024)
    return "".join(_DIGITS[(number >> shift) & 31] for shift in range(60, -1, -5))
