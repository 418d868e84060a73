"""A line of text, understood: ranks, units, days and e-mails as this body knows them, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mercat.guidance.pack import Pack
from mercat.people.hr.files import Line

LONGEST = {"name": 120, "email": 254, "number": 32}
EARLIEST = 1950  # nobody serves for longer
WORDS = {"name": "name", "email": "e-mail", "unit": "unit", "rank": "rank or grade", "employment": "employment"}


@dataclass(slots=True)
class Understood:
    """What a line says. `person`: its details by field, empty where it tells of none. Days are the body's own.

    `faults`: what is wrong with what it says of the person; `course_faults`, of the course.
    """

    line: int
    number: str
    person: dict[str, str] = field(default_factory=dict)
    left: date | None = None
    completed: date | None = None
    trainer: str = ""
    faults: list[str] = field(default_factory=list)
    course_faults: list[str] = field(default_factory=list)

    @property
    def tells_of_course(self) -> bool:
        return self.completed is not None or bool(self.course_faults)


class Reader:
    """Reads lines by a pack's spellings. The pack's own keys and names need no spelling; case does not matter.

    `units`: the keys of those that have been founded.
    """

    def __init__(self, pack: Pack, *, people: bool, units: Collection[str], today: date) -> None:
        self.rule, self.people, self.today = pack.hr, people, today
        self.course = {pack.course.key.casefold(), pack.course.name.casefold()}
        self.kinds = {rank.key: rank.kind for rank in pack.ranks}
        self.ranks = _known([(rank.key, rank.name) for rank in pack.ranks], pack.hr.ranks)
        known = _known([(unit.id, unit.name) for unit in pack.units], pack.hr.units)
        self.units = {word: key for word, key in known.items() if key in units}
        self.employment = _known([(kind, kind) for kind in ("officer", "staff")], pack.hr.employment)

    def understand(self, line: Line) -> Understood:
        if line.fault:
            return Understood(line.number, "", faults=[line.fault])
        said = Understood(line.number, line.cells["number"])
        if not said.number:
            said.faults.append("It has no staff number.")
        elif len(said.number) > LONGEST["number"]:
            said.faults.append(f"The staff number is longer than {LONGEST['number']} characters.")
            said.number = ""
        if self.people:
            self._person(line.cells, said)
        self._course(line.cells, said)
        return said

    def _person(self, cells: dict[str, str], said: Understood) -> None:
        name, email = cells["name"], cells["email"].lower()
        rank, unit = self.ranks.get(cells["rank"].casefold()), self.units.get(cells["unit"].casefold())
        faults = said.faults
        for given in ("name", "email", "rank", "unit"):
            if not cells[given]:
                faults.append(f"It has no {WORDS[given]}.")
        faults += [f"The {WORDS[each]} is too long." for each in ("name", "email") if len(cells[each]) > LONGEST[each]]
        if email and not _is_email(email):
            faults.append(f"“{cells['email']}” is no e-mail.")
        if cells["rank"] and rank is None:
            faults.append(f"The rank or grade “{cells['rank']}” is not known here.")
        if cells["unit"] and unit is None:
            faults.append(f"The unit “{cells['unit']}” is not known here.")
        self._employment(cells["employment"], rank, said)
        said.left = self._day("left", cells["left"], said.faults)
        said.person = {"name": name, "email": email, "unit": unit or "", "rank": rank or ""}

    def _employment(self, word: str, rank: str | None, said: Understood) -> None:
        """It follows from the rank; where the file says it too, both must agree."""
        kind = self.employment.get(word.casefold())
        if word and kind is None:
            said.faults.append(f"The employment “{word}” is not known here.")
        elif kind and rank and kind != self.kinds[rank]:
            said.faults.append(f"“{word}” does not go with this rank or grade.")

    def _course(self, cells: dict[str, str], said: Understood) -> None:
        other = cells["course"] and cells["course"].casefold() not in self.course
        if other or not (cells["completed"] or cells["trainer"]):
            return
        if not cells["completed"]:
            said.course_faults.append("It names a trainer, and no day on which the course was completed.")
            return
        said.completed = self._day("completed", cells["completed"], said.course_faults)
        said.trainer = cells["trainer"]
        if said.completed and said.completed.year < EARLIEST:
            said.course_faults.append(f"The course is completed in {said.completed.year}, which cannot be.")
        if said.completed and said.completed > self.today:
            said.course_faults.append(f"The course is completed on {said.completed:%-d %B %Y}, which lies ahead.")

    def _day(self, given: str, text: str, faults: list[str]) -> date | None:
        if not text:
            return None
        for form in self.rule.dates:
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the body's, without a time
            except ValueError:
                continue
        like = " or ".join(f"{self.today.strftime(form)}" for form in self.rule.dates)
        faults.append(f"“{text}” in “{getattr(self.rule.columns, given)}” is no day such as {like}.")
        return None


def _known(own: list[tuple[str, str]], spelt: dict[str, str]) -> dict[str, str]:
    """Keys by every spelling, in small letters."""
    words = [*((key, key) for key, _ in own), *((name, key) for key, name in own), *spelt.items()]
    return {word.casefold(): key for word, key in words}


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
