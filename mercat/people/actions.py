"""Every write about people. Each asks guidance, keeps the row, and records it, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    Notice,
    Person,
    RoleGrant,
    Unit,
)
from mercat.people.facts import person_facts
from mercat.people.pack import guidance


class Impossible(ValueError):
    """An action that cannot be done as things stand; the message says what is missing."""


@transaction.atomic
def found_units(*, by: System, now: datetime) -> int:
    """Lay out the pack's units, once. Returns how many are new."""
    known = set(Unit.objects.values_list("pk", flat=True))
    fresh = [unit for unit in guidance().pack.units if unit.id not in known]
    Unit.objects.bulk_create(Unit(key=unit.id, name=unit.name, kind=unit.kind) for unit in fresh)
    for unit in fresh:
        if unit.within:
            Unit.objects.filter(pk=unit.id).update(parent=unit.within)
    if fresh:
        record(by=by, what="units.founded", about=["structure:units"], facts={"units": [u.id for u in fresh]}, now=now)
    return len(fresh)


@transaction.atomic
def register_person(
    *, by: By, name: str, email: str, number: str, unit: Unit, rank: str, employment: str, now: datetime
) -> Person:
    require(by, "import_people", facts.Body(), now=now)
    if rank not in {known.key for known in guidance().pack.ranks}:
        raise Impossible(f"“{rank}” is not a rank or grade of this body. Nothing was saved.")
    person = Person(name=name, email=email.lower(), number=number, unit=unit, rank=rank, employment=employment)
    person.set_unusable_password()
    person.save(force_insert=True)
    record(
        by=by,
        what="person.registered",
        about=[person.audit_ref],
        facts={"unit": unit.pk, "rank": rank, "employment": employment},
        personal={"name": name, "email": person.email, "number": number},
        now=now,
    )
    return person


@transaction.atomic
def set_passphrase(*, by: By, person: Person, passphrase: str, now: datetime) -> None:
    if by != person:
        require(by, "administer", facts.Body(), now=now)
    person.set_password(passphrase)
    person.save(update_fields=["password"])
    record(by=by, what="person.passphrase_set", about=[person.audit_ref], now=now)


@transaction.atomic
def grant_role(*, by: By, person: Person, role: str, unit: Unit | None, now: datetime) -> RoleGrant:
    require(by, "grant_role", person, now=now)
    if role not in {known.key for known in guidance().pack.roles}:
        raise Impossible(f"“{role}” is not a role of this body. Nothing was saved.")
    grant = RoleGrant.objects.create(person=person, role=role, unit=unit, at=now, by=person_or_none(by))
    record(
        by=by,
        what="person.role_granted",
        about=[person.audit_ref],
        facts={"role": role, "unit": unit.pk if unit else None},
        now=now,
    )
    return grant


@transaction.atomic
def nominate(*, by: By, person: Person, now: datetime) -> Nomination:
    require(by, "nominate", person, now=now)
    nomination = Nomination.objects.create(person=person, at=now, by=person_or_none(by))
    record(by=by, what="person.nominated", about=[person.audit_ref], now=now)
    return nomination


@transaction.atomic
def record_completion(
    *, by: By, person: Person, trainer: Person, completed_at: datetime, now: datetime, source: str = "trainer"
) -> Completion:
    """A course completed. It counts only when its trainer holds the pack's training role now."""
    require(by, "record_completion", person, now=now)
    course = guidance().pack.course
    completion = Completion.objects.create(
        person=person,
        course=course.key,
        completed_at=completed_at,
        expires_at=completed_at + timedelta(days=course.valid_days),
        trainer=trainer,
        signed_off=course.trainer in person_facts(trainer, now=now).roles,
        source=source,
        recorded_at=now,
    )
    record(
        by=by,
        what="person.trained",
        about=[person.audit_ref, trainer.audit_ref],
        facts={"course": course.key, "expires": completion.expires_at.isoformat(), "source": source},
        now=now,
    )
    return completion


