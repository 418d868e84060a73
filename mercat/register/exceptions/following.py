"""What ends direct access by itself: its time, and that its person may no longer speak there.

Leaving, moving and ended access end it in the same transaction; the chore sees to everything else within seconds
(training that lapsed, a suspended account), and tells once what was not changed in time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.facts import people_facts
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.exceptions import actions
from mercat.register.facts import account_facts, accounts_by_id
from mercat.register.models import DirectAccess

log = logging.getLogger(__name__)

TIME = System("Its time was up")
STANDING = System("They may no longer speak there")
LATE = System("The credential was not changed in time")


def on_change(sender: type[Person], *, person: Person, now: datetime, **_: Any) -> None:
    """Somebody left, moved, or lost their access. Their rows are held: nobody ends or answers them meanwhile."""
    for row in _unable(_standing().filter(person=person).select_for_update(of=("self",)), now=now):
        _end(row, now=now)


def run(*, now: datetime) -> None:
    """The chore. What cannot be done for one exception keeps no other from its end."""
    over = _standing().filter(answer="granted", until__lte=now)
    for row in over:
        _try(row, lambda row=row: actions.close(row, by=TIME, ended=DirectAccess.Ended.TIME, now=now))
    for row in _unable(_standing().filter(Q(answer="") | Q(until__gt=now)), now=now):
        _try(row, lambda row=row: _end(row, now=now))
    late = DirectAccess.objects.filter(rotated_at=None, rotate_by__lte=now, overdue_told_at=None)
    for row in late:
        _try(row, lambda row=row: actions.tell_overdue(by=LATE, row=row, now=now))


def _unable(rows: QuerySet[DirectAccess], *, now: datetime) -> Iterator[DirectAccess]:
    """Those whose person could not ask for it now."""
    found = list(rows)
    people = people_facts({row.person_id for row in found}, now=now)
    accounts = accounts_by_id({row.account_id for row in found})
    for row in found:
        about = account_facts(accounts[str(row.account_id)])
        asked = prepare(guidance(), people[str(row.person_id)], [about])
        # Of their standing, not of the device that somebody else is acting from.
        if not asked.decide("ask_direct_access", about, facts.Situation(now=now)).allowed:
            yield row


def _end(row: DirectAccess, *, now: datetime) -> None:
    if row.answer:
        actions.close(row, by=STANDING, ended=DirectAccess.Ended.STANDING, now=now)
    else:
        actions.withdraw(by=STANDING, row=row, now=now)


def _standing() -> QuerySet[DirectAccess]:
    rows = DirectAccess.objects.filter(answer__in=["", "granted"], closed_at=None)
    return rows.select_related("account", "person").order_by("pk")


def _try(row: DirectAccess, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:
        log.exception("direct access %s could not be followed up", row.pk)
