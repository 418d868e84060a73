"""When what stands under a post is read. Plain reckoning: the times are passed in."""

from __future__ import annotations

from datetime import datetime, timedelta

OFTEN, SELDOM = timedelta(hours=1), timedelta(days=1)
OFTEN_FOR = timedelta(days=2)  # after it went out
LATEST = timedelta(days=14)


def next_after(sent_at: datetime, asked_at: datetime) -> datetime | None:
    """When it is read again, whatever came of it this time; None once it never is."""
    again = asked_at + (OFTEN if asked_at - sent_at < OFTEN_FOR else SELDOM)
    return again if again <= sent_at + LATEST else None
