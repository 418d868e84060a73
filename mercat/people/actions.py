"""Every write about people. Each asks guidance, keeps the row, and records it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.guidance.shape import Procedure
from mercat.people import signals
from mercat.people.facts import person_facts
from mercat.people.gate import By, person_or_none, require
from mercat.people.joining.steps import STEPS, by_others, holders, next_of, required_rows
from mercat.people.models import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    KnownDevice,
    Licence,
    Nomination,
    Notice,
    Person,
    RequiredStep,
    RoleGrant,
    SentBack,
    Subject,
    Unit,
)
from mercat.people.notices.kinds import KindName
from mercat.people.pack import guidance
from mercat.people.signing_in.sessions import end_sessions

OWN_PATH = "/access/"

# By these names the database's triggers refuse a step of a joining (migration 0010), in words for people.
ORDER = {"the_steps_in_order", "nobody_takes_two_steps"}


class Impossible(ValueError):
    """An action that cannot be done as things stand; the message says what is missing."""


@contextmanager
def once(message: str) -> Iterator[None]:
    """What stands already, or comes out of its order, is refused in words. The database finds it: no race gets past."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        found = error.__cause__.diag
        if found.constraint_name in ORDER:
            raise Impossible(f"{found.message_primary} Nothing was changed.") from None
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise Impossible(f"{message} Nothing was changed.") from None


@transaction.atomic
def found_units(*, by: System, now: datetime) -> int:
    """Lay out the pack's units, once, and what it requires of a joining. Returns how many units are new."""
    lay_down_steps(by=by, now=now)
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
def lay_down_steps(*, by: System, now: datetime) -> None:
    """Tell the database which steps the pack requires: its triggers hold every row of a joining against them."""
    wanted = required_rows()
    there = set(RequiredStep.objects.values_list("step", "subject"))
    if there == wanted:
        return
    for step, subject in there - wanted:
        RequiredStep.objects.filter(step=step, subject=subject).delete()
    RequiredStep.objects.bulk_create(RequiredStep(step=step, subject=subject) for step, subject in wanted - there)
    said = sorted(f"{step} {subject}".strip() for step, subject in wanted)
    record(by=by, what="joining.steps_required", about=["structure:joining"], facts={"steps": said}, now=now)


@transaction.atomic
def register_person(
    *, by: By, name: str, email: str, number: str, unit: Unit, rank: str, employment: str, now: datetime
) -> Person:
    require(by, "import_people", facts.Body(), now=now)
    if rank not in {known.key for known in guidance().pack.ranks}:
        raise Impossible(f"“{rank}” is not a rank or grade of this body. Nothing was saved.")
    person = Person(name=name, email=email.lower(), number=number, unit=unit, rank=rank, employment=employment)
    person.set_unusable_password()
    is_valid(person)
    with once("Somebody with this e-mail or staff number is on the list already."):
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


def is_valid(person: Person) -> None:
    """Raises Impossible, in words, where a field cannot hold what it was given."""
    try:
        person.full_clean()
    except ValidationError as error:
        raise Impossible(f"{' '.join(error.messages)} Nothing was saved.") from None


@transaction.atomic
def set_passphrase(*, by: By, person: Person, passphrase: str, now: datetime) -> None:
    """Set one's own, or, as an administrator, somebody else's, who is told: whoever knows it could act as them.

    It ends every session of theirs; the page on which it is one's own begins a new one.
    """
    if by != person:
        require(by, "administer", facts.Body(), now=now)
    _is_here(person)
    if isinstance(by, Person) and by != person:
        _never_came_in(person)
    try:
        validate_password(passphrase, person)
    except ValidationError as error:
        raise Impossible(f"{' '.join(error.messages)} The passphrase is as it was.") from None
    person.set_password(passphrase)
    person.save(update_fields=["password"])
    end_sessions(person)
    record(by=by, what="person.passphrase_set", about=[person.audit_ref], now=now)
    if isinstance(by, Person) and by != person:
        body = f"{by} set it. If you did not ask for that, tell those who answer for information security."
        tell([person], kind="security", subject="You have a new passphrase", body=body, now=now)


