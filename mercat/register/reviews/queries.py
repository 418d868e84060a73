"""Reads of reviews, in the reach of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.pack import guidance
from mercat.register.facts import account_facts, vacant_facts
from mercat.register.models import Review, Slot
from mercat.register.queries import Wanted, slots

LATELY = 25  # answered reviews that are shown


@dataclass(frozen=True, slots=True)
class Overview:
    """`due`: places past their day or near it, the longest overdue first; `today` tells which is which."""

    waiting: list[Review]
    due: list[Slot]
    done: list[Review]
    today: date


def overview(person: facts.Person, *, now: datetime) -> Overview:
    today = timezone.localdate(now)
    near = today + timedelta(days=max(guidance().pack.reviews.remind_days))
    people = ("by", "answered_by")
    rows = Review.objects.select_related("slot__unit__parent__parent__parent", "account", "successor", *people)
    due = slots(Wanted()).filter(closed_at=None, review_due__lte=near).order_by("review_due", "network", "name")
    return Overview(
        waiting=_seen(person, list(rows.filter(answer="").order_by("at")), now),
        due=_answered_for(person, list(due), now),
        done=_seen(person, list(rows.exclude(answer="").order_by("-answered_at")[: 4 * LATELY]), now)[:LATELY],
        today=today,
    )


def _seen(person: facts.Person, rows: Sequence[Review], now: datetime) -> list[Review]:
    """Those of places whose history this person may see, by the unit that the place belongs to."""
    about = [vacant_facts(row.slot) for row in rows]
    answers = prepare(guidance(), person, about).decide_many("view_account", about, situation(now=now))
    return [row for row, answer in zip(rows, answers, strict=True) if answer.allowed]


def _answered_for(person: facts.Person, found: Sequence[Slot], now: datetime) -> list[Slot]:
    about = [account_facts(each.open_accounts[0]) if each.open_accounts else vacant_facts(each) for each in found]
    answers = prepare(guidance(), person, about).decide_many("propose_review", about, situation(now=now))
    return [slot for slot, answer in zip(found, answers, strict=True) if answer.allowed]
