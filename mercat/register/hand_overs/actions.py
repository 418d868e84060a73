"""Every write about hand-overs: taking an account from its holder, giving it to the next one, or closing it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mercat.audit.actions import record
from mercat.people.actions import Impossible, has_reason, settle, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person
from mercat.register.actions import locked, people_of
from mercat.register.facts import slot_facts
from mercat.register.hand_overs import PAGE, WAITS
from mercat.register.models import Account, HandOver, Slot
from mercat.register.standing.actions import close_account


@transaction.atomic
def take_back(*, by: By, account: Account, why: str, now: datetime) -> HandOver | None:
    """From its holder: nobody holds it now, and it waits. None where there is no holder to take it from."""
    account = locked(account)
    if account.holder is None or account.status == Account.Status.CLOSED:
        return None
    row = HandOver.objects.create(account=account, holder=account.holder, why=why, at=now)
    account.holder = None
    account.save(update_fields=["holder"])
    about = [account.audit_ref, row.holder.audit_ref]
    record(by=by, what="account.taken_back", about=about, facts={"why": why}, now=now)
    body = f"“{account}”: {row.holder}, who held it, {_WORDS[why]}. Nothing goes out there until it has a new holder."
    tell(people_of(account), kind="accounts", subject=WAITS, body=body, link=PAGE, now=now)
    return row


_WORDS = {
    HandOver.Why.LEFT: "has left",
    HandOver.Why.MOVED: "has moved to another unit",
    HandOver.Why.RANK: "holds another rank now, which this account is not for",
}


@transaction.atomic
def hand_over(*, by: By, row: HandOver, holder: Person, reason: str, now: datetime) -> None:
    """To somebody whom the guidance lets hold such an account: asked as when it is registered (clauses 4.7, 4.8)."""
    row = _waiting(row)
    account = locked(row.account)
    slot = Slot.objects.select_related("application").get(pk=account.slot_id)
    require(by, "register_account", slot_facts(slot, holder), now=now)
    has_reason(reason)
    if not Person.objects.filter(pk=holder.pk, is_active=True).exists():
        raise Impossible(f"{holder} has left, and cannot hold an account. Nothing was changed.")
    if person_or_none(by) == holder:
        raise Impossible("Nobody hands an account to themselves: a colleague does it. Nothing was changed.")
    account.holder = holder
    account.save(update_fields=["holder"])
    _handed(row, by=by, holder=holder, reason=reason, now=now)
    about = [account.audit_ref, row.holder.audit_ref, holder.audit_ref]
    record(by=by, what="account.handed_over", about=about, personal={"reason": reason}, now=now)
    body = "You hold it for the body, which owns it and keeps its credentials."
    tell(
        [holder],
        kind="accounts",
        subject=f"You hold the account {account}",
        body=body,
        link=f"/register/{account.pk}/",
        now=now,
    )


@transaction.atomic
def close(*, by: By, row: HandOver, reason: str, now: datetime) -> None:
    """Nobody is to hold it any more. What was said there stays on record. Closed as any other account."""
    row = _waiting(row)
    has_reason(reason)
    close_account(by=by, account=row.account, reason=reason, now=now)


def _waiting(row: HandOver) -> HandOver:
    row = HandOver.objects.select_for_update(of=("self",)).select_related("account", "holder").get(pk=row.pk)
    if row.outcome:
        raise Impossible(f"This was answered already: {row.get_outcome_display().lower()}. Nothing was changed.")
    return row


def _handed(row: HandOver, *, by: By, holder: Person, reason: str, now: datetime) -> None:
    row.outcome, row.new_holder, row.reason = HandOver.Outcome.HANDED, holder, reason
    row.decided_at, row.decided_by = now, person_or_none(by)
    row.save(update_fields=["outcome", "new_holder", "reason", "decided_at", "decided_by"])
    if not HandOver.objects.filter(outcome="").exists():
        settle(subject=WAITS, link=PAGE, now=now)
