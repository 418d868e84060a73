"""What falls due about accounts by itself: checks that run out."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from mercat.people.actions import tell
from mercat.people.pack import guidance
from mercat.register.answering import answering
from mercat.register.facts import account_facts, with_facts
from mercat.register.models import Account, Posture
from mercat.register.reminding import fresh


def remind_of_posture(*, now: datetime) -> None:
    """Tell those who look at accounts' protection whose look runs out: once for each of the pack's days."""
    latest = Posture.objects.filter(account=OuterRef("pk"))
    accounts = with_facts(Account.objects.exclude(status=Account.Status.CLOSED)).annotate(
        checked_until=Subquery(latest.values("expires_at")[:1])
    )
    known = {str(row.pk): row for row in accounts if row.checked_until}
    due = {key: timezone.localdate(row.checked_until) for key, row in known.items()}
    for key in fresh("posture", due, guidance().pack.posture.remind_days, now=now):
        row = known[key]
        tell(
            answering("manage_account", account_facts(row), now=now),
            kind="reminders",
            subject=f"Look at the protection of {row}"[:200],
            body="The last look at its second factor and its recovery counts for a few days more, or no longer.",
            link=f"/register/{row.pk}/protection/",
            now=now,
        )
