"""A place's history in lines: how it came about, who filled it, what was decided of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mercat.people.models import Person
from mercat.register.models import Account, Change, Posture, Question, Review, Slot, Spoc

PROGRAMME = "Mercat"


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    title: str
    detail: str = ""
    who: str = PROGRAMME


def happenings(slot: Slot) -> list[Happening]:
    """The newest first. In a fixed number of queries."""
    parts = (_beginning, _accounts, _contacts, _looks, _reviews)
    found = [each for part in parts for each in part(slot)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _beginning(slot: Slot) -> Iterator[Happening]:
    if slot.founding:
        version = f"{slot.founding.pack} {slot.founding.version}".strip()
        yield Happening(slot.founding.at, "Founded with the structure of the guidance", version)
        return
    asked = slot.application
    yield Happening(asked.applied_at, "Applied for", asked.purpose, _name(asked.applicant))
    for each in Question.objects.filter(application=asked).select_related("by"):
        yield Happening(each.at, "Answered" if each.is_answer else "Asked", each.text, _name(each.by))
    yield Happening(asked.decided_at, "Granted", asked.reasons, _name(asked.decided_by))


def _accounts(slot: Slot) -> Iterator[Happening]:
    for account in Account.objects.filter(slot=slot):
        yield Happening(account.registered_at, f"{account} registered")
    for change in Change.objects.filter(account__slot=slot).select_related("account", "by"):
        became = Account.Status(change.became).label.lower()
        yield Happening(change.at, f"{change.account}: {became}", change.reason, _name(change.by))


def _contacts(slot: Slot) -> Iterator[Happening]:
    for spoc in Spoc.objects.filter(account__slot=slot).select_related("person", "by"):
        yield Happening(spoc.at, f"{spoc.person} appointed as point of contact", who=_name(spoc.by))
        if spoc.ended_at:
            yield Happening(spoc.ended_at, f"{spoc.person} no longer point of contact")


def _looks(slot: Slot) -> Iterator[Happening]:
    for look in Posture.objects.filter(account__slot=slot).select_related("by"):
        factor = "on" if look.second_factor else "off"
        yield Happening(
            look.checked_at, "Protection looked at", f"Second factor {factor}. {look.evidence}", _name(look.by)
        )


def _reviews(slot: Slot) -> Iterator[Happening]:
    for row in Review.objects.filter(slot=slot).select_related("by", "answered_by", "successor"):
        into = f" ({row.successor})" if row.successor else ""
        yield Happening(row.at, f"Review: {row.get_outcome_display().lower()}{into}", row.reason, _name(row.by))
        if row.answer == Review.Answer.DECLINED:
            yield Happening(row.answered_at, "Review declined", row.answer_reason, _name(row.answered_by))
        elif row.answer and row.answered_by != row.by:
            yield Happening(row.answered_at, "Review concluded", "", _name(row.answered_by))


def _name(person: Person | None) -> str:
    return person.name if person else PROGRAMME