@transaction.atomic
def acknowledge(*, by: Person, document: str, now: datetime) -> Acknowledgement:
    if document not in {procedure.key for procedure in guidance().pack.procedures}:
        raise Impossible(f"“{document}” is not a procedure of this body. Nothing was saved.")
    row, made = Acknowledgement.objects.get_or_create(person=by, document=document, defaults={"at": now})
    if made:
        record(by=by, what="person.acknowledged", about=[by.audit_ref], facts={"document": document}, now=now)
    return row


@transaction.atomic
def authorise(*, by: By, person: Person, now: datetime) -> Authorisation:
    """The information security officer's step, resting on the completion in force (clause 5.8)."""
    require(by, "authorise_access", person, now=now)
    completion = (
        person.completions.filter(signed_off=True, completed_at__lte=now, expires_at__gt=now)
        .order_by("-expires_at")
        .first()
    )
    if completion is None:
        raise Impossible(f"{person} has no completed course in force to rest an authorisation on. Nothing was saved.")
    row = Authorisation.objects.create(person=person, completion=completion, at=now, by=person_or_none(by))
    record(
        by=by, what="person.authorised", about=[person.audit_ref], facts={"completion": str(completion.pk)}, now=now
    )
    return row


@transaction.atomic
def confirm_training(*, by: By, person: Person, reference: str, now: datetime) -> Access:
    """The communications team confirms to ICT that the training is complete, on one service request (clause 5.9)."""
    require(by, "confirm_training", person, now=now)
    access = Access.objects.create(
        person=person, reference=reference, confirmed_at=now, confirmed_by=person_or_none(by)
    )
    record(by=by, what="person.training_confirmed", about=[person.audit_ref], facts={"request": reference}, now=now)
    return access


@transaction.atomic
def open_access(*, by: By, person: Person, now: datetime) -> Access:
    require(by, "open_access", person, now=now)
    access = Access.objects.select_for_update(of=("self",)).filter(person=person, ended_at=None).first()
    if access is None:
        raise Impossible(f"The training of {person} has not been confirmed to ICT yet. Nothing was opened.")
    if access.opened_at:
        raise Impossible(f"Access for {person} is open already, by request {access.reference}.")
    access.opened_at, access.opened_by = now, person_or_none(by)
    access.save(update_fields=["opened_at", "opened_by"])
    record(
        by=by, what="person.access_opened", about=[person.audit_ref], facts={"request": access.reference}, now=now
    )
    return access


@transaction.atomic
def assign_licence(*, by: By, person: Person, now: datetime) -> Licence:
    """One licence of the pool. Taking the last one twice is shut out by a lock on the pool's count."""
    require(by, "assign_licence", person, now=now)
    pool = guidance().pack.licences.pool
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mercat.licences'))")
    if Licence.objects.filter(ended_at=None).count() >= pool:
        raise Impossible(f"All {pool} licences are taken. End one, or ask for more, then assign this one.")
    licence = Licence.objects.create(person=person, at=now, by=person_or_none(by))
    record(by=by, what="person.licensed", about=[person.audit_ref], now=now)
    return licence


@transaction.atomic
def end_access(*, by: By, person: Person, reason: str, now: datetime) -> None:
    """Close a person's way in at once; what they were, and what they did, stays on record."""
    require(by, "end_access", person, now=now)
    for step in (Access, Authorisation, Licence):
        step.objects.filter(person=person, ended_at=None).update(ended_at=now)
    record(by=by, what="person.access_ended", about=[person.audit_ref], facts={"reason": reason}, now=now)


def tell(people: list[Person], *, subject: str, body: str, link: str = "", now: datetime) -> None:
    """Give each of these people a notice. Part of the action that calls it; not an act of its own."""
    Notice.objects.bulk_create(
        Notice(person=person, at=now, subject=subject, body=body, link=link) for person in people
    )