def _never_came_in(person: Person) -> None:
    """A first passphrase is given by one; whoever had a way in already gets another only by two people."""
    factors, devices = Authenticator.objects.filter(user=person), KnownDevice.objects.filter(person=person)
    if factors.exists() or devices.exists() or Subject.objects.filter(person=person).exists():
        raise Impossible(
            f"{person} has signed in before: a new way in is opened by two people, under “How {person} signs in”. "
            "The passphrase is as it was."
        )


@transaction.atomic
def grant_role(*, by: By, person: Person, role: str, unit: Unit | None, now: datetime) -> RoleGrant:
    _may_take_step(by, "grant_role", person, now=now)
    fits_its_scope(role, unit)
    with once(f"{person} holds this role already."):
        grant = RoleGrant.objects.create(person=person, role=role, unit=unit, at=now, by=person_or_none(by))
    record(
        by=by,
        what="person.role_granted",
        about=[person.audit_ref],
        facts={"role": role, "unit": unit.pk if unit else None},
        now=now,
    )
    return grant


def fits_its_scope(role: str, unit: Unit | None) -> None:
    """A role of the whole body held in one unit, or the reverse, would grant nothing, and look as if it did.

    Raises Impossible, in words for whoever chose them.
    """
    known = {known.key: known for known in guidance().pack.roles}
    if role not in known:
        raise Impossible(f"“{role}” is not a role of this body. Nothing was saved.")
    if known[role].scope == "body" and unit is not None:
        raise Impossible(f"“{known[role].name}” is held everywhere, not in one unit. Nothing was saved.")
    if known[role].scope != "body" and unit is None:
        raise Impossible(f"“{known[role].name}” is held in a unit: say in which. Nothing was saved.")


@transaction.atomic
def end_role(*, by: By, grant: RoleGrant, reason: str, now: datetime) -> None:
    """Take a role from whoever holds it, from now on; that they held it stays on record."""
    person = grant.person
    _hold_administrators()
    require(by, "grant_role", person, now=now)
    has_reason(reason)
    if grant.role == guidance().pack.administered_by:
        _leaves_an_administrator(person)
    if not RoleGrant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=now):
        raise Impossible(f"{person} does not hold this role any more. Nothing was changed.")
    record(
        by=by,
        what="person.role_ended",
        about=[person.audit_ref],
        facts={"role": grant.role, "unit": grant.unit_id},
        personal={"reason": reason},
        now=now,
    )


@transaction.atomic
def mark_left(*, by: By, person: Person, reason: str, now: datetime) -> None:
    """Take somebody off the list of active people, with all that they hold; what they were and did stays on record.

    They are signed out by it, and their passkeys and codes go; nobody who is not active is found by the next request
    (`PeopleBackend`) either.
    """
    _hold_administrators()
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    require(by, "administer", facts.Body(), now=now)
    if by == person:
        raise Impossible("Nobody marks themselves as having left: another administrator does it. Nothing was changed.")
    has_reason(reason)
    _is_here(person)
    _leaves_an_administrator(person)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    end_sessions(person)
    Authenticator.objects.filter(user=person).delete()
    KnownDevice.objects.filter(person=person).delete()
    Subject.objects.filter(person=person).delete()
    for step in (RoleGrant, Nomination, Authorisation, Access, Licence, SentBack):
        step.objects.filter(person=person, ended_at=None).update(ended_at=now)
    _settle_requests(person, now=now)
    record(by=by, what="person.left", about=[person.audit_ref], personal={"reason": reason}, now=now)
    signals.left.send(Person, person=person, by=by, now=now)


@transaction.atomic
def mark_returned(*, by: By, person: Person, now: datetime) -> None:
    """Put somebody back on the list who left, or was marked by mistake. They begin anew, without role or access.

    Their passphrase goes too: else sessions from before would come back with them.
    """
    require(by, "administer", facts.Body(), now=now)
    if not Person.objects.filter(pk=person.pk, is_active=False).update(is_active=True, password=make_password(None)):
        raise Impossible(f"{person} is on the list of active people already. Nothing was changed.")
    record(by=by, what="person.returned", about=[person.audit_ref], now=now)


