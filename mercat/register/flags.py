"""What is amiss with a place or its account, in words, each with the action that puts it right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.pack import guidance
from mercat.register.facts import account_facts, vacant_facts
from mercat.register.models import Account, Slot
from mercat.register.presenters import wants_spoc


@dataclass(frozen=True, slots=True)
class Flag:
    """`action` is the guidance's; `page` the route that leads to it; `urgent` is what is past its day or missing."""

    text: str
    action: str
    page: str
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class Flagged:
    slot: Slot
    account: Account | None
    flags: list[Flag]


def missing_numbers(bio: str) -> list[str]:
    """The pack's numbers to call that a bio does not name (clause 3.4)."""
    plain = " ".join(bio.split())
    numbers = [each.number for each in guidance().pack.body.numbers]
    return [each for each in numbers if not re.search(rf"(?<!\d){re.escape(each)}(?!\d)", plain)]


def flags_of(slot: Slot, account: Account | None, *, now: datetime) -> list[Flag]:
    """Of a slot and an account that were loaded through `queries.slots`; the urgent first."""
    found = list(_of_place(slot, account, now))
    if account is not None and slot.closed_at is None:
        found += _of_account(account, now)
    return sorted(found, key=lambda flag: not flag.urgent)


def _of_place(slot: Slot, account: Account | None, now: datetime) -> Iterable[Flag]:
    if slot.closed_at:
        if account:
            yield Flag("Over: a review has closed its place", "close_account", "register:account")
        return
    days = (slot.review_due - timezone.localdate(now)).days
    if days < 0:
        yield Flag(f"Review overdue since {slot.review_due:%-d %B %Y}", "propose_review", "register:review")
    elif days <= max(guidance().pack.reviews.remind_days):
        yield Flag(f"Review due by {slot.review_due:%-d %B %Y}", "propose_review", "register:review", urgent=False)


def _of_account(account: Account, now: datetime) -> Iterable[Flag]:
    if wants_spoc(account.tier) and not account.spoc_ids:
        yield Flag("No point of contact", "appoint_spoc", "register:contacts")
    if account.rotate_by and account.rotate_by <= now:
        text = "Its credential should have been changed after direct access"
        yield Flag(text, "note_rotation", "register:account")
    elif account.rotate_by:
        text = "Its credential is to be changed after direct access"
        yield Flag(text, "note_rotation", "register:account", urgent=False)
    if account.status == Account.Status.APPROVED:
        return  # nothing stands on a network yet
    if account.checked_until is None:
        yield Flag("Its protection on the network has not been looked at", "manage_account", "register:protection")
    elif account.checked_until <= now:
        day = timezone.localdate(account.checked_until)
        yield Flag(f"The look at its protection ran out on {day:%-d %B %Y}", "manage_account", "register:protection")
    elif not account.second_factor:
        yield Flag("No second factor on the network", "manage_account", "register:protection")
    missing = missing_numbers(account.bio)
    if not account.bio:
        yield Flag("Its bio is not on record", "edit_account", "register:describe")
    elif missing:
        yield Flag(f"Its bio does not name {' or '.join(missing)}", "edit_account", "register:describe")


def for_person(person: facts.Person, slots: Iterable[Slot], *, now: datetime) -> list[Flagged]:
    """What this person may put right, the urgent first."""
    flagged = [(slot, *_flagged(slot, now)) for slot in slots]
    flagged = [each for each in flagged if each[2]]
    about = {slot.pk: account_facts(account) if account else vacant_facts(slot) for slot, account, _ in flagged}
    asked, around = prepare(guidance(), person, about.values()), situation(now=now)
    allowed: dict[str, set[str]] = {}
    for action in {flag.action for *_, flags in flagged for flag in flags}:
        answers = asked.decide_many(action, list(about.values()), around)
        allowed[action] = {key for key, answer in zip(about, answers, strict=True) if answer.allowed}
    found = [
        Flagged(slot, account, [flag for flag in flags if slot.pk in allowed[flag.action]])
        for slot, account, flags in flagged
    ]
    mine = [each for each in found if each.flags]
    return sorted(mine, key=lambda each: not any(flag.urgent for flag in each.flags))


def _flagged(slot: Slot, now: datetime) -> tuple[Account | None, list[Flag]]:
    account = slot.open_accounts[0] if slot.open_accounts else None
    return account, flags_of(slot, account, now=now)
