"""Readings: why one fails, and what one of an account's own posts tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mercat.networks.port import Reconnect, Standing, Unreadable

TOO_MUCH = "The account has posted too much since then to look through all of it."


class CannotTell(Exception):
    """A reading ends here: nothing can be told, for this reason."""

    def __init__(self, reason: str, *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.sighting = unreadable(reason, reconnect=reconnect)


def unreadable(reason: str, *, reconnect: bool = False) -> Unreadable:
    return Unreadable(reason, reconnect, too_much=reason == TOO_MUCH)


def untold(outcome: object) -> CannotTell:
    """The same for a call that halted on its way to the reading, by its outcome."""
    return CannotTell(getattr(outcome, "reason", ""), reconnect=isinstance(outcome, Reconnect))


def standing_since(posts: Iterable[Standing], since: datetime) -> tuple[Standing, ...]:
    """Those that were made after `since`, newest first; each once, though a page that grew while it was read tells one
    twice."""
    told = {one.native_id: one for one in posts if one.made_at > since}
    return tuple(sorted(told.values(), key=lambda one: one.made_at, reverse=True))
