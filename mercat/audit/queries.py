"""Reads of the record, with each event's place in the log and personal data at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from mercat.audit.models import Event


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, and the cursor of those that follow: None at the end."""

    events: Sequence[Event]
    next: int | None


def timeline(about: str, *, after: int = 0, limit: int = 100) -> Page:
    """What happened to one thing ("post:17"), the first first; `after` is the previous page's `next`."""
    return _page(_events().filter(about__contains=[about], pk__gt=after).order_by("pk"), limit)


def search(
    *,
    actor: str = "",
    what: str = "",
    about: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Page:
    """Events that match everything given, the latest first; `before` is the previous page's `next`.

    `what` is a whole verb, or all of a kind with a dot at the end ("post."); `until` is not included.
    """
    events = _events().order_by("-pk")
    conditions = {
        "actor": actor,
        "what__startswith" if what.endswith(".") else "what": what,
        "about__contains": [about] if about else None,
        "at__gte": since,
        "at__lt": until,
        "pk__lt": before,
    }
    return _page(events.filter(**{name: value for name, value in conditions.items() if value}), limit)


def _events() -> QuerySet[Event]:
    return Event.objects.select_related("place", "personal")


def _page(events: QuerySet[Event], limit: int) -> Page:
    found = list(events[: limit + 1])
    return Page(found[:limit], found[limit - 1].pk if len(found) > limit else None)