def _hold_administrators() -> None:
    """Until the transaction ends: two administrators who take the role from each other would leave none."""
    role = guidance().pack.administered_by
    standing = RoleGrant.objects.filter(role=role, ended_at=None).order_by("pk")
    list(standing.select_for_update())


def _leaves_an_administrator(without: Person) -> None:
    role = guidance().pack.administered_by
    holders = RoleGrant.objects.filter(role=role, ended_at=None, person__is_active=True)
    if set(holders.values_list("person", flat=True)) == {without.pk}:
        raise Impossible(
            f"{without} is the last administrator, and without one nobody can give roles. "
            "Give the role to somebody else first. Nothing was changed."
        )


def has_reason(reason: str, why: str = "") -> None:
    """Raises Impossible where no reason is given. `why`: what it is to be a reason for, after the word “why”."""
    if not reason.strip():
        raise Impossible(f"{f'Say why {why}'.strip()}. Nothing was changed.")


def _is_here(person: Person) -> None:
    if not Person.objects.filter(pk=person.pk, is_active=True).exists():
        raise Impossible(f"{person} has left. Nothing was changed.")


def _may_take_step(by: By, action: str, person: Person, *, now: datetime) -> None:
    """Ask guidance about a step of somebody's joining, or a role.

    What is done for one person is done one after another: two at once would each not see who takes the other, and a
    role given while its holder is marked as having left would outlast them.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    require(by, action, person, now=now)
    _is_here(person)


@transaction.atomic
def nominate(*, by: By, person: Person, now: datetime) -> Nomination:
    _may_take_step(by, "nominate", person, now=now)
    with once(f"{person} is nominated already."):
        nomination = Nomination.objects.create(person=person, at=now, by=person_or_none(by))
    record(by=by, what="person.nominated", about=[person.audit_ref], now=now)
    hand_on(by=by, person=person, done="nominate", now=now)
    return nomination


@transaction.atomic
def record_completion(
    *, by: By, person: Person, trainer: Person, completed_at: datetime, now: datetime, source: str = "trainer"
) -> Completion:
    """A course completed. It counts only when its trainer holds the pack's training role now.

    A person signs off what they saw themselves; the system may import what another trainer signed.
    """
    _may_take_step(by, "record_completion", person, now=now)
    if isinstance(by, Person) and by != trainer:
        raise Impossible("A trainer signs off what they saw themselves, not in another's name. Nothing was saved.")
    if trainer == person:
        raise Impossible(f"{person} cannot sign off their own training. Nothing was saved.")
    if completed_at > now:
        raise Impossible("The day of this completion lies ahead. Record it once the course is done. Nothing was saved.")
    course = guidance().pack.course
    with once("This completion is on record already."):
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
    hand_on(by=by, person=person, done="record_completion", now=now)
    return completion


@transaction.atomic
def acknowledge(*, by: Person, document: str, now: datetime) -> Acknowledgement:
    """Somebody has read the version of a procedure that the pack holds, and accepts it."""
    procedure = next((each for each in guidance().pack.procedures if each.key == document), None)
    if procedure is None:
        raise Impossible(f"“{document}” is not a procedure of this body. Nothing was saved.")
    row, made = Acknowledgement.objects.get_or_create(
        person=by, document=document, version=procedure.version, defaults={"at": now}
    )
    if made:
        about = {"document": document, "version": procedure.version}
        record(by=by, what="person.acknowledged", about=[by.audit_ref], facts=about, now=now)
        Notice.objects.filter(person=by, subject=to_read(procedure), read_at=None).update(read_at=now)
    return row


def to_read(procedure: Procedure) -> str:
    """The subject of the notice that asks somebody to read and accept this version."""
    return f"Read and accept: {procedure.name}, version {procedure.version}"[:200]


@transaction.atomic
def authorise(*, by: By, person: Person, now: datetime) -> Authorisation:
    """The information security officer's step, resting on the completion in force (clause 5.8)."""
    _may_take_step(by, "authorise_access", person, now=now)
    of_the_course = person.completions.filter(course=guidance().pack.course.key, signed_off=True, ended_at=None)
    completion = of_the_course.filter(completed_at__lte=now, expires_at__gt=now).order_by("-expires_at").first()
    if completion is None:
        raise Impossible(f"{person} has no completed course in force to rest an authorisation on. Nothing was saved.")
    with once(f"The access of {person} is authorised already."):
        row = Authorisation.objects.create(person=person, completion=completion, at=now, by=person_or_none(by))
    record(by=by, what="person.authorised", about=[person.audit_ref], facts={"completion": str(completion.pk)}, now=now)
    hand_on(by=by, person=person, done="authorise_access", now=now)
    return row


