"""Listening to each connected account in turn: what names it, and what stands under its posts.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
Where reading is paid for by the post, comments are not asked for: whoever answers a post there names its account, so
that its mentions tell of them, each once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Coalesce

from mercat.delivery import states as sending
from mercat.delivery.models import Consignment
from mercat.networks import registry
from mercat.networks.port import Channel, Heard, Listener, Network, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.models import Account, Connection
from mercat.watch.figures.asking import taken_down
from mercat.watch.heard import actions
from mercat.watch.heard.actions import CHORE, NEVER, not_before
from mercat.watch.heard.schedule import LATEST, OFTEN
from mercat.watch.models import MentionsLook
from mercat.watch.reach import reached

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)  # about, for each account
MOST_AT_ONCE = 3  # accounts, and posts: other chores wait for their answers
OVERLAP = timedelta(minutes=15)  # listened to once more each time, for what is shown late
PAID_OVERLAP = timedelta(minutes=1)  # where each post that is told once more costs money
FIRST = timedelta(days=1)  # the first look at an account goes back no further
WRONG = "Something went wrong here. It is tried again by itself."
MUTE = "This network lets no programme read what people write."

Told = tuple[Heard, ...] | Unreadable


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one account or post keeps no other from being listened to."""
    actions.note_gaps(now=now)
    for account in mentions_due(now=now)[:MOST_AT_ONCE]:
        try:
            hear_mentions(account, now=now)
        except Exception:
            log.exception("what names account %s could not be read", account.pk)
            actions.keep_mentions_trouble(account, WRONG, since=_since(account, now=now), now=now)
    for row in comments_due(now=now)[:MOST_AT_ONCE]:
        try:
            hear_comments(row, now=now)
        except Exception:
            log.exception("what stands under consignment %s could not be read", row.pk)
            actions.keep_comments_trouble(row, WRONG, now=now)
    actions.tell_of_reports(now=now)


def mentions_due(*, now: datetime) -> QuerySet[Account]:
    """Accounts that work, the longest waiting first. People write to dormant and suspended ones too."""
    slugs = [network.spec.slug for network in _listening()]
    rows = Account.objects.filter(connection__state=Connection.State.WORKING, network__in=slugs).exclude(
        status__in=NEVER
    )
    unheard = Q(mentions_look=None) | Q(mentions_look__looked_at__lte=now - EVERY)
    at = F("mentions_look__looked_at").asc(nulls_first=True)
    return rows.filter(unheard).select_related("connection", "mentions_look").order_by(at, "pk")


def comments_due(*, now: datetime) -> QuerySet[Consignment]:
    """What was read back and still stands, the longest waiting first."""
    slugs = [network.spec.slug for network in _listening() if not network.spec.paid_reading]
    rows = Consignment.objects.filter(
        Q(comments_look=None) | Q(comments_look__next_at__lte=now),
        ~Exists(taken_down()),
        state=sending.SENT,
        read_back_at__isnull=False,
        sent_at__gte=now - LATEST,
        sent_at__lte=now - OFTEN,
        account__network__in=slugs,
        account__connection__state=Connection.State.WORKING,
    ).exclude(account__status__in=NEVER)
    at = Coalesce("comments_look__next_at", F("sent_at") + OFTEN)
    return rows.select_related("account__connection").order_by(at, "pk")


def hear_mentions(account: Account, *, now: datetime) -> None:
    """`account.connection` is loaded."""
    since = _since(account, now=now)
    told = _asked(account, lambda part, channel: part.mentions(channel, since=since, now=now))
    if isinstance(told, Unreadable):
        _is_broken(account, told, now=now)
        actions.keep_mentions_trouble(account, told.reason, since=since, now=now)
        return
    actions.keep_mentions(account, told, until=now, now=now)


def hear_comments(row: Consignment, *, now: datetime) -> None:
    """`row.account.connection` is loaded."""
    told = _asked(row.account, lambda part, channel: part.comments(channel, native_id=row.native_id, now=now))
    if isinstance(told, Unreadable):
        _is_broken(row.account, told, now=now)
        actions.keep_comments_trouble(row, told.reason, now=now)
        return
    actions.keep_comments(row, told, now=now)


def _listening() -> list[Network]:
    return [network for network in registry.all() if network.listener is not None]


def _since(account: Account, *, now: datetime) -> datetime:
    """The first time not from before it was connected here, and never from before what would be forgotten by now."""
    last = MentionsLook.objects.filter(account=account).first()
    if last is None:
        return max(account.connection.connected_at, now - FIRST)
    overlap = PAID_OVERLAP if registry.get(account.network).spec.paid_reading else OVERLAP
    return max(last.looked_until - overlap, not_before(now))


def _asked(account: Account, ask: Callable[[Listener, Channel], Told]) -> Told:
    listener = registry.get(account.network).listener
    if listener is None:
        return Unreadable(MUTE)
    try:
        with reached(account) as channel:
            return ask(listener, channel)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)


def _is_broken(account: Account, told: Unreadable, *, now: datetime) -> None:
    if told.reconnect:
        mark_broken(by=CHORE, account=account, reason=told.reason, now=now)
