"""An event as the exact bytes that are hashed into the log."""

from __future__ import annotations

from datetime import UTC, datetime

from mercat.audit.models import Event
from mercat.audit.verifier import canonical

VERSION = 1


def leaf_bytes(event: Event) -> bytes:
    """The leaf that an event's columns amount to: canonical JSON (RFC 8785 without floats).

    Raises ValueError where the facts hold what canonical JSON cannot carry.
    """
    return canonical(
        {
            "v": VERSION,
            "id": str(event.uid),
            "at": instant(event.at),
            "actor": event.actor or None,
            "reason": event.system_reason or None,
            "what": event.what,
            "about": event.about,
            "facts": event.facts,
            "personal": bytes(event.commitment).hex() if event.commitment else None,
        }
    )


def instant(at: datetime) -> str:
    """UTC with microseconds, for example 2026-11-23T15:04:05.000006Z: PostgreSQL's precision, one spelling."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
