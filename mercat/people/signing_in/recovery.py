"""Somebody lost what they sign in with. One opens it, a second confirms, and hands over a code that counts once.

From the confirmation on, nothing that they signed in with before counts any more: it may be in other hands.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from mercat.audit.actions import record
from mercat.guidance import facts
from mercat.people.actions import Impossible, once, set_passphrase, tell
from mercat.people.gate import require
from mercat.people.models import Person, Recovery, Subject
from mercat.people.signing_in.sessions import end_sessions

WAITS = timedelta(hours=24)  # for a second person
COUNTS = timedelta(hours=1)  # the code, once it is made
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else
GROUPS, GROUP = 4, 5
WRONG = "The e-mail and the code do not belong together, or the code has been used or is over. Ask for a new one."


def standing(person: Person, *, now: datetime) -> Recovery | None:
    """The recovery of this person that waits for a second one, or whose code counts."""
    return _standing(now=now).filter(person=person).select_related("opened_by", "confirmed_by").first()


@transaction.atomic
def open_(*, by: Person, person: Person, reason: str, now: datetime) -> Recovery:
    """The first of two. Nothing changes for the person yet; they are told."""
    require(by, "recover_sign_in", person, now=now)
    if not person.is_active:
        raise Impossible(f"{person} has left. Nothing was changed.")
    if not reason.strip():
        raise Impossible("Say why, and how you know that it is they who ask. Nothing was changed.")
    Recovery.objects.filter(person=person, ended_at=None, until__lte=now).update(ended_at=now)
    with once(f"A recovery for {person} stands already."):
        row = Recovery.objects.create(person=person, reason=reason, opened_at=now, opened_by=by, until=now + WAITS)
    about = [row.audit_ref, person.audit_ref]
    record(by=by, what="sign_in.recovery_opened", about=about, personal={"reason": reason}, now=now)
    body = f"{by} opened it; a second person must confirm it. If you did not ask, tell information security at once."
    tell(
        [person],
        kind="security",
        subject="Your sign-in is to be set up anew",
        body=body,
        link="/sign-in/mine/",
        now=now,
    )
    return row


@transaction.atomic
def confirm(*, by: Person, row: Recovery, now: datetime) -> str:
    """The second of two. Returns the code, which is shown once. What the person had before counts no more."""
    row = _locked(row)
    person = row.person
    require(by, "recover_sign_in", person, now=now)
    if row.opened_by == by:
        raise Impossible("You opened it: another person confirms it. Nothing was changed.")
    if row.ended_at or row.until <= now or row.confirmed_at:
        raise Impossible("This was confirmed already, or is over. Nothing was changed.")
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    row.confirmed_at, row.confirmed_by, row.digest, row.until = now, by, _digest(code), now + COUNTS
    row.save(update_fields=["confirmed_at", "confirmed_by", "digest", "until"])
    Person.objects.filter(pk=person.pk).update(password=make_password(None))
    Authenticator.objects.filter(user=person).delete()
    Subject.objects.filter(person=person).delete()
    end_sessions(person)
    about = [row.audit_ref, person.audit_ref]
    record(by=by, what="sign_in.recovery_confirmed", about=about, facts={"opened_by": row.opened_by.audit_ref}, now=now)
    body = f"{row.opened_by} and {by} did it. What you signed in with before counts no more, and every session ended."
    tell(
        [person],
        kind="security",
        subject="Your sign-in was opened to be set up anew",
        body=body,
        link="/sign-in/mine/",
        now=now,
    )
    return code


@transaction.atomic
def call_off(*, by: Person, row: Recovery, now: datetime) -> None:
    row = _locked(row)
    require(by, "recover_sign_in", row.person, now=now)
    if row.ended_at:
        raise Impossible("This is over already. Nothing was changed.")
    Recovery.objects.filter(pk=row.pk).update(ended_at=now)
    record(by=by, what="sign_in.recovery_called_off", about=[row.audit_ref, row.person.audit_ref], now=now)


@transaction.atomic
def use(*, email: str, code: str, passphrase: str, now: datetime) -> Person | None:
    """A new passphrase for the code. None where the two do not belong together, whoever asks.

    Raises Impossible for a passphrase that will not do; then the code still counts.
    """
    digest = _digest(code)
    rows = _standing(now=now).filter(person__email__iexact=email.strip(), digest=digest, person__is_active=True)
    row = rows.exclude(digest="").select_for_update(of=("self",)).select_related("person").first()
    if row is None:
        return None
    set_passphrase(by=row.person, person=row.person, passphrase=passphrase, now=now)
    Recovery.objects.filter(pk=row.pk).update(ended_at=now)
    record(by=row.person, what="sign_in.recovered", about=[row.audit_ref, row.person.audit_ref], now=now)
    return row.person


@transaction.atomic
def end_all_sessions(*, by: Person, person: Person, now: datetime) -> int:
    """An administrator signs somebody out everywhere."""
    require(by, "administer", facts.Body(), now=now)
    ended = end_sessions(person)
    record(by=by, what="person.sessions_ended", about=[person.audit_ref], facts={"ended": ended}, now=now)
    tell(
        [person],
        kind="security",
        subject="You were signed out everywhere",
        body=f"{by} did it.",
        link="/sessions/",
        now=now,
    )
    return ended


def _standing(*, now: datetime) -> QuerySet[Recovery]:
    return Recovery.objects.filter(ended_at=None, until__gt=now)


def _locked(row: Recovery) -> Recovery:
    found = Recovery.objects.select_for_update(of=("self",)).select_related("person", "opened_by")
    return found.get(pk=row.pk)


def _digest(code: str) -> str:
    bare = "".join(code.lower().replace("-", " ").split())
    return hashlib.sha256(bare.encode()).hexdigest()
