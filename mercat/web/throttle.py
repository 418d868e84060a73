"""Wrong passphrases are counted where they are recorded anyway: in the audit, which no restart forgets.

Limits are for each account from each address, so that nobody can lock a colleague out from elsewhere, and wider ones
for an account and for an address. The record names neither: it carries keyed digests of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.audit.models import Event
from mercat.people.models import Person

FAILED = "person.sign_in_failed"
WINDOW = timedelta(minutes=15)
LIMITS = {"sign-in-pair": 5, "sign-in-account": 50, "sign-in-address": 50}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says they are signing in, and from where."""

    email: str
    address: str

    @property
    def references(self) -> dict[str, str]:
        parts = {
            "sign-in-pair": f"{self.email} {self.address}",
            "sign-in-account": self.email,
            "sign-in-address": self.address,
        }
        return {kind: f"{kind}:{salted_hmac(kind, value).hexdigest()[:24]}" for kind, value in parts.items()}


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
