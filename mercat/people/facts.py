"""Rows to facts: what guidance is told of people, in one query however many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.shape import Procedure
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance

# Units lie at most this deep (body, division, area, station): one join each, no recursion.
UNIT_JOINS = "parent__parent__parent"

# Written out: to build a query of so many parts takes longer than the database takes to answer it, and guidance is
# asked at every page and every act. `steps`: who did each step of a person's joining, by the guidance's action.
STANDING = """
SELECT person.id, person.rank, person.is_active, person.unit_id,
    ARRAY_REMOVE(ARRAY[unit.parent_id, above.parent_id, higher.parent_id, highest.parent_id], NULL) AS within,
    EXISTS (SELECT FROM people_nomination WHERE person_id = person.id AND ended_at IS NULL) AS nominated,
    best.expires_at AS trained_until,
    COALESCE(best.signed_off, FALSE) AS training_signed_off,
    EXISTS (SELECT FROM people_authorisation WHERE person_id = person.id AND ended_at IS NULL) AS authorised,
    EXISTS (SELECT FROM people_access WHERE person_id = person.id AND ended_at IS NULL) AS confirmed,
    EXISTS (
        SELECT FROM people_access WHERE person_id = person.id AND ended_at IS NULL AND opened_at IS NOT NULL
    ) AS opened,
    EXISTS (SELECT FROM people_licence WHERE person_id = person.id AND ended_at IS NULL) AS licensed,
    ARRAY (SELECT ARRAY[document, version] FROM people_acknowledgement WHERE person_id = person.id) AS accepted,
    ARRAY (
        SELECT ARRAY[role, unit_id] FROM people_rolegrant WHERE person_id = person.id AND ended_at IS NULL
    ) AS grants,
    ARRAY (
        SELECT ARRAY['nominate', by_id::text] FROM people_nomination
            WHERE person_id = person.id AND ended_at IS NULL
        UNION ALL SELECT ARRAY['record_completion', best.trainer_id::text]
        UNION ALL SELECT ARRAY['authorise_access', by_id::text] FROM people_authorisation
            WHERE person_id = person.id AND ended_at IS NULL
        UNION ALL SELECT ARRAY['confirm_training', confirmed_by_id::text] FROM people_access
            WHERE person_id = person.id AND ended_at IS NULL
        UNION ALL SELECT ARRAY['open_access', opened_by_id::text] FROM people_access
            WHERE person_id = person.id AND ended_at IS NULL
        UNION ALL SELECT ARRAY['assign_licence', by_id::text] FROM people_licence
            WHERE person_id = person.id AND ended_at IS NULL
    ) AS steps
FROM people_person person
JOIN people_unit unit ON unit.key = person.unit_id
LEFT JOIN people_unit above ON above.key = unit.parent_id
LEFT JOIN people_unit higher ON higher.key = above.parent_id
LEFT JOIN people_unit highest ON highest.key = higher.parent_id
LEFT JOIN LATERAL (
    SELECT expires_at, signed_off, trainer_id FROM people_completion
    WHERE person_id = person.id AND ended_at IS NULL AND course = %(course)s AND completed_at <= %(now)s
    ORDER BY signed_off DESC, expires_at DESC LIMIT 1
) best ON TRUE
WHERE person.id = ANY(%(ids)s)
"""


class _Standing(NamedTuple):
    """A row of it. Pairs are lists of two, as arrays of arrays come."""

    id: UUID
    rank: str
    is_active: bool
    unit_id: str
    within: list[str]
    nominated: bool
    trained_until: datetime | None
    training_signed_off: bool
    authorised: bool
    confirmed: bool
    opened: bool
    licensed: bool
    accepted: list[tuple[str, str]]
    grants: list[tuple[str, str | None]]
    steps: list[tuple[str, str | None]]


def unit_facts(unit: Unit) -> facts.Unit:
    within = []
    above = unit.parent
    while above is not None:
        within.append(above.pk)
        above = above.parent
    return facts.Unit(id=unit.pk, within=tuple(within))


def person_facts(person: Person | UUID | str, *, now: datetime) -> facts.Person:
    pk = person.pk if isinstance(person, Person) else person
    return people_facts([pk], now=now)[str(pk)]


def people_facts(ids: Iterable[UUID | str], *, now: datetime) -> dict[str, facts.Person]:
    """Facts by person id."""
    wanted = [UUID(str(each)) for each in ids]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"course": guidance().pack.course.key, "now": now, "ids": wanted})
        found = [_Standing(*row) for row in cursor.fetchall()]
    return {str(each.id): _facts(each, now) for each in found}


def is_accepted(procedure: Procedure, accepted: Iterable[tuple[str, str]], *, now: datetime) -> bool:
    """Whether (document, version) pairs hold this procedure's version; in its days of grace an earlier one will do."""
    versions = {version for document, version in accepted if document == procedure.key}
    in_grace = timezone.localdate(now) < procedure.asked_until
    return procedure.version in versions or (in_grace and bool(versions))


def _facts(row: _Standing, now: datetime) -> facts.Person:
    return facts.Person(
        id=str(row.id),
        unit=facts.Unit(id=row.unit_id, within=tuple(row.within)),
        rank=row.rank,
        active=row.is_active,
        roles=frozenset(role for role, unit in row.grants if unit is None),
        unit_roles=frozenset((role, unit) for role, unit in row.grants if unit is not None),
        nominated=row.nominated,
        trained_until=row.trained_until,
        training_signed_off=row.training_signed_off,
        authorised=row.authorised,
        acknowledged=all(is_accepted(each, row.accepted, now=now) for each in guidance().pack.procedures),
        training_confirmed=row.confirmed,
        access=row.opened,
        licensed=row.licensed,
        steps=frozenset((action, by) for action, by in row.steps if by),
    )
