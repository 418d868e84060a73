"""How much of a network's limits is left, as its answers tell in their headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from mercat.networks.kit.ratelimit import LONGEST, server_time, wait_of

# Prefix of the headers, what they count, and whether for the body's whole app.
# Bluesky's; Mastodon's; X's of some minutes, and its two of a day.
_WINDOWS = (
    ("ratelimit", "Calls", False),
    ("x-ratelimit", "Calls", False),
    ("x-rate-limit", "Calls", False),
    ("x-user-limit-24hour", "Posts in a day", False),
    ("x-app-limit-24hour", "Posts in a day", True),
)
# Meta's: hundredths of what an hour allows (developers.facebook.com/docs/graph-api/overview/rate-limiting).
_USAGES = (("x-app-usage", True), ("x-page-usage", False), ("x-business-use-case-usage", False))
_COUNTS = {"call_count": "Calls", "total_time": "Time of calls", "total_cputime": "Work of calls"}
_HOUR = timedelta(hours=1)
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Reading:
    """`left` of `limit`, until `resets_at`. `of_app`: for all accounts of the body together."""

    name: str
    limit: int
    left: int
    resets_at: datetime
    of_app: bool = False


def readings(headers: httpx.Headers, now: datetime) -> list[Reading]:
    """All that an answer tells; what cannot be read is left out."""
    return [*_windows(headers, now), *_usages(headers, now)]


def _windows(headers: httpx.Headers, now: datetime) -> Iterator[Reading]:
    for prefix, name, of_app in _WINDOWS:
        limit, left = (_number(headers.get(f"{prefix}-{part}", "")) for part in ("limit", "remaining"))
        wait = wait_of(headers.get(f"{prefix}-reset", ""), server_time(headers) or now)
        if limit and left is not None and wait is not None:
            yield Reading(name, limit, min(left, limit), now + min(max(wait, timedelta()), LONGEST), of_app)


def _number(text: str) -> int | None:
    # Python refuses to read a number of thousands of digits, and a header must not turn an answer into a doubt.
    return int(text) if len(text) <= 10 and text.isascii() and text.isdecimal() and int(text) <= _MOST else None


def _usages(headers: httpx.Headers, now: datetime) -> Iterator[Reading]:
    for name, of_app in _USAGES:
        try:
            told = json.loads(headers.get(name, ""))
        except (ValueError, RecursionError):
            continue
        for usage in _flat(told):
            for key, words in _COUNTS.items():
                used = usage.get(key)
                if isinstance(used, (int, float)) and 0 <= used <= _MOST:
                    yield Reading(words, 100, max(100 - round(used), 0), now + _HOUR, of_app)


def _flat(told: Any) -> Iterator[dict[str, Any]]:
    """Of {count: …} or, by business, {id: [{count: …}, …]}."""
    if not isinstance(told, dict):
        return
    if told.keys() & _COUNTS.keys():
        yield told
        return
    for lines in told.values():
        yield from (line for line in lines if isinstance(line, dict)) if isinstance(lines, list) else ()
