"""Looking at each connected account in turn, for posts that did not go through the tool.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from mercat.delivery.engine import UNKNOWN_GRACE, grace_of
from mercat.networks import registry
from mercat.networks.kit.http import guarded_client
from mercat.networks.port import Standing, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.connections import channel
from mercat.register.models import Account, Connection
from mercat.watch.direct import actions
from mercat.watch.direct.actions import CHORE
from mercat.watch.direct.ours import Verdict, ours_on
from mercat.watch.models import DirectLook, DirectUse

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)  # about, for each account
MOST_AT_ONCE = 3  # accounts: other chores wait for their answers
MOST_FOUND = 50  # posts that one look flags
OVERLAP = UNKNOWN_GRACE  # looked at again each time, for what is shown late; X is paid for each post that it tells
FAR_EVERY = timedelta(days=1)  # then found posts of long ago are looked for: are they still there, or there again?
FAR = timedelta(days=30)  # and not those from before
FIRST = timedelta(days=7)  # the first look at an account that was connected long ago goes back no further
WRONG = "Something went wrong here. It is tried again by itself."
MORE = f"More than {MOST_FOUND} posts were found at once. The rest follows with the next looks."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one account keeps no other from being looked at."""
    for account in due(now=now)[:MOST_AT_ONCE]:
        try:
            look(account, now=now)
        except Exception:
            log.exception("account %s could not be looked at", account.pk)
            actions.keep_trouble(account, WRONG, begun_at=_beginning(account, now), now=now)


def due(*, now: datetime) -> QuerySet[Account]:
    """Accounts that work and are to be looked at, the longest waiting first. Those that are dormant or suspended are
    among them: nobody should speak there at all."""
    lists = [network.spec.slug for network in registry.all() if network.lister is not None]
    rows = Account.objects.filter(connection__state=Connection.State.WORKING, network__in=lists)
    rows = rows.exclude(status__in=[Account.Status.CLOSED, Account.Status.APPROVED])
    unseen = Q(direct_look=None) | Q(direct_look__looked_at__lte=now - EVERY)
    return (
        rows.filter(unseen)
        .select_related("connection")
        .order_by(F("direct_look__looked_at").asc(nulls_first=True), "pk")
    )


@dataclass(frozen=True, slots=True)
class Span:
    """What one look is about. `far`: back to the oldest post that is still followed."""

    begun_at: datetime
    since: datetime
    far: bool


def look(account: Account, *, now: datetime) -> None:
    """Ask the network what was made there since the last look, and tell it apart. `account.connection` is loaded."""
    span = span_of(account, now=now)
    told = _asked(account, span.since, now=now)
    if isinstance(told, Unreadable):
        if told.reconnect:
            mark_broken(by=CHORE, account=account, reason=told.reason, now=now)
        actions.keep_trouble(account, told.reason, begun_at=span.begun_at, now=now)
        return
    tell_apart(account, told, span, now=now)


def span_of(account: Account, *, now: datetime) -> Span:
    """Never from before the account was connected, and a little of what was looked at before once more."""
    last = DirectLook.objects.filter(account=account).first()
    if last is None:
        begun_at = _beginning(account, now)
        return Span(begun_at, begun_at, far=False)
    since, far = last.looked_until - OVERLAP, now - last.far_at >= FAR_EVERY
    if far:
        followed = DirectUse.objects.filter(account=account, made_at__gte=now - FAR)
        oldest = followed.order_by("made_at").values_list("made_at", flat=True).first()
        since = min(since, (oldest or since) - timedelta(seconds=1))
    return Span(last.begun_at, max(since, last.begun_at), far)


def _beginning(account: Account, now: datetime) -> datetime:
    return max(account.connection.connected_at, now - FIRST)


def tell_apart(account: Account, told: Sequence[Standing], span: Span, *, now: datetime) -> None:
    """Ours, theirs, or not to be told yet: then the next look begins there. The oldest are told first."""
    told = [post for post in told if post.made_at >= span.begun_at]
    ids = frozenset(post.native_id for post in told)
    known = DirectUse.objects.filter(account=account, native_id__in=ids).values_list("native_id", flat=True)
    until = now - grace_of(account.network)  # what is younger may be one that is being sent
    fresh = [post for post in told if post.made_at <= until and post.native_id not in set(known)]
    ours = ours_on(account, fresh)
    told_apart = [(ours.verdict(post), post) for post in sorted(fresh, key=lambda post: post.made_at)]
    foreign = [post for verdict, post in told_apart if verdict is Verdict.FOREIGN]
    put_off = [post for verdict, post in told_apart if verdict is Verdict.UNCLEAR] + foreign[MOST_FOUND:]
    seen = actions.Seen(
        begun_at=span.begun_at,
        since=span.since,
        until=max(span.begun_at, min([until, *(post.made_at for post in put_off)])),
        far=span.far,
        standing=ids,
        foreign=tuple(foreign[:MOST_FOUND]),
        note=MORE if len(foreign) > MOST_FOUND else "",
    )
    actions.keep_look(account, seen, now=now)


def _asked(account: Account, since: datetime, *, now: datetime) -> Sequence[Standing] | Unreadable:
    network = registry.get(account.network)
    if network.lister is None:
        return Unreadable(f"{network.spec.name} lets no programme see what stands on an account.")
    try:
        with guarded_client(timeout=network.spec.timeout, allow_private=settings.MERCAT_PRIVATE_ORIGINS) as http:
            return network.lister.posts(channel(account, http), since=since, now=now)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)
