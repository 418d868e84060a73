"""The states of a video, from the first bytes of its upload until it can go out. A pair that is not here cannot be."""

from __future__ import annotations

ARRIVING, WAITING, PREPARING, READY, REFUSED = "arriving", "waiting", "preparing", "ready", "refused"

STATES = {
    ARRIVING: "Being uploaded",
    WAITING: "Waiting to be prepared",
    PREPARING: "Being prepared",
    READY: "Ready",
    REFUSED: "It cannot be used",
}

EVENTS = {
    "arrive": "the last of it is here",
    "give_up": "it broke off, and nobody went on with it; or preparing it has failed too often",
    "begin": "it is taken up to be prepared",
    "lapse": "whoever prepared it died, or could not keep what was made",
    "finish": "what was made of it is kept",
    "refuse": "it is no video, or none that can be read",
}

TABLE: dict[tuple[str, str], str] = {
    (ARRIVING, "arrive"): WAITING,
    (ARRIVING, "refuse"): REFUSED,
    (ARRIVING, "give_up"): REFUSED,
    (WAITING, "begin"): PREPARING,
    (WAITING, "give_up"): REFUSED,
    (PREPARING, "lapse"): WAITING,
    (PREPARING, "finish"): READY,
    (PREPARING, "refuse"): REFUSED,
}


class ImpossibleStep(Exception):
    """Nothing was changed."""


def after(state: str, event: str) -> str:
    """The state that `event` leads to. Raises ImpossibleStep."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise ImpossibleStep(f"A video that is “{STATES[state].lower()}” cannot: {EVENTS[event]}.") from None
