"""Interfaces of networks that end on a day which is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WARNED = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Sunset:
    """A version of a network's interface, and the day after which it is no longer taken. Called with the time, it says
    what to tell ICT; None while there is time."""

    network: str
    version: str
    on: date

    def __call__(self, now: datetime) -> str | None:
        left = self.on - now.astimezone(UTC).date()
        if left > WARNED:
            return None
        which, end = f"version {self.version} of its interface", f"{self.on:%-d %B %Y}"
        if left < timedelta():
            return f"{self.network} was due to end {which} on {end}. Update Mercat now."
        return f"{self.network} is due to end {which} on {end}. Update Mercat before then."
