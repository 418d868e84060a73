"""Readings that fail."""

from __future__ import annotations

from mercat.networks.port import Reconnect, Unreadable


class CannotTell(Exception):
    """A reading ends here: nothing can be told, for this reason."""

    def __init__(self, reason: str, *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.sighting = Unreadable(reason, reconnect)


def untold(outcome: object) -> CannotTell:
    """The same for a call that halted on its way to the reading, by its outcome."""
    return CannotTell(getattr(outcome, "reason", ""), reconnect=isinstance(outcome, Reconnect))
