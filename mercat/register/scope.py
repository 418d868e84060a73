"""Whose accounts are open to somebody beyond what everybody may know of them (clause 5.6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mercat.guidance import facts
from mercat.guidance.gate import prepare
from mercat.people.devices.here import situation
from mercat.people.pack import guidance
from mercat.register.facts import account_facts
from mercat.register.models import Account


def open_to(
    viewer: facts.Person, accounts: Iterable[Account], *, by: Iterable[str] = ("view_account",), now: datetime
) -> list[Account]:
    """Those of these accounts, loaded through `with_facts`, whose inner life this person sees, in their order.

    `by`: actions, any of which opens what is asked about.
    """
    rows = list(accounts)
    about = [account_facts(row) for row in rows]
    asked, around = prepare(guidance(), viewer, about), situation(now=now)
    answers = zip(*(asked.decide_many(action, about, around) for action in by), strict=True)
    return [row for row, said in zip(rows, answers, strict=True) if any(answer.allowed for answer in said)]
