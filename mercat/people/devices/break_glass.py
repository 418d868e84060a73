"""Leave to work from another device for a few hours: one person asks, another allows it, and it is told at once.

It is for the night on which no device of the body is at hand and the public must be warned (clause 6.4).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.guidance import facts
from mercat.people.actions import Impossible, once, settle, tell
from mercat.people.gate import require
from mercat.people.models import BreakGlass, Person
from mercat.people.pack import guidance
from mercat.people.queries import holding

log = logging.getLogger(__name__)

ALARM = "Break-glass: somebody asks to work from another device"
REQUESTS = "/device/requests/"
OWN = "/device/"


@transaction.atomic
def ask(*, by: Person, reason: str, now: datetime) -> BreakGlass:
    """Ask, from any device. Those whom the pack names are alarmed."""
    require(by, "ask_break_glass", facts.Body(), now=now)
    if not reason.strip():
        raise Impossible("Say why you cannot use a device of the body. Nothing was asked.")
    with once("You have asked already. It waits for an answer."):
        row = BreakGlass.objects.create(person=by, reason=reason, asked_at=now)
    record(by=by, what="device.break_glass_asked", about=[row.audit_ref], personal={"reason": reason}, now=now)
    log.warning("break-glass: %s asks to work from another device", by.audit_ref)
    tell(_alarmed(), kind="security", subject=ALARM, body=f"{by} asks. Why: {reason}"[:1000], link=REQUESTS, now=now)
    return row


@transaction.atomic
def answer(*, by: Person, row: BreakGlass, allow: bool, now: datetime) -> None:
    """Allow it for the pack's hours, or refuse it. Whoever asks never answers."""
    row = BreakGlass.objects.select_for_update(of=("self",)).select_related("person").get(pk=row.pk)
    require(by, "allow_break_glass", row.person, now=now)
    if row.answered_at:
        raise Impossible("This has been answered already. Nothing was changed.")
    row.answered_at, row.answered_by = now, by
    if allow:
        row.until = now + timedelta(hours=guidance().pack.devices.break_glass.hours)
    row.save(update_fields=["answered_at", "answered_by", "until"])
    word = "allowed" if allow else "refused"
    record(by=by, what=f"device.break_glass_{word}", about=[row.audit_ref, row.person.audit_ref], now=now)
    log.warning("break-glass: %s %s by %s", row.person.audit_ref, word, by.audit_ref)
    if not BreakGlass.objects.filter(answered_at=None).exists():
        settle(subject=ALARM, link=REQUESTS, now=now)
    told = "What you do is on record, and information security is told." if allow else "Use a device of the body."
    tell(
        [row.person],
        kind="security",
        subject=f"Working from another device: {word}",
        body=f"By {by}. {told}",
        link=OWN,
        now=now,
    )
    body = f"{row.person} asked; {by} answered."
    others = [person for person in _alarmed() if person != by]
    tell(others, kind="security", subject=f"Break-glass {word}", body=body, link=REQUESTS, now=now)


@transaction.atomic
def end(*, by: Person, row: BreakGlass, now: datetime) -> None:
    """Before its time: by whoever has it, or by those who may allow it."""
    row = BreakGlass.objects.select_for_update(of=("self",)).select_related("person").get(pk=row.pk)
    if by != row.person:
        require(by, "allow_break_glass", row.person, now=now)
    if row.until is None or row.until <= now or row.ended_at:
        raise Impossible("This has ended already. Nothing was changed.")
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["ended_at", "ended_by"])
    record(by=by, what="device.break_glass_ended", about=[row.audit_ref, row.person.audit_ref], now=now)


@transaction.atomic
def note_use(*, by: Person, row: BreakGlass, page: str, now: datetime) -> None:
    """That something was changed from another device, and by which page, as it is tried."""
    about = [row.audit_ref, by.audit_ref]
    record(by=by, what="device.break_glass_used", about=about, facts={"page": page}, now=now)


def _alarmed() -> list[Person]:
    return list(holding(guidance().pack.devices.break_glass.alarm))
