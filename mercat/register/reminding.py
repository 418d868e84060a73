"""Reminders: each is given once, however often and late the clock looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mercat.register.models import Reminder

ON_THE_DAY = 0


@transaction.atomic
def fresh(kind: str, due: Mapping[str, date], ahead: Iterable[int], *, now: datetime) -> list[str]:
    """Keys whose next reminder is to be given now, and is kept as given: so many days `ahead`, and on the day.

    What was missed while nothing ran is one reminder, not several.
    """
    today = timezone.localdate(now)
    found = []
    for key, day in due.items():
        reached = [days for days in {*ahead, ON_THE_DAY} if today >= day - timedelta(days=days)]
        if not reached:
            continue
        _, given = Reminder.objects.get_or_create(kind=kind, key=key, due=day, days=min(reached), defaults={"at": now})
        if given:
            found.append(key)
    return found
