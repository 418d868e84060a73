"""Rows of an import in words: what differs, from ours to the file's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from mercat.people.models import ImportRow, Person, Unit
from mercat.people.presenters import rank_name

DETAILS = {"name": "Name", "email": "E-mail", "unit": "Works in", "rank": "Rank or grade"}


@dataclass(frozen=True, slots=True)
class Difference:
    """`old` is empty for what is new."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of an import on a page. `open`: it may still be chosen."""

    row: ImportRow
    differences: list[Difference]
    open: bool


def lines_of(rows: Iterable[ImportRow]) -> list[Line]:
    rows = list(rows)
    units = {unit.pk: unit.name for unit in Unit.objects.all()}
    ids = {said["trainer"] for row in rows for said in (row.said, row.ours) if "trainer" in said}
    trainers = {str(person.pk): person.name for person in Person.objects.filter(pk__in=ids)}
    return [Line(row, _differences(row, units, trainers), _is_open(row)) for row in rows]


def _is_open(row: ImportRow) -> bool:
    return not row.choice and row.kind not in (ImportRow.Kind.FAULTY, ImportRow.Kind.SAME)


def _differences(row: ImportRow, units: dict[str, str], trainers: dict[str, str]) -> list[Difference]:
    if row.kind in (ImportRow.Kind.FAULTY, ImportRow.Kind.SAME):
        return []
    if row.about == ImportRow.About.COMPLETION:
        old = _course(row.ours, trainers) if row.ours else ""
        return [Difference("Course completed", old, _course(row.said, trainers))]
    found = []
    if "is_active" in row.ours:
        old, new = ("yes" if each else "no" for each in (row.ours["is_active"], row.said["is_active"]))
        found.append(Difference("On the list", old, new))
    for field, name in DETAILS.items():
        if field in row.ours or row.person_id is None:
            old = _word(field, row.ours.get(field), units)
            found.append(Difference(name, old, _word(field, row.said[field], units)))
    return found


def _word(field: str, value: Any, units: dict[str, str]) -> str:
    if value is None:
        return ""
    return {"unit": units.get(value, value), "rank": rank_name(value)}.get(field, value)


def _course(said: dict[str, str], trainers: dict[str, str]) -> str:
    day = date.fromisoformat(said["completed"])
    return f"{day:%-d %B %Y}, signed off by {trainers.get(said['trainer'], 'somebody')}"
