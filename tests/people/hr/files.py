"""Files as the HR system might write them, under the default pack."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

from mercat.audit.actors import System
from mercat.people.hr import imports
from mercat.people.models import Import, ImportRow, Person
from tests.factories import NOW

HR = System("A test of the HR system")
HEADER = (
    "Staff number", "Forename", "Surname", "Email", "Division", "Rank", "Employment", "Leaving date", "Course",
    "Completed", "Trainer number",
)  # fmt: skip


def line(number: str = "100", **about: str) -> dict[str, str]:
    """A sound line; `about` by our words: forename, surname, email, unit, rank, employment, left, course, …"""
    said = {
        "number": number, "forename": "Morag", "surname": f"Fictive {number}", "email": f"hr{number}@mercat.example",
        "unit": "D Division", "rank": "PC", "employment": "", "left": "", "course": "", "completed": "", "trainer": "",
        **about,
    }  # fmt: skip
    return dict(zip(HEADER, said.values(), strict=True))


def line_of(person: Person, **about: str) -> dict[str, str]:
    """A line that says of a person what the list says."""
    forename, _, surname = person.name.partition(" ")
    said = {"forename": forename, "surname": surname, "email": person.email, "unit": person.unit_id}
    return line(person.number, **{**said, "rank": person.rank, **about})


def as_csv(*lines: dict[str, str], header: tuple[str, ...] = HEADER, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    table = csv.DictWriter(out, header, delimiter=delimiter)
    table.writeheader()
    table.writerows(lines)
    return out.getvalue().encode()


def as_json(*lines: dict[str, Any], **about: Any) -> bytes:
    return json.dumps({"people": lines, **about}).encode()


def received(*lines: dict[str, str], now: datetime = NOW, **about: Any) -> Import:
    given = {"by": HR, "name": "people.csv", "source": "upload", "data": as_csv(*lines), **about}
    return imports.receive(**given, now=now)


def applied(
    *lines: dict[str, str], kinds: tuple[str, ...] = ("new", "changed"), now: datetime = NOW, **about: Any
) -> Import:
    """A file of which whole groups were taken."""
    file = received(*lines, now=now, **about)
    imports.choose(by=HR, file=file, kinds=kinds, now=now)
    imports.finish(file, now=lambda: now)
    file.refresh_from_db()
    return file


def found(file: Import) -> list[tuple[int, str, str]]:
    """Line, subject and kind of each row."""
    return list(file.rows.order_by("line", "-about").values_list("line", "about", "kind"))


def the_row(file: Import, **about: Any) -> ImportRow:
    return file.rows.get(**about)
