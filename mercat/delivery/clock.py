"""The clock: future posts are rows, and it sleeps until the next of them is due (sending rule 9).

Each tick also gives back what dead workers held, and signs what the record has gained; and every other second the
public register is brought up to date.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Min, Q
from django.utils import timezone

from mercat.audit.keys import KeyProblem
from mercat.audit.log import LogDamaged, integrate
from mercat.delivery import broadcasts, corrections, removals, states
from mercat.delivery.actions import release_covered, release_unpaused
from mercat.delivery.engine import grace_of
from mercat.delivery.models import Consignment
from mercat.delivery.queue import LANES, nudge, rescue
from mercat.delivery.steps import ENGINE, lapse_leases
from mercat.register.public.actions import CLOCK, publish

log = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(seconds=0.5)
RESCUE_EVERY = timedelta(seconds=5)
PUBLISH_EVERY = timedelta(seconds=2)


def run(stop: threading.Event) -> None:
    """Tick until `stop` is set."""
    last_rescue = last_edition = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    while not stop.is_set():
        now = timezone.now()
        try:
            tick(now=now)
            if now - last_rescue >= RESCUE_EVERY:
                _by_itself("the queue's rescue", rescue)
                last_rescue = now
            if now - last_edition >= PUBLISH_EVERY:
                _by_itself("the public register", partial(publish, by=CLOCK, now=now))
                last_edition = now
            pause = until_next(now=timezone.now())
        except (OperationalError, InterfaceError) as error:
            log.warning("the database does not answer: %s", error.__class__.__name__)
            pause = LONGEST_SLEEP
        finally:
            connection.close()
        stop.wait(pause.total_seconds())


def tick(*, now: datetime) -> None:
    _by_itself("giving back leases", partial(lapse_leases, now=now, grace_of=grace_of))
    _by_itself("the end of pauses", partial(release_unpaused, by=ENGINE, now=now))
    _by_itself("the end of budgets' holds", partial(release_covered, by=ENGINE, now=now))
    for lane in LANES:
        if work_waits(lane, now=now):
            _by_itself(f"the nudge of {lane}", partial(nudge, lane))
    _sign_the_record(now)


def _by_itself(what: str, act: Callable[[], object]) -> None:
    """Whatever hinders one part of a tick keeps no other, and no post, waiting; the next tick tries it again."""
    try:
        act()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("%s broke off; it is tried again", what)


def _sign_the_record(now: datetime) -> None:
    """A record that cannot be signed is shouted about, every tick; it must not keep warnings from going out."""
    try:
        integrate(now=now)
    except (LogDamaged, KeyProblem) as problem:
        log.critical("the record is not being signed: %s", problem)


def work_waits(lane: str, *, now: datetime) -> bool:
    return (
        removals.waits(lane, now=now)
        or corrections.waits(lane, now=now)
        or broadcasts.waits(lane, now=now)
        or Consignment.objects.filter(
            Q(state=states.READY, not_before__lte=now)
            | Q(state=states.IN_DOUBT, look_at__lte=now, leased_until=None)
            | Q(state=states.IN_DOUBT, look_at__lte=now, leased_until__lte=now),
            lane=lane,
        ).exists()
    )


def until_next(*, now: datetime) -> timedelta:
    """How long nothing can become due, at most half a second: rows may be added at any time."""
    due = Consignment.objects.filter(state=states.READY, not_before__gt=now).aggregate(at=Min("not_before"))["at"]
    if due is None:
        return LONGEST_SLEEP
    return min(max(due - now, timedelta()), LONGEST_SLEEP)
