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


def open_to(viewer: facts.Person, accounts: Iterable[Account], *, now: datetime) -> list[Account]:
    """Those of these accounts, loaded through `with_facts`, whose inner life this person sees, in their order."""
    rows = list(accounts)
    about = [account_facts(row) for row in rows]
    answers = prepare(guidance(), viewer, about).decide_many("view_account", about, situation(now=now))
    return [row for row, answer in zip(rows, answers, strict=True) if answer.allowed]
