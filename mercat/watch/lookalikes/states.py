"""Where a look-alike stands, and what may follow: a table, that the database holds as well."""

from __future__ import annotations

WAITING, CASE, DISMISSED = "waiting", "case", "dismissed"

STATES: dict[str, str] = {
    WAITING: "Waits for somebody",
    CASE: "A case",
    DISMISSED: "Not ours to deal with",
}

# What was dismissed waits again when it calls itself otherwise. Where a case proves to be nobody's business, it is
# forgotten, and so is this.
MOVES: dict[str, frozenset[str]] = {
    WAITING: frozenset({CASE, DISMISSED}),
    CASE: frozenset({DISMISSED}),
    DISMISSED: frozenset({WAITING}),
}
