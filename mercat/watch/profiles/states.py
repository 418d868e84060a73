"""Where a part of a profile that is put back stands, and what may follow: a table, that the database holds as well."""

from __future__ import annotations

QUEUED, CALLING = "queued", "calling"
DONE, REFUSED, UNSURE = "done", "refused", "unsure"

STATES: dict[str, str] = {
    QUEUED: "Is put back within a minute",
    CALLING: "Is being put back",
    DONE: "Put back",
    REFUSED: "Not put back",
    UNSURE: "May have been put back",
}

# The same words and pictures twice are what they were once: whoever is not sure looks, and asks again.
MOVES: dict[str, frozenset[str]] = {
    QUEUED: frozenset({CALLING, REFUSED}),
    CALLING: frozenset({QUEUED, DONE, REFUSED, UNSURE}),
    DONE: frozenset(),
    REFUSED: frozenset(),
    UNSURE: frozenset(),
}

OPEN = (QUEUED, CALLING)  # one of a part at a time
COLOURS = {DONE: "green", REFUSED: "red", UNSURE: "yellow"}