@transaction.atomic
def confirm_training(*, by: By, person: Person, reference: str, now: datetime) -> Access:
    """The training is confirmed as complete to those who open access, on one service request (clause 5.9)."""
    _may_take_step(by, "confirm_training", person, now=now)
    with once(f"The training of {person} is confirmed already."):
        access = Access.objects.create(
            person=person, reference=reference, confirmed_at=now, confirmed_by=person_or_none(by)
        )
    record(by=by, what="person.training_confirmed", about=[person.audit_ref], facts={"request": reference}, now=now)
    hand_on(by=by, person=person, done="confirm_training", now=now)
    return access


@transaction.atomic
def open_access(*, by: By, person: Person, now: datetime) -> Access:
    _may_take_step(by, "open_access", person, now=now)
    access = Access.objects.select_for_update().filter(person=person, ended_at=None).first()
    if access is None and "confirm_training" not in guidance().policies:
        access = Access(person=person, confirmed_at=now)  # this body has no such step
    if access is None:
        raise Impossible(f"The training of {person} has not been confirmed yet. Nothing was opened.")
    if access.opened_at:
        raise Impossible(f"Access for {person} is open already. Nothing was changed.")
    access.opened_at, access.opened_by = now, person_or_none(by)
    with once(f"Access for {person} is open already."):
        access.save(update_fields=["opened_at", "opened_by"] if access.pk else None)
    record(by=by, what="person.access_opened", about=[person.audit_ref], facts={"request": access.reference}, now=now)
    hand_on(by=by, person=person, done="open_access", now=now)
    return access


@transaction.atomic
def reject_access(*, by: By, person: Person, reason: str, now: datetime) -> Access:
    """Those who open access send a confirmed request away, with a reason; another may be confirmed after it."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    require(by, "end_access", person, now=now)
    has_reason(reason)
    access = Access.objects.filter(person=person, ended_at=None, opened_at=None).first()
    if access is None:
        raise Impossible(f"No confirmed request for {person} waits to be opened. Nothing was changed.")
    access.ended_at, access.rejected_by = now, person_or_none(by)
    access.save(update_fields=["ended_at", "rejected_by"])
    record(
        by=by,
        what="person.access_rejected",
        about=[person.audit_ref],
        facts={"request": access.reference},
        personal={"reason": reason},
        now=now,
    )
    concerned = [each for each in (access.confirmed_by, person) if each and each.is_active]
    body = f"By {by}: {reason}"
    tell(
        concerned,
        kind="access",
        subject=f"Access for {person} was not opened",
        body=body,
        link=f"/people/{person.pk}/",
        now=now,
    )
    return access


@transaction.atomic
def assign_licence(*, by: By, person: Person, now: datetime) -> Licence:
    """One licence of the pool. Taking the last one twice is shut out by a lock on the pool's count."""
    _may_take_step(by, "assign_licence", person, now=now)
    pool = guidance().pack.licences.pool
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mercat.licences'))")
    if Licence.objects.filter(ended_at=None).count() >= pool:
        raise Impossible(f"All {pool} licences are taken. End one, or ask for more, then assign this one.")
    with once(f"{person} has a licence already."):
        licence = Licence.objects.create(person=person, at=now, by=person_or_none(by))
    record(by=by, what="person.licensed", about=[person.audit_ref], now=now)
    hand_on(by=by, person=person, done="assign_licence", now=now)
    return licence


