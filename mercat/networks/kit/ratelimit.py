"""When a network says to come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

LONGEST = timedelta(days=1)  # a longer wait than any network's window is a mistake of theirs, or an attack
SHORTEST = timedelta(seconds=1)
_EPOCH = 1_000_000_000  # a reset number above this is a moment (2001 or later), below it a number of seconds


_NAMES = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_OF_A_DAY = ("x-user-limit-24hour", "x-app-limit-24hour")  # X's second window; it counts where nothing of it is left


def reset_at(headers: httpx.Headers, now: datetime, otherwise: timedelta) -> datetime:
    """The moment named by Retry-After, ratelimit-reset (epoch or seconds), X-RateLimit-Reset (ISO 8601 or epoch) or
    x-rate-limit-reset (epoch); before them, by a window of a day that is used up.

    A moment is measured against the server's own Date where it tells one, so that a clock that is wrong on either side
    does no harm. Without a readable header: `now` + `otherwise`.
    """
    wait = otherwise
    used_up = [f"{name}-reset" for name in _OF_A_DAY if headers.get(f"{name}-remaining") == "0"]
    for name in (*used_up, *_NAMES):
        named = wait_of(headers.get(name, ""), server_time(headers) or now)
        if named is not None:
            wait = named
            break
    return now + min(max(wait, SHORTEST), LONGEST)


def wait_of(value: str, server_now: datetime) -> timedelta | None:
    """How long until a moment or for how many seconds a header names; None where it is neither."""
    try:
        number = float(value)
        return _from_epoch(number) - server_now if number > _EPOCH else timedelta(seconds=number)
    except (ValueError, OverflowError):
        moment = _moment(value)
        return moment - server_now if moment else None


def _from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, 32_503_680_000.0), UTC)  # the year 3000: fromtimestamp has an end


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def server_time(headers: httpx.Headers) -> datetime | None:
    """What time it is by the server's own clock, to the second; None where it does not say."""
    return _moment(headers["date"]) if "date" in headers else None
