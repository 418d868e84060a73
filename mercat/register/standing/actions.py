"""Every write about how an account stands: closed, dormant, awake; what is said of it; how it is protected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.people.actions import Impossible, has_reason, settle, tell
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.actions import locked, people_of
from mercat.register.facts import facts_of, slot_facts
from mercat.register.hand_overs import PAGE, WAITS
from mercat.register.models import Account, HandOver, Posture
from mercat.register.standing.moves import is_live, move, shut

DESCRIBED = ("purpose", "bio", "languages")  # by those who answer for the account


@transaction.atomic
def close_account(*, by: By, account: Account, reason: str, now: datetime) -> None:
    """Close it for good. What it said, and who answered for it, stays; what is still due there is held.

    Where the pack asks for a second person, one that was connected is closed by a review, or by somebody else than
    suspended it.
    """
    require(by, "close_account", facts_of(account), now=now)
    account = locked(account)
    has_reason(reason, "this account is closed")
    closer = person_or_none(by)
    if closer and needs_second(account, closer):
        raise Impossible(
            f"“{account}” was connected, and closing it takes two people. Nothing was changed. Review it: you propose "
            "that it is closed, and somebody else concludes that. Or one of you suspends it, and the other closes it."
        )
    close(account, by=by, reason=reason, now=now)


def needs_second(account: Account, closer: Person) -> bool:
    """Whether this person alone would end an account that spoke."""
    if not (is_live(account) and guidance().pack.reviews.second_person):
        return False
    last = account.changes.last() if account.status == Account.Status.SUSPENDED else None
    return last is None or last.by_id is None or last.by_id == closer.pk


def close(account: Account, *, by: By, reason: str, now: datetime) -> None:
    """Close a locked account and tell those who answer for it. Part of the action that calls it."""
    told = people_of(account)
    shut(account, by=by, reason=reason, now=now)
    _waits_for_no_holder(account, by=by, reason=reason, now=now)
    record(by=by, what="account.closed", about=[account.audit_ref], personal={"reason": reason}, now=now)
    tell(
        told,
        kind="sending",
        subject=f"{account} is closed"[:200],
        body="What is due there is held, and goes nowhere else by itself. Withdraw it, or write it for another one.",
        link=f"/register/{account.pk}/",
        now=now,
    )


def _waits_for_no_holder(account: Account, *, by: By, reason: str, now: datetime) -> None:
    waiting = HandOver.objects.filter(account=account, outcome="")
    ended = {"outcome": HandOver.Outcome.CLOSED, "reason": reason, "decided_at": now, "decided_by": person_or_none(by)}
    if waiting.update(**ended) and not HandOver.objects.filter(outcome="").exists():
        settle(subject=WAITS, link=PAGE, now=now)


@transaction.atomic
def mark_dormant(*, by: By, account: Account, reason: str, now: datetime) -> None:
    """Nothing has gone out there for long. Nothing goes out until somebody who answers for it wakes it."""
    require(by, "suspend_account", facts_of(account), now=now)
    account = locked(account)
    has_reason(reason, "this account is dormant")
    move(account, Account.Status.DORMANT, by=by, reason=reason, now=now)
    record(by=by, what="account.dormant", about=[account.audit_ref], personal={"reason": reason}, now=now)
    if isinstance(by, System):
        body = f"{reason} Wake it if it is still needed, or have it reviewed."
        tell(
            people_of(account),
            kind="accounts",
            subject=_dormant(account),
            body=body,
            link=f"/register/{account.pk}/",
            now=now,
        )


@transaction.atomic
def wake_account(*, by: By, account: Account, reason: str, now: datetime) -> None:
    require(by, "suspend_account", facts_of(account), now=now)
    account = locked(account)
    has_reason(reason, "this account is needed again")
    if account.status != Account.Status.DORMANT:
        raise Impossible(f"“{account}” is not dormant. Nothing was changed.")
    move(account, Account.Status.ACTIVE, by=by, reason=reason, now=now)
    record(by=by, what="account.woken", about=[account.audit_ref], personal={"reason": reason}, now=now)


def _dormant(account: Account) -> str:
    return f"{account} is dormant"[:200]


@transaction.atomic
def describe_account(*, by: By, account: Account, words: Mapping[str, str], now: datetime) -> None:
    """Keep purpose, bio and languages, as far as `words` holds them. What stands on the network is changed there."""
    require(by, "edit_account", facts_of(account), now=now)
    account = _open(account)
    changed = [name for name in DESCRIBED if name in words and words[name] != getattr(account, name)]
    if not changed:
        return
    for name in changed:
        setattr(account, name, words[name])
    account.save(update_fields=changed)
    record(
        by=by,
        what="account.described",
        about=[account.audit_ref],
        facts={"changed": changed},
        personal={name: words[name] for name in changed},
        now=now,
    )


@transaction.atomic
def manage_account(*, by: By, account: Account, name: str, holder: Person | None, now: datetime) -> None:
    """Rename it, or hand it to its next holder, for whom the same rules hold as for the first (clauses 4.7, 4.9)."""
    require(by, "manage_account", facts_of(account), now=now)
    account = _open(account)
    if not name.strip():
        raise Impossible("Say what the account is called. Nothing was changed.")
    was = account.holder
    if holder != was:
        _may_hold(by, account, holder, now=now)
    account.name, account.holder = name, holder
    account.save(update_fields=["name", "holder"])
    people = [person.audit_ref for person in (was, holder) if person]
    record(by=by, what="account.managed", about=[account.audit_ref, *people], personal={"name": name}, now=now)
    if holder and holder != was:
        body = "You hold it for the body, which owns it and keeps its credentials."
        tell(
            [holder],
            kind="accounts",
            subject=f"You hold the account {account}",
            body=body,
            link=f"/register/{account.pk}/",
            now=now,
        )


def _may_hold(by: By, account: Account, holder: Person | None, *, now: datetime) -> None:
    held = any(tier.holder for tier in guidance().pack.tiers if tier.key == account.tier)
    if holder is None:
        raise Impossible("Name the next holder; where there is none, close the account. Nothing was changed.")
    if person_or_none(by) == holder:
        raise Impossible("Nobody hands an account to themselves: a colleague does it. Nothing was changed.")
    if not held:
        raise Impossible("Accounts of this kind are not held by one person. Nothing was changed.")
    if HandOver.objects.filter(account=account, outcome="").exists():
        raise Impossible(
            f"“{account}” waits for its next holder among the hand-overs. Answer it there. Nothing was changed."
        )
    if not holder.is_active:
        raise Impossible(f"{holder} has left, and holds no account. Nothing was changed.")
    require(by, "register_account", slot_facts(account.slot, holder), now=now)


@transaction.atomic
def record_posture(
    *,
    by: By,
    account: Account,
    second_factor: bool,
    recovery_role: str,
    recovery_mailbox: str,
    evidence: str,
    now: datetime,
) -> Posture:
    """Keep what was seen of the account's protection on its network; it counts for the pack's days."""
    require(by, "manage_account", facts_of(account), now=now)
    account = _open(account)
    if recovery_role not in {role.key for role in guidance().pack.roles}:
        raise Impossible("Choose the role whose holders can recover the account. Nothing was saved.")
    if Person.objects.filter(email__iexact=recovery_mailbox).exists():
        raise Impossible(
            f"{recovery_mailbox} is one person’s own address: the account would be lost with them. Nothing was saved. "
            "Give a mailbox of the role, on the network first."
        )
    if not evidence.strip():
        raise Impossible("Say what you saw, and where it is kept. Nothing was saved.")
    row = Posture.objects.create(
        account=account,
        second_factor=second_factor,
        recovery_role=recovery_role,
        recovery_mailbox=recovery_mailbox,
        evidence=evidence,
        checked_at=now,
        expires_at=now + timedelta(days=guidance().pack.posture.valid_days),
        by=person_or_none(by),
    )
    record(
        by=by,
        what="account.protection_checked",
        about=[account.audit_ref],
        facts={"second_factor": second_factor, "recovery_role": recovery_role, "until": row.expires_at.isoformat()},
        personal={"mailbox": recovery_mailbox, "evidence": evidence},
        now=now,
    )
    return row


def _open(account: Account) -> Account:
    account = locked(account)
    if account.status == Account.Status.CLOSED:
        raise Impossible(f"“{account}” is closed. Nothing was changed.")
    return account
