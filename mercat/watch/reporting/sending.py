"""Handing reports of fake accounts to the networks' own interfaces, each once.

This calls networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import logging
from datetime import datetime

from mercat.networks import registry
from mercat.networks.port import Channel, Later, Outcome, Reconnect, Refused, Unreadable, Unsure
from mercat.people.vault import Unopenable
from mercat.watch.cases.addresses import known_as
from mercat.watch.models import NetworkReport
from mercat.watch.reach import reached
from mercat.watch.reporting import actions
from mercat.watch.reporting.targets import handle_in

log = logging.getLogger(__name__)

MOST_AT_ONCE = 3  # other chores wait for the answers
WRONG = "Something went wrong here."
GONE = "The network shows no such account."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one keeps no other from being sent."""
    actions.give_up_lost(now=now)
    for _ in range(MOST_AT_ONCE):
        row = actions.take(now=now)
        if row is None:
            return
        actions.keep(row, _send(row, now=now), now=now)


def _send(row: NetworkReport, *, now: datetime) -> Outcome:
    try:
        with reached(row.through) as channel:
            return _reported(row, channel, now=now)
    except Unopenable as error:
        return Reconnect(str(error))
    except Exception:
        log.exception("report %s went wrong", row.pk)
        return Unsure(WRONG)


def _reported(row: NetworkReport, channel: Channel, *, now: datetime) -> Outcome:
    reporter = registry.get(row.network).reporter
    if reporter is None:
        return Refused("This network takes no report from here.")
    native_id = row.native_id or _looked_for(row, channel, now=now)
    if not isinstance(native_id, str):
        return native_id
    return reporter.report(channel, account=native_id, words=row.words, now=now)


def _looked_for(row: NetworkReport, channel: Channel, *, now: datetime) -> str | Outcome:
    """The network's number of an account that people gave by its address. Nothing was reported where there is none."""
    searcher, handle = registry.get(row.network).searcher, handle_in(row.case)
    if searcher is None or not handle:
        return Refused(GONE)
    told = searcher.accounts(channel, handle, now=now)
    if isinstance(told, Unreadable):
        return Reconnect(told.reason) if told.reconnect else Later(now, told.reason)
    about = (row.case.network, row.case.key)
    return next((each.native_id for each in told if known_as(each.url) == about), None) or Refused(GONE)
