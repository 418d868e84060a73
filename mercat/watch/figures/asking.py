"""Asking the networks for the figures of what is out: each post a few times, at growing distances.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from mercat.audit.actors import System
from mercat.delivery import states
from mercat.delivery.manifest import is_story
from mercat.delivery.models import Consignment, Removal
from mercat.networks import registry
from mercat.networks.port import STORY_LASTS, Figures, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.models import Account, Connection
from mercat.watch.figures import DISTANCES, actions
from mercat.watch.figures.schedule import LATEST
from mercat.watch.reach import reached

log = logging.getLogger(__name__)

CHORE = System("Networks are asked for the figures of posts")
MOST_AT_ONCE = 3  # posts: other chores wait for their answers
WRONG = "Something went wrong here. It is tried again by itself."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one post keeps no other from being asked for."""
    for row in due(now=now)[:MOST_AT_ONCE]:
        try:
            ask(row, now=now)
        except Exception:
            log.exception("the figures of consignment %s could not be asked for", row.pk)
            actions.keep_trouble(row, WRONG, now=now)


def due(*, now: datetime) -> QuerySet[Consignment]:
    """What was read back, still stands, and is to be asked for, the longest waiting first."""
    tell = [network.spec.slug for network in registry.all() if network.metrics is not None]
    rows = Consignment.objects.filter(
        Q(figures_due=None) | Q(figures_due__next_at__lte=now),
        ~Exists(taken_down()),
        state=states.SENT,
        read_back_at__isnull=False,
        sent_at__gt=now - LATEST,
        sent_at__lte=now - DISTANCES[0],
        account__network__in=tell,
        account__connection__state=Connection.State.WORKING,
    ).exclude(account__status__in=[Account.Status.CLOSED, Account.Status.APPROVED])
    at = Coalesce("figures_due__next_at", F("sent_at") + DISTANCES[0])
    return rows.select_related("account__connection", "manifest").order_by(at, "pk")


def taken_down() -> QuerySet[Removal]:
    """Of the outer row: that it was taken down, or is just being."""
    return Removal.objects.filter(consignment=OuterRef("pk")).exclude(result=Removal.Result.FAILED)


def ask(row: Consignment, *, now: datetime) -> None:
    """`row.account.connection` is loaded."""
    if is_story(row.manifest) and now - row.sent_at >= STORY_LASTS:
        actions.keep_end(row, now=now)
        return
    told = _asked(row, now=now)
    if isinstance(told, Figures):
        actions.keep_figures(row, told.counts, now=now)
        return
    if told.reconnect:
        mark_broken(by=CHORE, account=row.account, reason=told.reason, now=now)
    actions.keep_trouble(row, told.reason, now=now)


def _asked(row: Consignment, *, now: datetime) -> Figures | Unreadable:
    network = registry.get(row.account.network)
    if network.metrics is None:
        return Unreadable(f"{network.spec.name} tells no programme any figures.")
    try:
        with reached(row.account) as channel:
            return network.metrics.figures(channel, native_id=row.native_id, now=now)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)
