"""Where a case stands, and what may follow: a table, that the database holds as well."""

from __future__ import annotations

NEW, UNAUTHORISED, FAKE, REPORTED, CLOSED = "new", "unauthorised", "fake", "reported", "closed"

STATES: dict[str, str] = {
    NEW: "To be looked at",
    UNAUTHORISED: "Unauthorised",
    FAKE: "Fake, to be reported",
    REPORTED: "Fake, reported to the platform",
    CLOSED: "Closed",
}

# Triage leads to one of two reports, or to nothing; whoever learns better sends it the other way. What the platform
# leaves up is reported again. What was closed is opened again when it is seen again.
MOVES: dict[str, frozenset[str]] = {
    NEW: frozenset({UNAUTHORISED, FAKE, CLOSED}),
    UNAUTHORISED: frozenset({FAKE, CLOSED}),
    FAKE: frozenset({REPORTED, UNAUTHORISED, CLOSED}),
    REPORTED: frozenset({FAKE, UNAUTHORISED, CLOSED}),
    CLOSED: frozenset({NEW}),
}

TO_TRIAGE = frozenset({NEW, UNAUTHORISED, FAKE, REPORTED})  # whose answers may still change

# The action of guidance that comes next, by which it tells whom a case waits for.
NEXT: dict[str, str] = {
    NEW: "triage_account",
    UNAUTHORISED: "settle_unauthorised",
    FAKE: "report_fake",
    REPORTED: "report_fake",
}
