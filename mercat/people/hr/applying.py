"""Doing what was chosen of an import: new people and courses in bulk, changes one by one through the actions.

A row is done only on the list that it was compared with: what changed here since is not overwritten, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from secrets import token_hex
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from mercat.audit.actions import Entry, record, record_many
from mercat.audit.actors import System
from mercat.audit.copying import copy_in
from mercat.guidance.gate import Refused
from mercat.people.actions import Impossible, mark_left, mark_returned, tell
from mercat.people.hr.comparing import moment_of, values_of
from mercat.people.models import Completion, HrRecord, Import, ImportRow, Person, Unit
from mercat.people.moving import change_details
from mercat.people.pack import guidance

Kind, Choice, Outcome, About = ImportRow.Kind, ImportRow.Choice, ImportRow.Outcome, ImportRow.About
DETAILS = ("name", "email", "unit", "rank")
NOBODYS = UNUSABLE_PASSWORD_PREFIX  # as make_password(None) begins, which draws its 40 characters one by one


class Stale(Exception):
    """The list is not what this row was compared with."""


def apply_rows(file: Import, rows: list[ImportRow], *, by: System, now: datetime) -> None:
    """Do these rows, in the caller's transaction, and keep what came of each."""
    slice_ = _Slice(file, by, now)
    people = [row for row in rows if row.about == About.PERSON]
    fresh = [row for row in people if row.person is None]
    listed = [row for row in people if row.person is not None]
    slice_.add(fresh)
    slice_.change(listed)
    slice_.train([row for row in rows if row.about == About.COMPLETION])
    _keep(rows, now=now)


def _taken(rows: list[ImportRow]) -> set[str]:
    """The staff numbers and e-mails of these rows that are on the list already."""
    numbers, emails = [row.number for row in rows], [row.said["email"] for row in rows]
    people = Person.objects.filter(Q(number__in=numbers) | Q(email__in=emails))
    return {word for both in people.values_list("number", "email") for word in both}


def _standing_courses(people: Iterable[Person]) -> dict[UUID, dict[str, str]]:
    """By person: the day of each standing completion, and its id."""
    rows = Completion.objects.filter(person__in=people, course=guidance().pack.course.key, ended_at=None)
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.person_id, {})[timezone.localdate(row.completed_at).isoformat()] = str(row.pk)
    return found


def _keep(rows: list[ImportRow], *, now: datetime) -> None:
    """What came of each row, in a statement for each outcome; and who it is about, where they were not on the list."""
    alike: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        alike.setdefault((row.outcome, row.told), []).append(row.pk)
    for (outcome, told), ids in alike.items():
        ImportRow.objects.filter(pk__in=ids).update(outcome=outcome, told=told, done_at=now)
    person = Person.objects.filter(number=OuterRef("number")).values("pk")[:1]
    ImportRow.objects.filter(pk__in=[row.pk for row in rows], person=None).update(person=Subquery(person))


