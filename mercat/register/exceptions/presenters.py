"""Direct access in words: how it stands, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mercat.people.models import Person
from mercat.register.exceptions import in_hours
from mercat.register.history import PROGRAMME, Happening
from mercat.register.models import DirectAccess, DirectPost

WAITS, OPEN, ROTATE, LATE = "Waits for an answer", "Open", "Change the credential", "Change the credential now"
DONE, REFUSED, WITHDRAWN = "Done", "Refused", "Withdrawn"
COLOURS = {WAITS: "yellow", OPEN: "blue", ROTATE: "yellow", LATE: "red", DONE: "green"}


def state_of(row: DirectAccess, *, now: datetime) -> str:
    """A granted end that has come counts before the clock has looked."""
    if row.answer == DirectAccess.Answer.WAITING:
        return WAITS
    if row.answer == DirectAccess.Answer.REFUSED:
        return REFUSED
    if row.answer == DirectAccess.Answer.WITHDRAWN:
        return WITHDRAWN
    if row.rotated_at:
        return DONE
    if row.is_open(now):
        return OPEN
    return LATE if row.is_overdue(now) else ROTATE


def happenings(row: DirectAccess) -> list[Happening]:
    """The newest first; of what came in one moment, what follows from the other."""
    return sorted(_happenings(row), key=lambda each: each.at)[::-1]


def _happenings(row: DirectAccess) -> Iterator[Happening]:
    yield Happening(row.asked_at, f"Asked for, for {in_hours(row.hours)}", row.words, row.person.name)
    if row.answer:
        hours = f" for {in_hours(row.granted_hours)}" if row.granted_hours else ""
        title = f"{row.get_answer_display()}{hours}"
        yield Happening(row.answered_at, title, row.advice, _name(row.answered_by))
    for post in DirectPost.objects.filter(exception=row).select_related("by"):
        yield Happening(post.published_at, "Published there", post.what, post.by.name)
    if row.closed_at:
        yield Happening(row.closed_at, row.get_ended_display(), who=_name(row.closed_by))
    if row.overdue_told_at:
        yield Happening(row.overdue_told_at, "The credential was not changed in time")
    if row.rotated_at:
        yield Happening(row.rotated_at, "Credential changed", row.rotation_note, _name(row.rotated_by))


def _name(person: Person | None) -> str:
    return person.name if person else PROGRAMME
