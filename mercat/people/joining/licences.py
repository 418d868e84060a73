"""The pool of licences: how many there are, who has one since when, and which lie idle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest

from mercat.audit.models import Event
from mercat.people.models import Licence
from mercat.people.pack import guidance


@dataclass(frozen=True, slots=True)
class Pool:
    of: int
    taken: int

    @property
    def free(self) -> int:
        return max(self.of - self.taken, 0)


def pool() -> Pool:
    """As the pack counts it."""
    return Pool(guidance().pack.licences.pool, Licence.objects.filter(ended_at=None).count())


def taken() -> QuerySet[Licence]:
    """Those that are held, the longest unused first; `used`: the last thing on record that its holder did with it."""
    actor = Concat(Value("person:"), Cast(OuterRef("person_id"), CharField()))
    last = Event.objects.filter(actor=actor).order_by("-id").values("at")[:1]
    held = Licence.objects.filter(ended_at=None).select_related("person__unit", "by")
    held = held.annotate(acted=Subquery(last)).annotate(used=Greatest(Coalesce(F("acted"), F("at")), F("at")))
    return held.order_by("used", "pk")


def idle(*, now: datetime) -> QuerySet[Licence]:
    """Those that nobody used for the pack's days."""
    return taken().filter(used__lte=idle_before(now=now))


def idle_before(*, now: datetime) -> datetime:
    return now - timedelta(days=guidance().pack.licences.idle_days)
