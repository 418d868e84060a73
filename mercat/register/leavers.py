"""What follows in the register when somebody leaves, or is posted to another unit or rank (clauses 4.9, 5.7).

Their appointments as point of contact end; an account that has none left is flagged, its days of grace run, and those
who can appoint the next one are told. Individual accounts that they held wait for their next holder. Nothing is
deleted. It happens in the transaction in which they leave or move; the chore makes up for what came between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.people.facts import unit_facts
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.register.actions import locked
from mercat.register.facts import slot_facts
from mercat.register.hand_overs.actions import take_back
from mercat.register.models import Account, HandOver, Spoc
from mercat.register.standing.contacts import misses_contact

LEFT = System("They have left")
MOVED = System("They have moved to another unit")
RANK = System("They hold another rank")


def on_leaving(sender: type[Person], *, person: Person, now: datetime, **_: Any) -> None:
    follow_leaver(person, now=now)


def on_moving(sender: type[Person], *, person: Person, unit: Unit, rank: str, now: datetime, **_: Any) -> None:
    held = _held_by(person)
    if unit.pk != person.unit_id:
        chain = unit_facts(person.unit)
        appointed = _appointments(person).exclude(account__unit__in=(chain.id, *chain.within))
        _end(appointed, MOVED, now=now)
        for account in held:
            take_back(by=MOVED, account=account, why=HandOver.Why.MOVED, now=now)
        return
    for account in held:
        if _rank_rules_out(account, person, rank, now=now):
            take_back(by=RANK, account=account, why=HandOver.Why.RANK, now=now)


def run(*, now: datetime) -> None:
    """What people who have left still hold: given to them in the moment in which they did."""
    appointed = Exists(Spoc.objects.filter(person=OuterRef("pk"), ended_at=None))
    holding = Exists(Account.objects.filter(holder=OuterRef("pk")).exclude(status=Account.Status.CLOSED))
    for person in Person.objects.filter(appointed | holding, is_active=False):
        follow_leaver(person, now=now)


@transaction.atomic
def follow_leaver(person: Person, *, now: datetime) -> None:
    _end(_appointments(person), LEFT, now=now)
    for account in _held_by(person):
        take_back(by=LEFT, account=account, why=HandOver.Why.LEFT, now=now)


def _appointments(person: Person) -> Any:
    return Spoc.objects.filter(person=person, ended_at=None).select_related("account", "person").order_by("account")


def _held_by(person: Person) -> list[Account]:
    return list(Account.objects.filter(~Q(status=Account.Status.CLOSED), holder=person).order_by("pk"))


def _end(appointments: Iterable[Spoc], by: System, *, now: datetime) -> None:
    for spoc in appointments:
        account = locked(spoc.account)
        Spoc.objects.filter(pk=spoc.pk, ended_at=None).update(ended_at=now)
        about = [account.audit_ref, spoc.person.audit_ref]
        record(by=by, what="account.spoc_dismissed", about=about, now=now)
        misses_contact(account, now=now)


def _rank_rules_out(account: Account, person: Person, before: str, *, now: datetime) -> bool:
    """Whether the guidance has something against this holder that it had not against their former rank."""
    situation = facts.Situation(now=now)
    was, is_now = (
        {
            refusal.policy
            for refusal in reserved(guidance(), "register_account", slot_facts(account.slot, holder), situation)
        }
        for holder in (Person(rank=before), person)
    )
    return bool(is_now - was)
