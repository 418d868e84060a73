"""What a file would change: each line against the list as it stands, what the HR system last said, and what was chosen.

Three words are compared for each field: the file's, ours, and what the HR system last said and was followed in. Where
only the file's differs, HR changed it. Where ours differs from what HR last said, somebody changed it here, or nobody
ever took it from HR; then a person chooses, and is not asked again while both say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.decision import Refusal
from mercat.guidance.gate import reserved
from mercat.people.hr.understanding import Understood
from mercat.people.models import Completion, HrRecord, Import, ImportRow, Person, RoleGrant
from mercat.people.pack import guidance

FIELDS = ("name", "email", "unit", "rank", "is_active")
WORDS = {"name": "name", "email": "e-mail", "unit": "unit", "rank": "rank or grade", "is_active": "on the list"}
Kind, About = ImportRow.Kind, ImportRow.About

CHANGED_HERE = "Changed here since the HR system last said it, or never taken from it"


def values_of(person: Person) -> dict[str, Any]:
    """A person as rows of an import tell of them."""
    return {
        "name": person.name,
        "email": person.email,
        "unit": person.unit_id,
        "rank": person.rank,
        "is_active": person.is_active,
    }


def moment_of(day: date) -> datetime:
    """When a day begins here: how days of the HR system are kept."""
    return datetime.combine(day, time(), timezone.get_current_timezone())


@dataclass(slots=True)
class Standing:
    """The list as it stands, by staff number and e-mail."""

    people: dict[str, Person]
    by_email: dict[str, Person]
    records: dict[Any, HrRecord]
    completions: dict[Any, list[Completion]] = field(default_factory=dict)
    training: dict[Any, list[RoleGrant]] = field(default_factory=dict)

    @classmethod
    def now(cls, *, courses: bool) -> Standing:
        people = list(Person.objects.select_related("unit"))
        standing = cls(
            people={person.number: person for person in people},
            by_email={person.email: person for person in people},
            records={record.person_id: record for record in HrRecord.objects.all()},
        )
        if courses:
            course = guidance().pack.course
            for row in Completion.objects.filter(course=course.key, ended_at=None).order_by("completed_at"):
                standing.completions.setdefault(row.person_id, []).append(row)
            for grant in RoleGrant.objects.filter(role=course.trainer).order_by("at"):
                standing.training.setdefault(grant.person_id, []).append(grant)
        return standing


class Comparison:
    """Compares the lines of one file. `older`: why the file is older than what has been applied; empty if it is not."""

    def __init__(self, file: Import, standing: Standing, lines: list[Understood], *, older: str, now: datetime) -> None:
        self.file, self.standing, self.lines, self.older, self.now = file, standing, lines, older, now
        self.of_person: dict[str, list[Understood]] = {}
        for said in lines:
            if said.person and said.number:
                self.of_person.setdefault(said.number, []).append(said)
        self.emails = Counter(said.person["email"] for rows in self.of_person.values() for said in rows[:1])
        self.courses: dict[str, list[date]] = {}

    def rows(self) -> Iterator[ImportRow]:
        for said in self.lines:
            if said.faults:
                yield self._row(said, Kind.FAULTY, reason=" ".join(said.faults))
            elif said.person:
                yield self._about_person(said)
            if said.tells_of_course:
                yield self._about_course(said)
        if self.file.whole:
            yield from self._missing()

    def _row(self, said: Understood, kind: Kind, /, **about: Any) -> ImportRow:
        person = self.standing.people.get(said.number)
        name = said.person.get("name") or (person.name if person else "")
        return ImportRow(
            file=self.file, line=said.line, kind=kind, number=said.number[:64], name=name[:120],
            **{"about": About.PERSON, "person": person, **about},
        )  # fmt: skip

    # People

    def _about_person(self, said: Understood) -> ImportRow:
        others = [other for other in self.of_person[said.number] if other is not said]
        before = [other.line for other in others if other.line < said.line and _same_person(other, said)]
        if before:
            return self._row(said, Kind.FAULTY, reason=f"It says again what {self.file.line_word} {before[0]} says.")
        kind, about = self._compared(said)
        differing = [other.line for other in others if not _same_person(other, said)]
        reasons = [f"Another {self.file.line_word} ({differing[0]}) says otherwise of this person"] if differing else []
        reasons += self._email_is_taken(said) + about.pop("reasons", [])
        if self.older and kind in (Kind.NEW, Kind.CHANGED, Kind.GONE):
            reasons.append(self.older)
        if reasons and (kind != Kind.SAME or differing):
            reasons = [*filter(None, [about.pop("reason", "")]), *reasons]
            return self._row(said, Kind.CONFLICTING, reason=". ".join(reasons) + ".", **about)
        return self._row(said, kind, **about)

    def _compared(self, said: Understood) -> tuple[Kind, dict[str, Any]]:
        """The kind of a line about a person, with `said`, `ours` and the reasons why it is a conflict."""
        person = self.standing.people.get(said.number)
        has_left = said.left is not None and said.left <= timezone.localdate(self.now)
        theirs = {**said.person, "is_active": not has_left}
        if person is None:
            return (Kind.SAME if has_left else Kind.NEW), {"said": theirs}
        if has_left:
            theirs = {**values_of(person), "is_active": False}
        ours, record = values_of(person), self.standing.records.get(person.pk)
        kept = record.kept if record else {}
        differing = [each for each in FIELDS if theirs[each] != ours[each]]
        differing = [each for each in differing if kept.get(each) != [theirs[each], ours[each]]]
        about: dict[str, Any] = {"said": theirs, "ours": {each: ours[each] for each in differing}}
        if not differing:
            return Kind.SAME, about
        if differing == ["is_active"] and has_left:
            about["reasons"] = [] if record else ["The HR system has never named this person"]
            return Kind.GONE, {**about, "reason": f"Left on {said.left:%-d %B %Y}"}
        base = record.said if record else {}
        by_us = [WORDS[each] for each in differing if base.get(each) != ours[each]]
        about["reasons"] = [f"{CHANGED_HERE}: {', '.join(by_us)}"] if by_us else []
        return Kind.CHANGED, about

    def _email_is_taken(self, said: Understood) -> list[str]:
        email = said.person["email"]
        owner = self.standing.by_email.get(email)
        if owner and owner.number != said.number:
            return [f"The e-mail is that of {owner.name} ({owner.number}): it stays with them"]
        if self.emails[email] > 1:
            return [f"Another person of this file has the same e-mail, {email}"]
        return []

    def _missing(self) -> Iterator[ImportRow]:
        """Those whom a whole file does not name. A faulty line names its person all the same."""
        named = {said.number for said in self.lines}
        nameless = sum(not said.number for said in self.lines)
        for number, person in sorted(self.standing.people.items()):
            if number in named or not person.is_active:
                continue
            record = self.standing.records.get(person.pk)
            if record and record.kept.get("is_active") == [False, True]:
                continue
            reasons = [] if record else ["The HR system has never named this person"]
            if nameless:
                reasons.append(f"They may be on one of {nameless} lines without a staff number that can be read")
            reasons += [self.older] if self.older else []
            yield ImportRow(
                file=self.file, line=0, about=About.PERSON, number=number, name=person.name, person=person,
                kind=Kind.CONFLICTING if reasons else Kind.GONE,
                said={**values_of(person), "is_active": False}, ours={"is_active": True},
                reason=". ".join(["The file does not name them", *reasons]) + ".",
            )  # fmt: skip

    # Courses

    def _about_course(self, said: Understood) -> ImportRow:
        person = self.standing.people.get(said.number)
        trainer = self.standing.people.get(said.trainer)
        if said.course_faults:
            return self._course_row(said, Kind.FAULTY, reason=" ".join(said.course_faults))
        if person is None and not any(not other.faults for other in self.of_person.get(said.number, [])):
            return self._course_row(said, Kind.FAULTY, reason="Nobody with this staff number is on the list.")
        refusal = self._untrained(said, trainer)
        if refusal:
            reason = f"{self._why_not(said, trainer)} {refusal.reason} {refusal.remedy}"
            return self._course_row(said, Kind.FAULTY, reason=reason, clause=refusal.clause)
        if said.number == said.trainer:
            reason = "Nobody signs off their own training."
            return self._course_row(said, Kind.FAULTY, reason=reason, clause=self._keeper.clause)
        about = {"said": {"completed": said.completed.isoformat(), "trainer": str(trainer.pk)}}
        near = [day for day in self.courses.get(said.number, []) if abs(day - said.completed) < apart()]
        if said.completed in near:
            return self._course_row(said, Kind.FAULTY, reason="The file says this completion twice.")
        self.courses.setdefault(said.number, []).append(said.completed)
        kind, more = self._compared_course(said, person, trainer)
        if near and kind != Kind.SAME:
            kind, more = Kind.CONFLICTING, {**more, "reason": f"The file also says {near[0]:%-d %B %Y}."}
        return self._course_row(said, kind, **{**about, **more})

    def _course_row(self, said: Understood, kind: Kind, /, **about: Any) -> ImportRow:
        return self._row(said, kind, about=About.COMPLETION, **about)

    def _compared_course(self, said: Understood, person: Person | None, trainer: Person) -> tuple[Kind, dict[str, Any]]:
        """A later completion renews the one before it; another day within its time is a correction, or a mistake."""
        if person is None:
            return Kind.NEW, {}
        record = self.standing.records.get(person.pk)
        standing = self.standing.completions.get(person.pk, [])
        return compared_course(said.completed, str(trainer.pk), standing, record.kept if record else {})

    def _untrained(self, said: Understood, trainer: Person | None) -> Refusal | None:
        """The clause in the way of this trainer (2.2): they must have held the training role on that day.

        Of the days before Mercat kept roles it cannot know; there, those who hold the role now are believed.
        """
        if trainer is None:
            return self._keeper
        grants = self.standing.training.get(trainer.pk, [])
        day, after = moment_of(said.completed), moment_of(said.completed + timedelta(days=1))
        if after <= self._began:
            held = any(grant.ended_at is None for grant in grants)
        else:
            held = any(grant.at < after and (grant.ended_at is None or grant.ended_at > day) for grant in grants)
        return None if held else self._keeper

    def _why_not(self, said: Understood, trainer: Person | None) -> str:
        if not said.trainer:
            return "It names no trainer."
        if trainer is None:
            return f"Nobody with the trainer’s staff number {said.trainer} is on the list."
        return f"{trainer.name} was no trainer on {said.completed:%-d %B %Y}."

    @cached_property
    def _began(self) -> datetime:
        """When Mercat began to know who trains."""
        return min((grant.at for grants in self.standing.training.values() for grant in grants), default=self.now)

    @cached_property
    def _keeper(self) -> Refusal:
        """The guidance's own words on who signs a completion off."""
        somebody = facts.Person(id="somebody", unit=facts.Unit("somewhere"), nominated=True)
        return reserved(guidance(), "record_completion", somebody, facts.Situation(now=self.now))[0]


