"""Who somebody is, by e-mail and passphrase. Wrong ones are counted where they are recorded anyway: in the audit,
which no restart forgets.

The narrow limit is for each account from each address: where people's own addresses are known, a few wrong tries from
elsewhere do not lock a colleague out. Wider ones are for an account and for an address. Where many people come from
one address (a proxy that is not trusted to say whose, the command line), that address has no limit of its own, and the
narrow one is as good as one for the account: there anybody can make a colleague wait. An IPv6 address counts as its
/64, since one subscriber has a whole one. The record names
neither account nor address: it carries keyed digests of both.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.audit.models import Event
from mercat.people.actions import tell
from mercat.people.models import Person

FAILED = "person.sign_in_failed"
FAILED_FACTOR = "person.second_factor_failed"
WINDOW = timedelta(minutes=15)
LIMITS = {"sign-in-pair": 5, "sign-in-account": 50, "sign-in-address": 50}
MOST_CODES = 5  # wrong ones of one person, from wherever: there are but a million
NO_MATCH = "The e-mail and the passphrase do not belong together. Check both, then try again."
WAIT = (
    f"There were too many wrong passphrases or codes. Wait {WINDOW.seconds // 60} minutes, then try again, "
    "or ask the administrator."
)


class TooMany(Exception):
    """So many wrong passphrases or codes that even the right one must wait."""

    def __init__(self) -> None:
        super().__init__(WAIT)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says they are signing in, and from where. `shared`: many people come from this address."""

    email: str
    address: str
    shared: bool = False

    @property
    def references(self) -> dict[str, str]:
        network = network_of(self.address)
        parts = {
            "sign-in-pair": f"{self.email} {network}",
            "sign-in-account": self.email,
            **({} if self.shared else {"sign-in-address": network}),
        }
        return {kind: f"{kind}:{salted_hmac(kind, value).hexdigest()[:24]}" for kind, value in parts.items()}


def network_of(address: str) -> str:
    """What one subscriber has to choose from: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(known.ipv4_mapped or ipaddress.ip_network((int(known), 64), strict=False))


def identify(origin: Origin, passphrase: str, *, now: datetime, request: HttpRequest | None = None) -> Person | None:
    """The person who this is; None, and recorded, where the two do not belong together. Raises TooMany."""
    if too_many(origin, now=now):
        raise TooMany
    person = authenticate(request, username=origin.email, password=passphrase)
    if person is None:
        note_failure(origin, now=now)
    return person


def too_many(origin: Origin, *, now: datetime) -> bool:
    """Whether this origin must wait before the next try."""
    since = Event.objects.filter(what=FAILED, at__gt=now - WINDOW)
    return any(
        since.filter(about__contains=[reference]).count() >= LIMITS[kind]
        for kind, reference in origin.references.items()
    )


@transaction.atomic
def note_failure(origin: Origin, *, now: datetime) -> None:
    known = Person.objects.filter(email__iexact=origin.email).first()
    record(
        by=System("A sign-in failed: the e-mail and the passphrase do not belong together"),
        what=FAILED,
        about=[*origin.references.values(), *([known.audit_ref] if known else [])],
        personal={"email": origin.email[:254], "address": origin.address},
        now=now,
    )


def too_many_codes(person: Person, *, now: datetime) -> bool:
    """Whether this person must wait before the next code. Only those who know their passphrase can make them wait."""
    return _wrong_codes(person, now=now) >= MOST_CODES


@transaction.atomic
def note_wrong_factor(person: Person, origin: Origin, *, now: datetime) -> None:
    """A code or passkey that is not theirs. Whoever has too many is told: somebody knows their passphrase."""
    record(
        by=System("A second factor failed: it is not one of this person's, or was used before"),
        what=FAILED_FACTOR,
        about=[person.audit_ref, *origin.references.values()],
        personal={"address": origin.address},
        now=now,
    )
    if _wrong_codes(person, now=now) == MOST_CODES:
        body = (
            "Somebody who knows your passphrase, or sits at your screen, entered wrong codes. If it was not you, "
            "change your passphrase, and tell those who answer for information security."
        )
        tell(
            [person],
            kind="security",
            subject="Wrong codes were entered for you",
            body=body,
            link="/sign-in/mine/",
            now=now,
        )


def _wrong_codes(person: Person, *, now: datetime) -> int:
    return Event.objects.filter(what=FAILED_FACTOR, at__gt=now - WINDOW, about__contains=[person.audit_ref]).count()
