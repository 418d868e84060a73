"""The states of what was handed in, as a table; a trigger holds the same. A pair that is not here cannot be."""

from __future__ import annotations

WAITING, SHELVED, USED, DECLINED, TAKEN_BACK = "waiting", "shelved", "used", "declined", "taken_back"

STATES = {
    WAITING: "Waiting",
    SHELVED: "Kept for later",
    USED: "A post is made of it",
    DECLINED: "Not used",
    TAKEN_BACK: "Taken back",
}

TABLE: dict[tuple[str, str], str] = {
    (WAITING, "use"): USED,
    (WAITING, "shelve"): SHELVED,
    (WAITING, "decline"): DECLINED,
    (WAITING, "take_back"): TAKEN_BACK,
    (SHELVED, "use"): USED,
    (SHELVED, "decline"): DECLINED,
    (SHELVED, "reopen"): WAITING,
    (SHELVED, "take_back"): TAKEN_BACK,
    (USED, "use"): USED,  # several posts may be made of it
    (USED, "reopen"): WAITING,  # once all of its posts are withdrawn or rejected
    (DECLINED, "reopen"): WAITING,
}


class ImpossibleStep(ValueError):
    """A step that the table does not know."""


def after(state: str, event: str) -> str:
    try:
        return TABLE[state, event]
    except KeyError:
        raise ImpossibleStep(f"This is “{STATES[state].lower()}”, so that it cannot be done.") from None