def apart() -> timedelta:
    """Completions that lie so far apart are two; nearer ones are two words for one."""
    course = guidance().pack.course
    return timedelta(days=course.valid_days - max(course.remind_days, default=0))


def compared_course(
    completed: date, trainer: str, standing: list[Completion], kept: dict[str, Any]
) -> tuple[Kind, dict[str, Any]]:
    """A completion against those on record, and what of it is not to be asked again: the kind, `ours` and why."""
    days = {timezone.localdate(row.completed_at): row for row in standing}
    exact = days.get(completed)
    if exact is not None and str(exact.trainer_id) == trainer:
        return Kind.SAME, {}
    near = exact or next((row for day, row in days.items() if abs(day - completed) < apart()), None)
    if near is None:
        return Kind.NEW, {}
    day = timezone.localdate(near.completed_at).isoformat()
    ours = {"completed": day, "trainer": str(near.trainer_id), "completion": str(near.pk)}
    theirs = [completed.isoformat(), trainer]
    if kept.get(f"course {theirs[0]}") == [theirs, [ours["completed"], ours["trainer"]]]:
        return Kind.SAME, {}
    what = "The trainer" if exact else "The day"
    return Kind.CONFLICTING, {"ours": ours, "reason": f"{what} differs from what is on record."}


def compare_again(rows: list[ImportRow]) -> None:
    """Rows that could not be done, against the list as it stands now: what still differs, somebody chooses."""
    standing = Standing.now(courses=any(row.about == About.COMPLETION for row in rows))
    for row in rows:
        row.person = standing.people.get(row.number)
        row.choice = row.outcome = row.told = ""
        row.done_at, row.ours = None, {}
        if row.about == About.PERSON:
            row.kind, about = _person_again(row)
        else:
            there = standing.completions.get(row.person.pk, []) if row.person else []
            row.kind, about = compared_course(date.fromisoformat(row.said["completed"]), row.said["trainer"], there, {})
        row.ours, row.reason = about.get("ours", {}), about.get("reason", "")


def _person_again(row: ImportRow) -> tuple[Kind, dict[str, Any]]:
    if row.person is None:
        return Kind.NEW, {}
    standing = values_of(row.person)
    ours = {field: standing[field] for field in FIELDS if standing[field] != row.said[field]}
    reason = "Changed here since the file was compared."
    return (Kind.CONFLICTING, {"ours": ours, "reason": reason}) if ours else (Kind.SAME, {})


def _same_person(one: Understood, other: Understood) -> bool:
    return (one.person, one.left) == (other.person, other.left)


def older_than_applied(made_at: datetime) -> str:
    """Why a file is older than one that has been applied; empty if it is not."""
    newer = Import.objects.filter(made_at__gt=made_at, rows__outcome="done").order_by("-made_at").first()
    if newer is None:
        return ""
    day, later = (timezone.localtime(at) for at in (made_at, newer.made_at))
    return f"The file was made {day:%-d %B %Y %H:%M}; one made {later:%-d %B %Y %H:%M} has been applied"


def summed(rows: Iterable[ImportRow]) -> dict[str, int]:
    """How many rows there are of each kind."""
    counted = Counter(row.kind for row in rows)
    return {kind.value: counted[kind] for kind in Kind if counted[kind]}