@transaction.atomic
def end_licence(*, by: By, person: Person, reason: str, now: datetime) -> None:
    """Give one licence back to the pool. Whoever may end all of somebody's access may end this part of it."""
    require(by, "end_access", person, now=now)
    has_reason(reason)
    if not Licence.objects.filter(person=person, ended_at=None).update(ended_at=now):
        raise Impossible(f"{person} has no licence: there is nothing to end.")
    record(by=by, what="person.licence_ended", about=[person.audit_ref], personal={"reason": reason}, now=now)
    tell(
        [person],
        kind="access",
        subject="Your licence has ended",
        body=f"By {by}. Why: {reason}",
        link=OWN_PATH,
        now=now,
    )


@transaction.atomic
def end_access(*, by: By, person: Person, reason: str, now: datetime) -> None:
    """Close a person's way in at once; what they were, and what they did, stays on record."""
    require(by, "end_access", person, now=now)
    has_reason(reason)
    standing = [step.objects.filter(person=person, ended_at=None) for step in (Access, Authorisation, Licence)]
    if not sum(rows.update(ended_at=now) for rows in standing):
        raise Impossible(f"{person} has no access, authorisation or licence: there is nothing to end.")
    _settle_requests(person, now=now)
    record(by=by, what="person.access_ended", about=[person.audit_ref], personal={"reason": reason}, now=now)
    signals.access_ended.send(Person, person=person, now=now)


def hand_on(*, by: By, person: Person, done: str, now: datetime) -> None:
    """A step is done: settle what asked for it, tell the person, and ask those whose step is next. Part of the step.

    What the programme does by itself (founding, import) is told to nobody: it stands in the queues.
    """
    settle(subject=asks_for(done), link=path_of(person), now=now)
    SentBack.objects.filter(person=person, to=done, ended_at=None).update(ended_at=now)
    if not isinstance(by, Person):
        return
    standing = person_facts(person, now=now)
    action = next_of(standing, now)
    comes = f"{STEPS[action].title} is next." if action else "You have gone the whole way."
    tell([person], kind="access", subject=STEPS[done].news, body=f"By {by}. {comes}", link=OWN_PATH, now=now)
    if action and standing.nominated:
        ask_for(action, person, standing, now=now)


def ask_for(action: str, person: Person, standing: facts.Person, *, now: datetime) -> None:
    """Tell those whose step this is, once for a request."""
    request = {"subject": asks_for(action), "link": path_of(person)}
    if Notice.objects.filter(**request, read_at=None).exists():
        return
    body = f"{person}, {person.unit}. All who wait for you stand in your queues, under People."
    tell(list(holders(action, standing, now)), kind="access", body=body, **request, now=now)


def asks_for(action: str) -> str:
    """The subject of the notice that asks for a step."""
    return f"{STEPS[action].title}: somebody waits for you"


def path_of(person: Person) -> str:
    return f"/people/{person.pk}/"


def _settle_requests(person: Person, *, now: datetime) -> None:
    """Whatever step was asked for is asked for no more."""
    for action in by_others():
        settle(subject=asks_for(action), link=path_of(person), now=now)


def settle(*, subject: str, link: str, now: datetime) -> None:
    """What these notices asked for is done, by whomever. Part of the action that calls it; not an act of its own."""
    Notice.objects.filter(subject=subject, link=link, read_at=None).update(read_at=now)


def tell(
    people: list[Person], *, kind: KindName, subject: str, body: str, link: str = "", mail_to: str = "", now: datetime
) -> None:
    """Give each of these people a notice. Part of the action that calls it; not an act of its own.

    `kind` is what it is about (`notices/kinds.py`): by it people choose what they are told by e-mail. An e-mail holds
    the subject and never the body, so nothing that somebody wrote stands in a subject. It goes to the person's own
    address, or to `mail_to`.
    """
    Notice.objects.bulk_create(
        Notice(
            person=person, at=now, kind=kind, subject=subject, body=body, link=link, mail_to=mail_to, mail_due_at=now
        )
        for person in people
    )
