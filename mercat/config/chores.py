"""What is done from time to time, and by nobody's hand: reminders, e-mail, what ends by itself.

A chore is a function `run(now=)` of its room that may be called at any time, twice, or late: the rows say what is to
be done. Chores run one after another in four threads of the clock, so that a slow one never delays a post: those that
call other machines have one of their own, since what must follow at once waits for nobody's answer, and so have
looks at what stands on accounts, which may be many calls, and videos, which take minutes. Where several clocks run,
each chore runs in one of them at a time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import OperationalError, connection
from django.utils import timezone

from mercat.delivery import at_risk
from mercat.delivery.dormancy import mark_dormant
from mercat.images import preparing as videos
from mercat.people.api import once
from mercat.people.hr import drop, imports, reminders
from mercat.people.joining import procedures
from mercat.people.notices import mailing
from mercat.people.signing_in import sessions
from mercat.people.webhooks import sending as webhooks
from mercat.posts import leavers as posts_leavers
from mercat.posts.contributions import publishing as contributions
from mercat.register import leavers as register_leavers
from mercat.register.exceptions import following as direct_access
from mercat.register.keeping import actions as keeping
from mercat.register.reviews.chores import remind_of_reviews
from mercat.register.standing.chores import remind_of_posture
from mercat.watch.cases import following as cases
from mercat.watch.direct import looking as direct_use
from mercat.watch.figures import asking as figures
from mercat.watch.heard import forgetting as words_of_others
from mercat.watch.heard import listening
from mercat.watch.lookalikes import searching as look_alikes
from mercat.watch.profiles import looking as profiles
from mercat.watch.profiles import putting as profiles_put_back
from mercat.watch.reporting import sending as network_reports

log = logging.getLogger(__name__)

LOOK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Chore:
    """`name` tells in the log what failed; `every` is the time from one start to the next."""

    name: str
    every: timedelta
    run: Callable[..., object]


AT_ONCE = timedelta(seconds=10)  # what must have followed within a minute

CHORES: tuple[Chore, ...] = (
    Chore("files of the HR system", timedelta(seconds=10), drop.run),
    Chore("imports of people", timedelta(seconds=2), imports.run),
    Chore("training that runs out", timedelta(hours=1), reminders.run),
    Chore("ended sessions", timedelta(hours=1), sessions.clear),
    Chore("ends of connections", timedelta(hours=1), at_risk.run),
    Chore("procedures", timedelta(hours=1), procedures.remind),
    Chore("leavers in the register", AT_ONCE, register_leavers.run),
    Chore("direct access", AT_ONCE, direct_access.run),
    Chore("leavers in posts", AT_ONCE, posts_leavers.run),
    Chore("contributions that are published", AT_ONCE, contributions.run),
    Chore("answers of a day ago", timedelta(hours=1), once.forget),
    Chore("reviews due", timedelta(hours=1), remind_of_reviews),
    Chore("protection to look at", timedelta(hours=1), remind_of_posture),
    Chore("reported accounts to look at", timedelta(hours=1), cases.run),
    Chore("what people wrote is forgotten", timedelta(minutes=10), words_of_others.run),
    Chore("dormant accounts", timedelta(hours=6), mark_dormant),
)

# These wait for answers of networks, of other programmes, and of the server for e-mail.
CALLING: tuple[Chore, ...] = (
    Chore("connections", timedelta(minutes=1), keeping.run),
    Chore("webhooks", timedelta(seconds=5), webhooks.run),
    Chore("notices by e-mail", timedelta(seconds=10), mailing.run),
    Chore("reports of fake accounts", timedelta(seconds=5), network_reports.run),
)

# What reads networks may be many calls: webhooks and e-mail do not wait for it.
LOOKING: tuple[Chore, ...] = (
    Chore("posts past the tool", timedelta(seconds=10), direct_use.run),
    Chore("figures of posts", timedelta(seconds=20), figures.run),
    Chore("what people write to accounts", timedelta(seconds=10), listening.run),
    Chore("look-alikes", timedelta(minutes=1), look_alikes.run),
    Chore("profiles that are put back", timedelta(seconds=10), profiles_put_back.run),
    Chore("profiles", timedelta(minutes=1), profiles.run),
)

# The work itself is done by a process of its own.
LONG: tuple[Chore, ...] = (Chore("videos", timedelta(seconds=1), videos.run),)


@dataclass(slots=True)
class Round:
    """Which chores are due. At the start all are: what fell due while nothing ran is made up at once."""

    chores: Sequence[Chore]
    _started: dict[str, datetime] = field(default_factory=dict)

    def run_due(self, *, clock: Callable[[], datetime]) -> None:
        """Each with the time at which it begins, however long those before it took."""
        for chore in self.chores:
            now, started = clock(), self._started.get(chore.name)
            if started is None or now - started >= chore.every:
                self._started[chore.name] = now
                _run(chore, now=now)


def keep(stop: threading.Event, chores: Sequence[Chore]) -> None:
    """Do what is due until told to stop."""
    rounds = Round(chores)
    while not stop.is_set():
        rounds.run_due(clock=timezone.now)
        connection.close()
        stop.wait(LOOK.total_seconds())


def _run(chore: Chore, *, now: datetime) -> None:
    """A chore that fails is tried again when it is next due; it keeps no other from being done."""
    try:
        with _alone(chore) as mine:
            if mine:
                chore.run(now=now)
    except OperationalError as error:
        log.warning("%s: the database does not answer: %s", chore.name, error.__class__.__name__)
    except Exception:
        log.exception("%s failed; it is tried again in %s", chore.name, chore.every)


@contextmanager
def _alone(chore: Chore) -> Iterator[bool]:
    """Whether no other clock is at this chore. The lock ends with the connection, whatever becomes of the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"mercat.chore.{chore.name}"])
        mine = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"mercat.chore.{chore.name}"])
