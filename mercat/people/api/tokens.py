"""Making, checking and revoking tokens. A token acts for its owner and may never do more than they may (ADR 0013)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.people.actions import Impossible, tell
from mercat.people.gate import Agent, By, person_or_none, require
from mercat.people.models import SCOPES, Notice, Person, Token
from mercat.people.queries import administrators
from mercat.people.signing_in.step_up import ask

PREFIX = "mercat_"  # so that scanners of code and logs know one when they see it
LONGEST = timedelta(days=366)
A_MINUTE = timedelta(minutes=1)
MOST_A_MINUTE = 300  # requests of one token
ASKED = "A token is to act in your name"
OWN = "/tokens/mine/"
LEFT = System("Its owner has left")


@transaction.atomic
def make_token(
    *, by: By, owner: Person, name: str, scopes: Iterable[str], expires_at: datetime, now: datetime
) -> tuple[Token, str]:
    """A token and its secret, which is shown this once and kept nowhere.

    One that somebody makes for another is in force once its owner has accepted it: else who makes it could act as them.
    """
    require(by, "administer", facts.Body(), now=now)
    wanted = sorted(set(scopes))
    if not name.strip():
        raise Impossible("Say what the token is for. Nothing was made.")
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise Impossible("Choose what the token may be used for. Nothing was made.")
    if not now < expires_at <= now + LONGEST:
        raise Impossible(f"A token expires after now, and within {LONGEST.days} days. Nothing was made.")
    if not Person.objects.filter(pk=owner.pk, is_active=True).exists():
        raise Impossible(f"{owner} has left, and nothing acts for them. Nothing was made.")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Token.objects.create(
        name=name.strip(),
        owner=owner,
        scopes=wanted,
        digest=_digest(secret),
        made_at=now,
        made_by=person_or_none(by),
        accepted_at=None if isinstance(by, Person) and by != owner else now,
        expires_at=expires_at,
    )
    about = {"scopes": wanted, "expires": expires_at.isoformat()}
    record(by=by, what="token.made", about=[row.audit_ref, owner.audit_ref], facts=about, now=now)
    what = f"“{row}”: {', '.join(SCOPES[each].lower() for each in wanted)}. It may never do more than you."
    if row.accepted_at is None:
        tell([owner], kind="security", subject=ASKED, body=f"{by} asks. {what}", link=OWN, now=now)
    elif by != owner:
        tell([owner], kind="security", subject="A token acts in your name", body=what, link=OWN, now=now)
    return row, secret


@transaction.atomic
def accept(*, by: Person, token: Token, now: datetime) -> None:
    """Let another programme act for oneself, from now on."""
    require(by, "work", facts.Body(), now=now)
    ask("Let another programme act for you", now=now)
    waiting = Token.objects.filter(pk=token.pk, owner=by, accepted_at=None, revoked_at=None, expires_at__gt=now)
    if not waiting.update(accepted_at=now):
        raise Impossible(f"“{token}” waits for no answer of yours. Nothing was changed.")
    record(by=by, what="token.accepted", about=[token.audit_ref, by.audit_ref], now=now)
    if not Token.objects.filter(owner=by, accepted_at=None, revoked_at=None, expires_at__gt=now).exists():
        Notice.objects.filter(person=by, subject=ASKED, read_at=None).update(read_at=now)


@transaction.atomic
def revoke(*, by: By, token: Token, now: datetime) -> None:
    """By its owner at any time, or by whoever administers."""
    if by != token.owner:
        require(by, "administer", facts.Body(), now=now)
    if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        raise Impossible(f"“{token}” is revoked already. Nothing was changed.")
    record(by=by, what="token.revoked", about=[token.audit_ref], now=now)


def on_leaving(sender: type[Person], *, person: Person, now: datetime, **_: Any) -> None:
    """What acted for somebody who has left acts no more. Those who administer are told: a service stands still."""
    rows = list(Token.objects.filter(owner=person, revoked_at=None, expires_at__gt=now))
    if not rows:
        return
    for row in rows:
        revoke(by=LEFT, token=row, now=now)
    names = ", ".join(f"“{row}”" for row in rows)
    body = f"{person} has left, for whom they acted: {names}. What used them stands still until it has a new one."
    tell(administrators(), kind="security", subject="Tokens are revoked", body=body, link="/tokens/", now=now)


def find(secret: str, *, now: datetime) -> Token | None:
    """The token in force that has this secret."""
    standing = Token.objects.filter(
        revoked_at=None, accepted_at__isnull=False, expires_at__gt=now, owner__is_active=True
    )
    return standing.filter(digest=_digest(secret)).select_related("owner").first()


def within_its_rate(token: Token, *, now: datetime) -> bool:
    """Count this use. The count is the database's, so that it holds over every process."""
    fresh = Q(window_at=None) | Q(window_at__lte=now - A_MINUTE)
    Token.objects.filter(pk=token.pk).update(
        used=Case(When(fresh, then=Value(1)), default=F("used") + 1),
        window_at=Case(When(fresh, then=Value(now)), default=F("window_at")),
        last_used_at=now,
    )
    return Token.objects.values_list("used", flat=True).get(pk=token.pk) <= MOST_A_MINUTE


def agent(token: Token) -> Agent:
    return Agent(token.audit_ref, f"the token “{token}”", token.owner)


def _digest(secret: str) -> str:
    """Of 256 random bits: there is nothing to guess, so that a slow digest would only cost time."""
    return hashlib.sha256(secret.encode()).hexdigest()
