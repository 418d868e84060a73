"""Accounts where nothing has gone out for long (the pack's `accounts.dormant_days`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from mercat.audit.actors import System
from mercat.delivery import states
from mercat.delivery.models import Consignment
from mercat.people.pack import guidance
from mercat.register.models import Account, Change
from mercat.register.standing import actions

QUIET = System("Nothing went out for the days that the pack names")


def mark_dormant(*, now: datetime) -> None:
    """Those that are active, have waited or spoken of nothing since, and have not been woken or connected since."""
    days = guidance().pack.accounts.dormant_days
    since = now - timedelta(days=days)
    spoken = Consignment.objects.filter(account=OuterRef("pk")).filter(
        Q(sent_at__gt=since) | ~Q(state__in=states.FINAL)
    )
    begun = Change.objects.filter(account=OuterRef("pk"), at__gt=since)
    quiet = Account.objects.filter(status=Account.Status.ACTIVE, registered_at__lte=since)
    for account in quiet.exclude(Exists(spoken)).exclude(Exists(begun)):
        actions.mark_dormant(by=QUIET, account=account, reason=f"Nothing went out there for {days} days.", now=now)
