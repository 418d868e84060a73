"""Every write of the record."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db import connection

from mercat.audit.actors import REFERENCE, Actor, System, columns
from mercat.audit.canonical import leaf_bytes
from mercat.audit.copying import copy_in
from mercat.audit.models import Event, PersonalData
from mercat.audit.signals import recorded
from mercat.audit.verifier import ERASURE, JSON, commitment

VERB = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
SALT_BYTES = 32
FEW = 50  # events for which one INSERT is quicker than numbers beforehand and COPY (`bench people`)
ERASE_BATCH = 500  # an event names what it is about, so it is kept short

About: TypeAlias = Iterable[str | tuple[str, object]]


class NotRecorded(ValueError):
    """The event cannot be recorded as given; nothing was written."""


class OutsideTransaction(RuntimeError):
    """An event stands or falls with what it tells of, so it is recorded inside the same transaction."""


def record(
    *,
    by: Actor | System,
    what: str,
    about: About = (),
    facts: Mapping[str, JSON] | None = None,
    personal: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Event:
    """Append one event, in the caller's transaction.

    `what` is a dotted verb ("post.submitted"); `about` are references, "post:17" or ("post", 17); `facts` are text,
    whole numbers, yes/no, null, lists and mappings of these. Names and free text about people go to `personal`:
    the log carries only a salted commitment to it, so that it can be erased. `now` defaults to the transaction's clock.

    Raises NoActor, NotRecorded or OutsideTransaction; then nothing was written.
    """
    return record_many(by=by, entries=[Entry(what, about, facts, personal)], now=now)[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, as `record` takes it: one of many events of one moment."""

    what: str
    about: About = ()
    facts: Mapping[str, JSON] | None = None
    personal: Mapping[str, str] | None = None


def record_many(*, by: Actor | System, entries: Iterable[Entry], now: datetime | None = None) -> list[Event]:
    """Append an event for each entry, in their order, in the caller's transaction; in bulk. Raises as `record` does."""
    entries = list(entries)
    if not connection.in_atomic_block:
        what = ", ".join(sorted({entry.what for entry in entries}))
        raise OutsideTransaction(f"{what} was not recorded: open transaction.atomic() around the change and record().")
    actor, system_reason = columns(by)
    at = _instant(now)
    salts = [secrets.token_bytes(SALT_BYTES) if entry.personal else None for entry in entries]
    events = [
        Event(
            uid=uuid.uuid4(),
            at=at,
            actor=actor,
            system_reason=system_reason,
            what=_verb(entry.what),
            about=_references(entry.about),
            facts=dict(entry.facts or {}),
            commitment=_commit(salt, entry.personal),
        )
        for entry, salt in zip(entries, salts, strict=True)
    ]
    for event in events:
        event.leaf = _leaf(event)
    _insert(events)
    copy_in(
        PersonalData,
        [
            PersonalData(event=event, salt=salt, data=dict(entry.personal))
            for event, entry, salt in zip(events, entries, salts, strict=True)
            if entry.personal
        ],
    )
    recorded.send(Event, events=events)
    return events


def _insert(events: list[Event]) -> None:
    """In their order. Their personal data points to their numbers, and COPY tells none: many get theirs beforehand."""
    if len(events) <= FEW:
        Event.objects.bulk_create(events)
        return
    numbers = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(numbers, [Event._meta.db_table, len(events)])
        for event, (number,) in zip(events, sorted(cursor.fetchall()), strict=True):
            event.pk = number
    copy_in(Event, events)


def erase_personal(
    *, by: Actor | System, events: Iterable[Event], why: str, now: datetime | None = None
) -> list[Event]:
    """Erase the personal data of events for good; the log stays verifiable, and says that and why it was erased.

    In the caller's transaction. Returns the events that record it, one for each ERASE_BATCH; none where there was
    nothing left to erase. `why` stays in the log for ever, so it names nobody.
    """
    kept = PersonalData.objects.filter(event__in=list(events), erased_by=None).order_by("pk")
    rows = list(kept.select_related("event").select_for_update(of=("self",)))
    batches = [rows[start : start + ERASE_BATCH] for start in range(0, len(rows), ERASE_BATCH)]
    return [_erase(batch, by=by, why=why, now=now) for batch in batches]


def note_export(*, by: Actor | System, personal: bool, records: int, now: datetime | None = None) -> Event:
    """Record that the log's first `records` records left the house; `personal`: with the personal data that is kept.

    In the caller's transaction, which also lets the file appear.
    """
    return record(by=by, what="audit.exported", facts={"personal": personal, "records": records}, now=now)


def _erase(rows: list[PersonalData], *, by: Actor | System, why: str, now: datetime | None) -> Event:
    about = [row.event.audit_ref for row in rows]
    erasure = record(by=by, what=ERASURE, about=about, facts={"why": why}, now=now)
    PersonalData.objects.filter(pk__in=[row.pk for row in rows]).update(salt=None, data=None, erased_by=erasure)
    return erasure


def _instant(now: datetime | None) -> datetime:
    if now is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT transaction_timestamp()")
            return cursor.fetchone()[0]
    if now.tzinfo is None:
        raise NotRecorded(f"The time {now} has no time zone. Nothing was recorded. Pass an aware datetime.")
    return now


def _verb(what: str) -> str:
    if len(what) > 100 or not VERB.fullmatch(what):
        raise NotRecorded(f'"{what}" is not a dotted verb such as "post.submitted". Nothing was recorded.')
    return what


def _references(about: About) -> list[str]:
    if isinstance(about, str):
        raise NotRecorded(f'about= is a list of references, not the text "{about}". Nothing was recorded.')
    references = [item if isinstance(item, str) else "{}:{}".format(*item) for item in about]
    for reference in references:
        if not REFERENCE.fullmatch(reference):
            raise NotRecorded(f'"{reference}" is not a reference such as "post:17". Nothing was recorded.')
    return references


def _commit(salt: bytes | None, personal: Mapping[str, str] | None) -> bytes | None:
    if salt is None or not personal:
        return None
    try:
        return commitment(salt, personal)
    except ValueError:
        # The data is about people, so the message must not repeat it.
        raise NotRecorded("The personal data holds what cannot be kept: pass text. Nothing was recorded.") from None


def _leaf(event: Event) -> bytes:
    try:
        return leaf_bytes(event)
    except ValueError as error:
        raise NotRecorded(f"Nothing was recorded: {error}.") from error
