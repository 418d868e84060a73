"""Reminders of reviews that fall due."""

from __future__ import annotations

from datetime import datetime

from mercat.people.actions import tell
from mercat.people.pack import guidance
from mercat.people.queries import holding
from mercat.register.models import Slot
from mercat.register.reminding import fresh
from mercat.register.reviews.actions import REVIEWS


def remind_of_reviews(*, now: datetime) -> None:
    """Tell those whom the pack names: one notice for all places that have come one reminder nearer."""
    rule = guidance().pack.reviews
    due = dict(Slot.objects.filter(closed_at=None).values_list("pk", "review_due"))
    keys = fresh("review", due, rule.remind_days, now=now)
    if not keys:
        return
    names = ", ".join(Slot.objects.filter(pk__in=keys[:5]).values_list("name", flat=True))
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    many = "1 place is" if len(keys) == 1 else f"{len(keys)} places are"
    tell(
        list(holding([rule.by])),
        kind="reminders",
        subject=f"{many} due for review",
        body=f"{names}{more}.",
        link=REVIEWS,
        now=now,
    )
