"""Times as people read them: London time, the zone always named."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

LONDON = ZoneInfo("Europe/London")


def london(at: datetime) -> datetime:
    return at.astimezone(LONDON)


def clock(at: datetime) -> str:
    """Time of day with its zone: 4:07pm GMT, midday BST."""
    local = london(at)
    if (local.minute, local.second) == (0, 0) and local.hour in (0, 12):
        return f"{'midday' if local.hour else 'midnight'} {local:%Z}"
    minute = f":{local:%M}" if local.minute else ""
    return f"{local:%-I}{minute}{local:%p} {local:%Z}".replace("AM", "am").replace("PM", "pm")


def when(at: datetime) -> str:
    """23 November 2026 at 4:07pm GMT."""
    return f"{london(at):%-d %B %Y} at {clock(at)}"


def exactly(at: datetime) -> str:
    """To the second, for records: 23 November 2026, 16:07:09 GMT."""
    return f"{london(at):%-d %B %Y, %H:%M:%S %Z}"


def soon(at: datetime, now: datetime | None = None) -> str:
    """As short as can be without doubt: today at 4:07pm GMT, Tue 24 Nov at 9am GMT."""
    local, today = london(at), london(now or timezone.now())
    days = (local.date() - today.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if days in near:
        return f"{near[days]} at {clock(at)}"
    year = "" if local.year == today.year else f" {local:%Y}"
    return f"{local:%a %-d %b}{year} at {clock(at)}"


def day(at: datetime) -> str:
    """23 November 2026."""
    return f"{london(at):%-d %B %Y}"
