"""Cases in words: where one stands, what comes next, and its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mercat.guidance import facts
from mercat.watch.cases import states
from mercat.watch.cases.queries import allows
from mercat.watch.models import Case, CaseNote

COLOURS = {
    states.NEW: "yellow",
    states.UNAUTHORISED: "red",
    states.FAKE: "red",
    states.REPORTED: "blue",
    states.CLOSED: "grey",
}
FORGOTTEN = "An account that was nobody’s business"
LISTS = {
    "open": "Open",
    states.NEW: "To be looked at",
    states.UNAUTHORISED: "Unauthorised",
    states.FAKE: "Fake, to be reported",
    states.REPORTED: "Reported to platforms",
    states.CLOSED: "Closed",
    "mine": "Reported by me",
}


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do with a case as it stands."""

    look: bool
    note: bool
    unauthorised: bool
    report: bool
    follow: bool
    reopen: bool


def powers(case: Case, viewer: facts.Person, *, now: datetime) -> Powers:
    looks = allows(viewer, "triage_account", now=now)
    reports = allows(viewer, "report_fake", now=now)
    kept = case.kind != Case.Kind.NEITHER
    return Powers(
        look=looks and case.state in states.TO_TRIAGE,
        note=looks and kept,
        unauthorised=case.state == states.UNAUTHORISED and allows(viewer, "settle_unauthorised", now=now),
        report=case.state == states.FAKE and reports,
        follow=case.state == states.REPORTED and reports,
        reopen=looks and kept and case.state == states.CLOSED,
    )


def stands(case: Case) -> str:
    """How it stands, for a form to say what its answers are about."""
    return f"{case.state} {case.triaged_at.isoformat() if case.triaged_at else ''}".strip()


def title_of(case: Case) -> str:
    return case.address or FORGOTTEN


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history; `pictures` are ids of notes that hold one."""

    at: datetime
    title: str
    words: str
    who: str
    pictures: tuple[int, ...] = ()


def history(notes: Iterable[CaseNote]) -> list[Entry]:
    """The first first; pictures stand with what they came with."""
    found: list[Entry] = []
    for note in notes:
        if note.kind == CaseNote.Kind.PICTURE:
            last = found.pop()
            pictures = (*last.pictures, *([note.pk] if note.picture_id else []))
            found.append(Entry(last.at, last.title, last.words, last.who, pictures))
        else:
            found.append(Entry(note.at, note.get_kind_display(), note.words, note.by.name))
    return found
