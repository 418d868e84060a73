"""Changing what is known of a person: corrections, a new name, and postings to another unit or rank."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.people import signals
from mercat.people.actions import Impossible, is_valid, once, tell
from mercat.people.facts import unit_facts
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Nomination, Person, RoleGrant, Unit
from mercat.people.pack import guidance
from mercat.people.signing_in.sessions import end_sessions

POSTING = ("unit", "rank", "employment")
NAMES = ("email", "number")  # by which somebody signs in


@transaction.atomic
def change_details(
    *,
    by: By,
    person: Person,
    name: str | None = None,
    email: str | None = None,
    number: str | None = None,
    unit: Unit | None = None,
    rank: str | None = None,
    employment: str | None = None,
    reason: str,
    now: datetime,
) -> Person:
    """Change what is given and differs, and return the person as they now stand; the record keeps old and new.

    Whether somebody is an officer or of the staff follows a new rank. With a new unit end the roles that they hold in
    units which the new one is no part of, and, unless the new unit is part of the old, their nomination (clause 2.3):
    nobody speaks for a division on another's word. Somebody who has left can be corrected too.

    Raises Refused, or Impossible when the details cannot be so; then nothing is changed.
    """
    row = Person.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=person.pk)
    require(by, "import_people", facts.Body(), now=now)
    if not reason.strip():
        raise Impossible("Say why. Nothing was changed.")
    wanted = {"name": name, "email": email and email.lower(), "number": number, "unit": unit}
    wanted |= {"rank": rank, "employment": employment or _kind(rank)}
    before = {field: getattr(row, field) for field, value in wanted.items() if value not in (None, getattr(row, field))}
    if not before:
        return row
    if person_or_none(by) == row and any(field in before for field in (*POSTING, *NAMES)):
        raise Impossible("Nobody changes their own e-mail, number, unit or rank: another does. Nothing was changed.")
    for field in before:
        setattr(row, field, wanted[field])
    is_valid(row)
    with once("Somebody else with this e-mail or staff number is on the list."):
        row.save(update_fields=list(before))
    if any(field in before for field in NAMES):
        end_sessions(row)
    ended = _end_what_was_of(before["unit"], row, now=now) if "unit" in before else []
    record(
        by=by,
        what="person.changed",
        about=[row.audit_ref],
        facts={"fields": sorted(before), "ended": ended},
        personal={**{field: _old_and_new(before[field], wanted[field]) for field in before}, "reason": reason},
        now=now,
    )
    if "email" in before:
        _tell_the_earlier_address(row, before["email"], now=now)
    _tell(row, by, before, now=now)
    if any(field in before for field in POSTING):
        was = {"unit": before.get("unit", row.unit), "rank": before.get("rank", row.rank)}
        signals.moved.send(Person, person=row, now=now, **was)
    return row


def _kind(rank: str | None) -> str | None:
    if rank is None:
        return None
    kind = next((known.kind for known in guidance().pack.ranks if known.key == rank), None)
    if kind is None:
        raise Impossible(f"“{rank}” is not a rank or grade of this body. Nothing was changed.")
    return kind


def _end_what_was_of(old: Unit, row: Person, *, now: datetime) -> list[str]:
    """The roles in units around the new one stay. Returns the steps that ended, in the guidance's words."""
    chain = unit_facts(row.unit)
    around = (chain.id, *chain.within)
    elsewhere = RoleGrant.objects.filter(person=row, ended_at=None, unit__isnull=False).exclude(unit__in=around)
    ended = [f"{role} {unit}" for role, unit in elsewhere.values_list("role", "unit").order_by("pk")]
    elsewhere.update(ended_at=now)
    if old.pk not in around and Nomination.objects.filter(person=row, ended_at=None).update(ended_at=now):
        ended.append("nomination")
    return ended


def _old_and_new(old: Any, new: Any) -> str:
    return " → ".join(each.pk if isinstance(each, Unit) else str(each) for each in (old, new))


def _tell_the_earlier_address(row: Person, earlier: str, *, now: datetime) -> None:
    """Whoever reads there is the one who would know that it was not meant."""
    body = f"Notices went to {earlier} until now. If that is wrong, tell the administrator."
    subject = "Your e-mail address was changed"
    tell([row], kind="security", subject=subject, body=body, link=f"/people/{row.pk}/", mail_to=earlier, now=now)


def _tell(row: Person, by: By, before: dict[str, Any], *, now: datetime) -> None:
    if by == row or not row.is_active:
        return
    what = ", ".join(Person._meta.get_field(field).verbose_name for field in before)
    author = by.reason if isinstance(by, System) else str(by)
    body = f"Changed: {what}. By: {author}. If that is wrong, tell the administrator."
    tell(
        [row],
        kind="security",
        subject="What is known of you was changed",
        body=body,
        link=f"/people/{row.pk}/",
        now=now,
    )
