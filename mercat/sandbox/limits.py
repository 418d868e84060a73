"""Rate limits counted in fixed windows, as the networks announce them in their headers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many points in a window of so many seconds, counted for each caller."""

    name: str
    points: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left in a bucket. `reset`: seconds since 1970 when the window ends."""

    bucket: Bucket
    remaining: int
    reset: float
    spent: bool = False


class Windows:
    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[float, int]] = {}

    def spend(self, bucket: Bucket, caller: str, cost: int, now: float) -> Allowance:
        """Takes the points where they are left; `spent` says that they were not."""
        start, used = self._used.get((bucket.name, caller), (now, 0))
        if now >= start + bucket.seconds:
            start, used = now, 0
        reset = start + bucket.seconds
        if used + cost > bucket.points:
            return Allowance(bucket, 0, reset, spent=True)
        self._used[bucket.name, caller] = (start, used + cost)
        return Allowance(bucket, bucket.points - used - cost, reset)

    def clear(self) -> None:
        self._used.clear()
