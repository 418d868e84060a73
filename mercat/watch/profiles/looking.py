"""Looking at what each connected account shows, once a day.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

import httpx
from django.db.models import F, Q, QuerySet

from mercat.networks import registry
from mercat.networks.kit.steps import said_error, said_status
from mercat.networks.port import Channel, Profile, Profiler, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.models import Account, Connection
from mercat.watch.profiles import actions
from mercat.watch.profiles.actions import CHORE, Shown
from mercat.watch.reach import reached

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2  # accounts: other chores wait for their answers
WRONG = "Something went wrong here. It is tried again by itself."
NEVER = (Account.Status.CLOSED, Account.Status.APPROVED)  # accounts that are not looked at


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one account keeps no other from being looked at."""
    actions.let_go(now=now)
    for account in due(now=now)[:MOST_AT_ONCE]:
        try:
            look(account, now=now)
        except Exception:
            log.exception("the profile of account %s could not be looked at", account.pk)
            actions.keep_trouble(account, WRONG, now=now)


def due(*, now: datetime) -> QuerySet[Account]:
    """Accounts that work and are to be looked at, the longest waiting first."""
    slugs = [network.spec.slug for network in registry.all()]  # the folder of an account's network may be gone
    rows = Account.objects.filter(connection__state=Connection.State.WORKING, network__in=slugs)
    rows = rows.exclude(status__in=NEVER)
    rows = rows.filter(Q(profile_look=None) | Q(profile_look__next_at__lte=now)).select_related("connection")
    return rows.order_by(F("profile_look__next_at").asc(nulls_first=True), "pk")


def look(account: Account, *, now: datetime) -> None:
    """`account.connection` is loaded."""
    profiler = registry.get(account.network).profiler
    if profiler is None:
        actions.keep_untold(account, now=now)
        return
    told = _asked(account, profiler, now=now)
    if isinstance(told, Shown):
        actions.keep_look(account, told, now=now)
        return
    if told.reconnect:
        mark_broken(by=CHORE, account=account, reason=told.reason, now=now)
    actions.keep_trouble(account, told.reason, now=now)


def _asked(account: Account, profiler: Profiler, *, now: datetime) -> Shown | Unreadable:
    try:
        with reached(account) as channel:
            told = profiler.profile(channel, now=now)
            return told if isinstance(told, Unreadable) else _with_pictures(told, channel)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)


def _with_pictures(told: Profile, channel: Channel) -> Shown:
    addresses = {part: url for part, url in (("avatar", told.avatar), ("banner", told.banner)) if url}
    digests, troubles = {}, []
    for part, url in addresses.items():
        try:
            response = channel.http.get(url)  # without the account's credentials: it may lie anywhere
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            troubles.append(said_error(error) if isinstance(error, httpx.HTTPError) else "Its address is none.")
            continue
        if response.is_success:
            digests[part] = hashlib.sha256(response.content).hexdigest()
        else:
            troubles.append(said_status(response))
    trouble = f"A picture could not be fetched: {troubles[0]}" if troubles else ""
    return Shown(told.name, told.bio, frozenset(addresses), digests, trouble)
