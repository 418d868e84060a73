"""When a post's figures are asked for. Plain reckoning: what was asked before and the time are passed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from mercat.watch.figures import DISTANCES

WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))  # after each failure but the last
MOST_TRIES = len(WAITS) + 1  # at one distance; then the next one is waited for
LATEST = timedelta(days=37)  # a last reading that is later than this says nothing of a month any more


def step_at(sent_at: datetime, now: datetime) -> int:
    """The number of the last distance that has passed; -1 before the first. What was missed is not made up for: a
    network tells how it stands now, and never how it stood."""
    return sum(distance <= now - sent_at for distance in DISTANCES) - 1


def next_after(sent_at: datetime, step: int) -> datetime | None:
    """When the distance after this one has passed; None after the last."""
    return sent_at + DISTANCES[step + 1] if step + 1 < len(DISTANCES) else None


def again_at(sent_at: datetime, step: int, tries: int, now: datetime) -> datetime | None:
    """When it is tried again, after so many failures at this distance; never later than the next one."""
    after = next_after(sent_at, step)
    if tries >= MOST_TRIES:
        return after
    again = now + WAITS[tries - 1]
    return min(again, after) if after else again
