"""Putting back what is assigned to accounts, as somebody asked, through the networks' own interfaces.

This calls networks, so it is a chore of the processes that send (ADR 0015). Nothing of the database is held meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from functools import partial

from django.core.files.storage import default_storage

from mercat.images.models import Picture
from mercat.networks import registry
from mercat.networks.port import Altered, Medium, NewProfile, Outcome, Reconnect, Refused, Unsure
from mercat.people.vault import Unopenable
from mercat.watch.models import ProfileChange
from mercat.watch.models.profiles import PICTURES
from mercat.watch.profiles import actions
from mercat.watch.reach import reached

log = logging.getLogger(__name__)

MOST_AT_ONCE = 3  # other chores wait for the answers
WRONG = "Something went wrong here."
ALTERED = "The stored picture is not the one that was assigned: its digest differs. Assign it again."
NOT_SET = "This network lets no programme change that."


def run(*, now: datetime) -> None:
    """The chore. What goes wrong with one keeps no other from being put back."""
    actions.give_up_lost(now=now)
    for _ in range(MOST_AT_ONCE):
        row = actions.take(now=now)
        if row is None:
            return
        if outcome := _put(row, now=now):
            actions.keep(row, outcome, now=now)


def _put(row: ProfileChange, *, now: datetime) -> Outcome | None:
    """None where it waits, not called, for the end of a pause that began since it was taken."""
    network = row.account.network
    profiler = registry.get(network).profiler if registry.known(network) else None
    if profiler is None or row.part not in profiler.settable:
        return Refused(NOT_SET)
    try:
        with reached(row.account) as channel:
            new = _new(row)
            if actions.waits_for_a_pause(row, now=now):
                return None
            return profiler.change(channel, new, now=now)
    except Unopenable as error:
        return Reconnect(str(error))
    except Altered as error:
        return Refused(str(error))
    except Exception:
        log.exception("part %s of a profile went wrong", row.pk)
        return Unsure(WRONG)


def _new(row: ProfileChange) -> NewProfile:
    """This one part: what the network refuses of one keeps no other from being put back."""
    value = getattr(row.branding, row.part)
    return NewProfile(**{row.part: _medium(value, row.account.network) if row.part in PICTURES else value})


def _medium(picture: Picture, network: str) -> Medium:
    given = picture.for_network(network)
    read = partial(_read, given.file, given.sha256)
    return Medium(given.sha256, given.mime, "", given.width, given.height, given.size, read)


def _read(name: str, sha256: str) -> bytes:
    with default_storage.open(name) as file:
        data: bytes = file.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Altered(ALTERED)
    return data
