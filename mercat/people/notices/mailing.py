"""E-mail that follows the notices: each once, or once a day, as its person chose, and none that was read already.

A row is claimed before it is handed over, and noted after: whoever dies in between, or loses the connection with the
answer to the last word, leaves a row that is tried again, under the same Message-ID. Otherwise nothing goes out twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from mercat.people.models import MailChoice, MailServer, Notice
from mercat.people.notices.kinds import AT_ONCE, DAILY, KINDS, NEVER
from mercat.people.notices.letters import letter
from mercat.people.notices.postman import NotSent, Postman, Refused, Silent

LONDON = ZoneInfo("Europe/London")
DAILY_HOUR = 7
WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 120, 240, 480))
REST = timedelta(minutes=1)  # for a server that takes nothing
LEASE = timedelta(minutes=5)  # longer than a round and the slowest message together
A_ROUND = 10.0  # seconds; other chores wait meanwhile
# A daily message is up to 25 hours behind its oldest notice. What is older than this is news no more: it is not sent
# when e-mail is switched on, nor after a server was away for longer. The page shows it.
STALE = timedelta(hours=36)
AT_A_TIME = 5000  # rows


@dataclass(frozen=True, slots=True)
class Claim:
    rows: list[Notice]
    daily: bool

    @property
    def mine(self) -> QuerySet[Notice]:
        return Notice.objects.filter(pk__in=[row.pk for row in self.rows])


def run(*, now: datetime) -> None:
    """Send what is due. A server that takes nothing is asked again after a minute, and holds nobody else up."""
    _drop(now=now)
    if not settings.MERCAT_EMAIL:
        MailServer.objects.all().delete()
        return
    _plan(now=now)
    if MailServer.objects.filter(again_at__gt=now).exists():
        return
    started = time.monotonic()
    with Postman() as postman:
        while time.monotonic() - started < A_ROUND:
            claim = _take(now=now)
            if claim is None or not _send(postman, claim, now=now):
                return


def morning_after(at: datetime) -> datetime:
    """The next seven o’clock in London. A day added to it is one by the clock there, of 23 to 25 hours."""
    there = at.astimezone(LONDON)
    seven = there.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return seven if there < seven else seven + timedelta(days=1)


def _drop(*, now: datetime) -> None:
    """What was read meanwhile, has nobody to go to, or is too old."""
    waiting = Notice.objects.filter(mail_due_at__isnull=False)
    nobody = Q(person__is_active=False) | Q(person__email="", mail_to="")
    _update(waiting.filter(Q(read_at__isnull=False) | nobody), mail_due_at=None, mail_problem="")
    silent = MailServer.objects.first()
    old = waiting.filter(at__lt=now - STALE)
    if silent:
        _update(old.filter(mail_problem=""), mail_due_at=None, mail_problem=silent.problem)
    _update(old, mail_due_at=None)


def _plan(*, now: datetime) -> None:
    """By what each person chose by now: never, or not before the morning."""
    due, tomorrow = _due(now=now), morning_after(now)
    _update(due.filter(way=NEVER), mail_due_at=None)
    _update(due.filter(way=DAILY, at__gte=tomorrow - timedelta(days=1)), mail_due_at=tomorrow)


def _update(rows: QuerySet[Notice], **values: object) -> None:
    """Without waiting for whoever is at one of them: an action of somebody, or another clock."""
    with transaction.atomic():
        free = rows.only("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)
        Notice.objects.filter(pk__in=[row.pk for row in free[:AT_A_TIME]]).update(**values)


def _due(*, now: datetime) -> QuerySet[Notice]:
    """Unread notices whose time has come, each with its `way`."""
    chosen = MailChoice.objects.filter(person=OuterRef("person"), kind=OuterRef("kind")).values("way")
    usual = Case(*(When(kind=name, then=Value(kind.usual)) for name, kind in KINDS.items()), output_field=CharField())
    way = Case(When(~Q(mail_to=""), then=Value(AT_ONCE)), default=Coalesce(Subquery(chosen), usual))
    rows = Notice.objects.filter(mail_due_at__lte=now, at__gte=now - STALE, read_at=None, person__is_active=True)
    return rows.annotate(way=way)


def _take(*, now: datetime) -> Claim | None:
    """One notice, or all of a person's for the day; leased. The person is locked, so that a day is one message."""
    due = _due(now=now).exclude(way=NEVER).select_related("person")
    with transaction.atomic():
        locked = due.select_for_update(of=("self", "person"), skip_locked=True, no_key=True)
        # What concerns somebody's security waits behind nothing else.
        urgent = Case(When(kind="security", then=0), default=1)
        first = locked.order_by(urgent, "mail_due_at", "pk").first()
        if first is None:
            return None
        rows = [first]
        if first.way == DAILY:
            same = due.filter(person=first.person_id, way=DAILY).select_for_update(of=("self",), skip_locked=True)
            rows = list(same.order_by("at", "pk"))
        claim = Claim(rows, first.way == DAILY)
        claim.mine.update(mail_due_at=now + LEASE)
    return claim


def _send(postman: Postman, claim: Claim, *, now: datetime) -> bool:
    """Hand it over, and keep what came of it. Whether the server is there for more."""
    try:
        postman.ready()
    except Silent as error:
        claim.mine.update(mail_due_at=now + REST, mail_problem=str(error)[:300])
        _rest(error, now=now)
        return False
    try:
        postman.send(letter(claim.rows, daily=claim.daily, now=now))
    except NotSent as error:
        _put_off(claim, error, now=now)
        if isinstance(error, Silent):
            _rest(error, now=now)
            return False
    else:
        claim.mine.update(mailed_at=now, mail_due_at=None, mail_problem="", mail_tries=F("mail_tries") + 1)
        MailServer.objects.all().delete()
    return True


def _put_off(claim: Claim, error: NotSent, *, now: datetime) -> None:
    """Again after a while that grows; never, where it was refused for good or has been tried often enough."""
    tries = claim.rows[0].mail_tries
    again = not isinstance(error, Refused) and tries < len(WAITS)
    due = now + WAITS[tries] if again else None
    claim.mine.update(mail_due_at=due, mail_problem=str(error)[:300], mail_tries=F("mail_tries") + 1)


def _rest(error: Silent, *, now: datetime) -> None:
    said = {"again_at": now + REST, "problem": str(error)[:300]}
    MailServer.objects.update_or_create(pk=1, defaults=said, create_defaults={**said, "silent_since": now})
