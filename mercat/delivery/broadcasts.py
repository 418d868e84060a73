"""Live broadcasts that were announced: watched, started and ended by people, through the processes that send.

The pages cannot speak to networks: they write down what somebody wishes, and that somebody is watching; a worker does
it and writes down what the network shows. What an encoder needs to send its picture stands here sealed, by a key that
is derived from the installation's secret and lies outside the database.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from mercat.audit.actions import record
from mercat.delivery.claims import LEASE, covering_pause
from mercat.delivery.facts import post_facts
from mercat.delivery.manifest import is_live
from mercat.delivery.models import Broadcast, Consignment, Removal
from mercat.delivery.queue import nudge
from mercat.delivery.states import SENT
from mercat.delivery.steps import ENGINE
from mercat.networks.port import Broadcast as Seen
from mercat.networks.port import Later, Outcome, Pending, Reconnect, Refused, Sent, Unreadable, Unsure
from mercat.people.actions import Impossible
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.register.facts import facts_of

WATCHED = timedelta(seconds=30)  # after the page last asked
BETWEEN = timedelta(seconds=3)  # looks at one broadcast
PAUSED = "Sending is paused here: nothing is shown until a second person lifts the pause."
MOST_TRIES = 5  # of what somebody wished
START, END = Broadcast.Wish.START, Broadcast.Wish.END
ASKED = {START: "broadcast.start_asked", END: "broadcast.end_asked"}
DONE = {START: "broadcast.started", END: "broadcast.ended"}


@dataclass(frozen=True, slots=True)
class Ingest:
    """Where an encoder sends its picture, and by which key. Whoever has both speaks to all who watch."""

    url: str
    key: str


def may_direct(*, by: Person, row: Consignment, now: datetime) -> None:
    """Raises Refused unless `by` may speak for the account; Impossible where this is no broadcast that stands."""
    down = row.removals.exclude(result=Removal.Result.FAILED).exists()
    if row.state != SENT or down or not is_live(row.manifest):
        raise Impossible("No live broadcast of this post stands on this account.")
    require(by, "compose", facts_of(row.account), now=now, post=post_facts(row))


def watched(row: Consignment, *, now: datetime) -> Broadcast:
    """The broadcast of a consignment, which a worker looks at for as long as somebody asks for it."""
    until = now + WATCHED
    found, _ = Broadcast.objects.get_or_create(consignment=row, defaults={"look_until": until, "not_before": now})
    Broadcast.objects.filter(pk=found.pk).update(look_until=until)
    if found.not_before <= now and not found.leased_until:
        transaction.on_commit(lambda: nudge(row.lane))
    return found


@transaction.atomic
def wish(*, by: Person, row: Consignment, wish: str, now: datetime) -> None:
    """Have it shown to all, or ended. Raises Refused, ProofNeeded or Impossible; then nothing was asked for."""
    may_direct(by=by, row=row, now=now)
    found = Broadcast.objects.select_for_update(of=("self",)).filter(consignment=row).first()
    if found is None or wish not in ASKED:
        raise Impossible("Open the page of the broadcast anew. Nothing was changed.")
    if found.wish:
        raise Impossible("Something was asked for just now. Wait until it is done. Nothing was changed.")
    if wish == START and is_paused(row):
        raise Impossible(PAUSED)
    found.wish, found.wished_by, found.tries, found.said, found.not_before = wish, by, 0, "", now
    found.save(update_fields=["wish", "wished_by", "tries", "said", "not_before"])
    _record(found, ASKED[Broadcast.Wish(wish)], by=by, now=now)
    transaction.on_commit(lambda: nudge(row.lane))


@transaction.atomic
def ingest_shown(*, by: Person, row: Consignment, now: datetime) -> Ingest:
    """Address and key for the encoder; that `by` saw them is on record. Raises Refused or Impossible."""
    may_direct(by=by, row=row, now=now)
    found = Broadcast.objects.filter(consignment=row).first()
    ingest = _unsealed(bytes(found.ingest)) if found and found.ingest else None
    if found is None or ingest is None:
        raise Impossible("The network has not told the address for the encoder yet. Try again in a moment.")
    _record(found, "broadcast.key_shown", by=by, now=now)
    return ingest


def is_paused(row: Consignment) -> bool:
    """Whether a pause covers it at this moment."""
    return Consignment.objects.filter(pk=row.pk).annotate(paused=covering_pause()).filter(paused=True).exists()


# For the worker


def claim(lane: str, *, limit: int, now: datetime) -> list[Broadcast]:
    """Broadcasts that are watched, or of which something is wished, leased to the caller."""
    with transaction.atomic():
        due = _due(lane, now).select_for_update(skip_locked=True, of=("self",)).order_by("not_before")
        keys = [row.pk for row in due[:limit]]
        Broadcast.objects.filter(pk__in=keys).update(leased_until=now + LEASE)
    return list(Broadcast.objects.filter(pk__in=keys).select_related("consignment__manifest"))


def waits(lane: str, *, now: datetime) -> bool:
    return _due(lane, now).exists()


def _due(lane: str, now: datetime) -> QuerySet[Broadcast]:
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    wanted = ~Q(wish="") | Q(look_until__gt=now)
    return Broadcast.objects.filter(free, wanted, not_before__lte=now, consignment__lane=lane, consignment__state=SENT)


def wait(broadcast: Broadcast, why: str, *, now: datetime) -> None:
    """Its server is not to be called now."""
    Broadcast.objects.filter(pk=broadcast.pk).update(unseen=why, not_before=now + BETWEEN, leased_until=None)


@transaction.atomic
def keep(broadcast: Broadcast, outcome: Outcome | None, seen: Seen | Unreadable, *, now: datetime) -> None:
    """Write down what came of the wish that `broadcast` was claimed with, if of any, and how the network shows it."""
    row = Broadcast.objects.select_for_update(of=("self",)).select_related("consignment").get(pk=broadcast.pk)
    row.leased_until, row.not_before = None, now + BETWEEN
    match seen:
        case Unreadable(reason):
            row.unseen = reason
        case _:
            row.state, row.seen_at, row.unseen = seen.state, now, ""
            row.ingest = _sealed(Ingest(seen.ingest_url, seen.ingest_key)) if seen.ingest_key else None
    if outcome is not None and row.wish == broadcast.wish:
        _concluded(row, outcome, now)
    row.save()


def _concluded(row: Broadcast, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Sent():
            _record(row, DONE[Broadcast.Wish(row.wish)], by=ENGINE, now=now)
            row.wish, row.wished_by = "", None
        case Refused(reason) | Reconnect(reason):
            _given_up(row, reason, now)
        case Later(_, reason) | Pending(_, reason) | Unsure(reason):
            row.tries, row.said = row.tries + 1, reason
            if row.tries >= MOST_TRIES:
                _given_up(row, f"Tried {MOST_TRIES} times. {reason}", now)


def _given_up(row: Broadcast, reason: str, now: datetime) -> None:
    _record(row, "broadcast.refused", by=ENGINE, now=now)
    row.wish, row.wished_by, row.said = "", None, reason


def _record(row: Broadcast, what: str, *, by: object, now: datetime) -> None:
    about = row.consignment
    record(by=by, what=what, about=[about.audit_ref, about.post_ref, about.account.audit_ref], now=now)


# Sealing


def _box() -> Fernet:
    made = HKDF(SHA256(), 32, salt=None, info=b"mercat.delivery.broadcasts").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(made))


def _sealed(ingest: Ingest) -> bytes:
    return _box().encrypt(json.dumps([ingest.url, ingest.key]).encode())


def _unsealed(sealed: bytes) -> Ingest | None:
    """None where it was sealed under another secret."""
    try:
        return Ingest(*json.loads(_box().decrypt(sealed)))
    except InvalidToken:
        return None
