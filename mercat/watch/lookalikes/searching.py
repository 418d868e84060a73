"""Searching each network in turn for accounts under names like the body's.

This asks networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max

from mercat.networks import registry
from mercat.networks.port import FoundAccount, Unreadable
from mercat.people.vault import Unopenable
from mercat.register.actions import mark_broken
from mercat.register.models import Account
from mercat.watch.lookalikes import actions
from mercat.watch.lookalikes.actions import CHORE
from mercat.watch.lookalikes.words import Wanted, wanted_on
from mercat.watch.models import NameSearch
from mercat.watch.reach import account_on, reached

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)  # about, for each name
APART = timedelta(minutes=10)  # between two searches of one network
MOST_A_DAY = 20  # of one network: YouTube allows a hundred, X is paid for each account that it tells
MOST_AT_ONCE = 2  # networks: other chores wait for their answers
WRONG = "Something went wrong here. It is tried again by itself."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one network keeps no other from being searched."""
    searched = 0
    for network in due(now=now):
        searched += search(network, now=now)
        if searched == MOST_AT_ONCE:
            return


def due(*, now: datetime) -> list[str]:
    """Networks that were not searched too lately or too often, the longest waiting first."""
    last = dict(NameSearch.objects.values_list("network").annotate(last=Max("searched_at")))
    free = [
        slug
        for slug in searchable()
        if (slug not in last or last[slug] <= now - APART) and _within_the_day(slug, now=now) < MOST_A_DAY
    ]
    return sorted(free, key=lambda slug: (slug in last, last.get(slug, now), slug))


def searchable() -> Iterator[str]:
    yield from (network.spec.slug for network in registry.all() if network.searcher is not None)


def search(slug: str, *, now: datetime) -> bool:
    """For the next words that are due there, through an account that is connected there. Whether there are both."""
    account, wanted = account_on(slug), next_words(slug, now=now)
    if account is None or wanted is None:
        return False
    try:
        told = _asked(account, wanted.words, now=now)
        if isinstance(told, Unreadable):
            _not_told(account, wanted, told, now=now)
        else:
            actions.keep_search(account, wanted.words, told, now=now)
    except Exception:
        log.exception("%s could not be searched", slug)
        actions.keep_trouble(slug, wanted.words, WRONG, now=now)
    return True


def next_words(slug: str, *, now: datetime) -> Wanted | None:
    """The body's own names before all others, and of these the one that was searched for the longest ago."""
    searcher = registry.get(slug).searcher
    if searcher is None:
        return None
    last = dict(NameSearch.objects.filter(network=slug).values_list("words", "searched_at"))
    found = [each for each in wanted_on(slug, exact=searcher.exact) if _is_due(last.get(each.words), now=now)]
    found.sort(key=lambda each: (not each.first, each.words in last, last.get(each.words, now)))
    return next(iter(found), None)


def _is_due(last: datetime | None, *, now: datetime) -> bool:
    return last is None or last <= now - EVERY


def _within_the_day(slug: str, *, now: datetime) -> int:
    return NameSearch.objects.filter(network=slug, searched_at__gt=now - EVERY).count()


def _asked(account: Account, words: str, *, now: datetime) -> tuple[FoundAccount, ...] | Unreadable:
    searcher = registry.get(account.network).searcher
    if searcher is None:
        return ()
    try:
        with reached(account) as channel:
            return searcher.accounts(channel, words, now=now)
    except Unopenable as error:
        return Unreadable(str(error), reconnect=True)


def _not_told(account: Account, wanted: Wanted, told: Unreadable, *, now: datetime) -> None:
    if told.reconnect:
        mark_broken(by=CHORE, account=account, reason=told.reason, now=now)
    actions.keep_trouble(account.network, wanted.words, told.reason, now=now)
