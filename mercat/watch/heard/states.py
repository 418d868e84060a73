"""Where something that was heard stands, and what may follow: a table, that the database holds as well."""

from __future__ import annotations

NEW, SIGNPOSTED, NOTHING, FORGOTTEN = "new", "signposted", "nothing", "forgotten"

STATES: dict[str, str] = {
    NEW: "Waits for somebody",
    SIGNPOSTED: "Signposted",
    NOTHING: "Nothing to do",
    FORGOTTEN: "Forgotten unsettled",
}

MOVES: dict[str, frozenset[str]] = {
    NEW: frozenset({SIGNPOSTED, NOTHING, FORGOTTEN}),
    SIGNPOSTED: frozenset(),
    NOTHING: frozenset(),
    FORGOTTEN: frozenset(),
}
BY_PEOPLE = frozenset({SIGNPOSTED, NOTHING})