class _Slice:
    """Rows of one transaction."""

    def __init__(self, file: Import, by: System, now: datetime) -> None:
        self.file, self.by, self.now = file, by, now
        self.units = Unit.objects.in_bulk()

    def _end(self, row: ImportRow, outcome: str, told: str = "") -> None:
        row.outcome, row.told, row.done_at = outcome, told, self.now

    # Somebody new

    def add(self, rows: list[ImportRow]) -> None:
        there = _taken(rows)
        fresh = []
        for row in rows:
            if row.choice == Choice.OURS:
                self._end(row, Outcome.KEPT)
            elif row.number in there:
                self._end(row, Outcome.STALE, "This staff number is on the list by now.")
            elif row.said["email"] in there:
                self._end(row, Outcome.FAILED, "The e-mail is somebody else’s: one of both needs another first.")
            else:
                there |= {row.number, row.said["email"]}
                fresh.append(row)
                self._end(row, Outcome.DONE)
        for row in fresh:
            row.person = self._person(row)
        copy_in(Person, [row.person for row in fresh])
        self._remember((row, {}) for row in fresh)
        record_many(by=self.by, entries=[self._registered(row) for row in fresh], now=self.now)

    def _person(self, row: ImportRow) -> Person:
        kinds = {rank.key: rank.kind for rank in guidance().pack.ranks}
        said = row.said
        return Person(
            name=said["name"], email=said["email"], number=row.number, unit=self.units[said["unit"]],
            rank=said["rank"], employment=kinds[said["rank"]], password=NOBODYS + token_hex(20),
        )  # fmt: skip

    def _registered(self, row: ImportRow) -> Entry:
        person = row.person
        return Entry(
            "person.registered",
            [person.audit_ref, self.file.audit_ref],
            {"unit": person.unit_id, "rank": person.rank, "employment": person.employment},
            {"name": person.name, "email": person.email, "number": person.number},
        )

    # Somebody on the list

    def change(self, rows: list[ImportRow]) -> None:
        remembered = []
        for row in rows:
            try:
                with transaction.atomic():
                    remembered.append((row, self._settle(row)))
            except Stale:
                self._end(row, Outcome.STALE, "This person was changed here since the file was compared.")
            except (Impossible, Refused) as error:
                self._end(row, Outcome.FAILED, str(error))
        self._remember(remembered)

    def _settle(self, row: ImportRow) -> dict[str, list[object]]:
        """Do it, and return where our own word is kept: by field, the HR system's word and ours."""
        person = Person.objects.select_for_update(no_key=True).get(pk=row.person_id)
        standing = values_of(person)
        if any(standing[field] != value for field, value in row.ours.items()):
            raise Stale
        if row.choice == Choice.OURS:
            self._end(row, Outcome.KEPT)
            return {field: [row.said[field], standing[field]] for field in row.ours}
        kept = self._follow(row, person)
        self._end(row, Outcome.DONE)
        return kept

    def _follow(self, row: ImportRow, person: Person) -> dict[str, list[object]]:
        said, reason = row.said, f"{guidance().pack.hr.system}, {self.file.audit_ref}, {row.line or 'not named'}"
        if not said["is_active"]:
            mark_left(by=self.by, person=person, reason=reason, now=self.now)
            return {}
        if "is_active" in row.ours:
            mark_returned(by=self.by, person=person, now=self.now)
        details = {field: said[field] for field in DETAILS if field in row.ours}
        kept = {}
        if "email" in details and Person.objects.exclude(pk=person.pk).filter(email=details["email"]).exists():
            kept = {"email": [details.pop("email"), person.email]}  # it stays with its owner
        if "unit" in details:
            details["unit"] = self.units[details["unit"]]
        change_details(by=self.by, person=person, **details, reason=reason, now=self.now)
        return kept

    def _remember(self, settled: Iterable[tuple[ImportRow, dict[str, list[object]]]]) -> None:
        """What the HR system said, and was followed in or not, so that nobody is asked twice."""
        settled = list(settled)
        known = HrRecord.objects.in_bulk([row.person.pk for row, _ in settled], field_name="person_id")
        first, again = [], []
        for row, kept in settled:
            before = known.get(row.person.pk)
            standing = {**(before.kept if before else {}), **kept}
            if row.choice == Choice.FILE:
                standing = {field: words for field, words in standing.items() if field in kept or field not in row.ours}
            fresh = HrRecord(
                person=row.person, said=row.said, kept=standing, file=self.file, line=row.line, at=self.now
            )
            (again if before else first).append(fresh)
        copy_in(HrRecord, first)
        HrRecord.objects.bulk_create(
            again,
            update_conflicts=True,
            unique_fields=["person"],
            update_fields=["said", "kept", "file", "line", "at"],
            batch_size=500,
        )

    # Courses

    def train(self, rows: list[ImportRow]) -> None:
        people = {person.number: person for person in Person.objects.filter(number__in=[row.number for row in rows])}
        trainers = Person.objects.in_bulk({row.said["trainer"] for row in rows})
        standing = _standing_courses(people.values())
        entries, made, kept = [], [], []
        for row in rows:
            row.person = people.get(row.number)
            if row.person is None:
                self._end(row, Outcome.FAILED, "Nobody with this staff number is on the list: take that row first.")
                continue
            there = standing.setdefault(row.person.pk, {})
            if row.ours and row.ours["completion"] not in there.values():
                self._end(row, Outcome.STALE, "What is on record was changed since the file was compared.")
            elif row.choice == Choice.OURS:
                kept.append(row)
                self._end(row, Outcome.KEPT)
            elif row.said["completed"] in there and not row.ours:
                self._end(row, Outcome.STALE, "This completion is on record by now.")
            else:
                made.append(self._completion(row, trainers[UUID(row.said["trainer"])]))
                there[row.said["completed"]] = ""  # it has no id yet
                entries.append(self._trained(row, made[-1]))
                self._end(row, Outcome.DONE)
        replaced = [row.ours["completion"] for row in rows if row.outcome == Outcome.DONE and row.ours]
        Completion.objects.filter(pk__in=replaced).update(ended_at=self.now)
        copy_in(Completion, made)
        record_many(by=self.by, entries=entries, now=self.now)
        self._tell_trainers(made)
        for row in kept:
            self._keep_course(row)

    def _tell_trainers(self, made: list[Completion]) -> None:
        """A file that somebody handed in names who trained: they would know if they did not."""
        if self.file.source != Import.Source.UPLOAD:
            return
        for trainer, count in Counter(completion.trainer for completion in made).items():
            body = (
                f"{count} completed courses are on record with you as their trainer, from a file that was handed in. "
                "If you did not train these people, tell those who answer for information security."
            )
            tell(
                [trainer],
                kind="security",
                subject="Courses in your name",
                body=body,
                link="/people/?joining=yes",
                now=self.now,
            )

    def _completion(self, row: ImportRow, trainer: Person) -> Completion:
        """Its trainer held the training role then: else the line was faulty."""
        course = guidance().pack.course
        completed = moment_of(date.fromisoformat(row.said["completed"]))
        return Completion(
            person=row.person, course=course.key, completed_at=completed,
            expires_at=completed + timedelta(days=course.valid_days),
            trainer=trainer, signed_off=True, source="hr", recorded_at=self.now,
        )  # fmt: skip

    def _trained(self, row: ImportRow, completion: Completion) -> Entry:
        expires = completion.expires_at.isoformat()
        told = {"course": completion.course, "expires": expires, "source": "hr"}
        if row.ours:
            told |= {"instead_of": row.ours["completed"]}
        about = [row.person.audit_ref, completion.trainer.audit_ref, self.file.audit_ref]
        return Entry("person.trained", about, told)

    def _keep_course(self, row: ImportRow) -> None:
        said, ours = row.said, row.ours
        words = [[said["completed"], said["trainer"]], [ours["completed"], ours["trainer"]]] if ours else []
        known, _ = HrRecord.objects.get_or_create(
            person=row.person, defaults={"file": self.file, "line": row.line, "at": self.now}
        )
        known.kept = {**known.kept, f"course {said['completed']}": words}
        known.save(update_fields=["kept"])
        record(by=self.by, what="import.kept", about=[row.person.audit_ref, self.file.audit_ref], now=self.now)
