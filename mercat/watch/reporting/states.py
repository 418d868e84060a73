"""Where a report by a network's own interface stands, and what may follow: a table, that the database holds as well."""

from __future__ import annotations

QUEUED, CALLING = "queued", "calling"
SENT, REFUSED, UNSURE, LEFT, DROPPED = "sent", "refused", "unsure", "left", "dropped"

STATES: dict[str, str] = {
    QUEUED: "Goes out within a minute",
    CALLING: "Is going out",
    SENT: "Reported",
    REFUSED: "Not reported",
    UNSURE: "May have been reported",
    LEFT: "May have been reported; a person went on",
    DROPPED: "Not reported: the case went on before",
}

# Only what the network never got goes back to wait. Whether an unsure one arrived is for a person to find out: it is
# never sent again.
MOVES: dict[str, frozenset[str]] = {
    QUEUED: frozenset({CALLING, DROPPED, REFUSED}),
    CALLING: frozenset({QUEUED, SENT, REFUSED, UNSURE}),
    UNSURE: frozenset({LEFT}),
    SENT: frozenset(),
    REFUSED: frozenset(),
    LEFT: frozenset(),
    DROPPED: frozenset(),
}

OPEN = (QUEUED, CALLING, UNSURE)  # one of a case at a time
UNDER_WAY = (QUEUED, CALLING)
