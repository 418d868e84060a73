"""What people have beside a passphrase: passkeys, one-time codes, and recovery codes. Kept as allauth keeps them.

Each is checked here with the time passed in, and each code counts once, whichever process sees it first.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from mercat.audit.actions import record
from mercat.people.actions import Impossible, tell
from mercat.people.backend import DEMONSTRATION
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.signing_in import step_up

TOTP_ = Authenticator.Type.TOTP
PASSKEY = Authenticator.Type.WEBAUTHN
RECOVERY = Authenticator.Type.RECOVERY_CODES
PERIOD, TOLERANCE = 30, 1  # seconds; periods that a phone's clock may be off
KINDS = {TOTP_: "one-time codes", PASSKEY: "a passkey", RECOVERY: "recovery codes"}

WRONG_CODE = "This code is not right, or was used already. Wait for the next one, then try again."
WRONG_PASSKEY = "This passkey is not one of yours here, or it took too long. Try again."
LAST = (
    "This is the last thing that you sign in with beside the passphrase. Add another before you remove it. "
    "Nothing was changed."
)
CHANGE = "Change how you sign in"


def second_factor_relaxed() -> bool:
    """Whether the pack's rule does not bind demonstration people: only where every network is a stand-in."""
    return settings.MERCAT_DEMO and guidance().pack.sign_in.second_factor == "required"


def required(person: Person) -> bool:
    """Whether this person needs more than a passphrase."""
    if guidance().pack.sign_in.second_factor != "required":
        return False
    return not (settings.MERCAT_DEMO and person.number.startswith(DEMONSTRATION))


def factors_of(person: Person) -> list[Authenticator]:
    """Passkeys and one-time codes, the oldest first. Recovery codes stand in for them, and are none by themselves."""
    return list(Authenticator.objects.filter(user=person, type__in=[TOTP_, PASSKEY]).order_by("created_at", "pk"))


def has_any(person: Person) -> bool:
    return bool(factors_of(person))


def codes_left(person: Person) -> int:
    row = Authenticator.objects.filter(user=person, type=RECOVERY).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def new_secret() -> str:
    return generate_totp_secret()


def picture_of(person: Person, secret: str) -> str:
    """A QR code, as SVG, for an authenticator app."""
    adapter = get_adapter()
    return adapter.build_totp_svg(adapter.build_totp_url(person, secret))


@transaction.atomic
def add_codes(*, by: Person, secret: str, code: str, now: datetime) -> list[str]:
    """One-time codes from now on, once a first one is right. Returns fresh recovery codes where there were none."""
    step_up.ask(CHANGE, now=now)
    _alone(by)
    if Authenticator.objects.filter(user=by, type=TOTP_).exists():
        raise Impossible("You have one-time codes already. Remove them first. Nothing was changed.")
    counter = _counter(secret, code, after=0, now=now)
    if counter is None:
        raise Impossible("This code is not right. Check the time on your phone, then enter the next one.")
    row = TOTP.activate(by, secret).instance
    row.data["last"] = counter
    row.save(update_fields=["data"])
    return _added(by, row, now=now)


@transaction.atomic
def add_passkey(*, by: Person, name: str, answer: str, now: datetime) -> list[str]:
    """A passkey, as the browser made it for what `webauthn.begin_registration` asked. Returns as `add_codes`."""
    step_up.ask(CHANGE, now=now)
    _alone(by)
    with _understood():
        credential = json.loads(answer)
        webauthn.complete_registration(credential)
        row = webauthn.WebAuthn.add(by, name.strip()[:60] or "Passkey", credential).instance
    return _added(by, row, now=now)


@transaction.atomic
def remove(*, by: Person, row: Authenticator, now: datetime) -> None:
    step_up.ask(CHANGE, now=now)
    _alone(by)
    if required(by) and [each.pk for each in factors_of(by)] == [row.pk]:
        raise Impossible(LAST)
    row.delete()
    if not has_any(by):
        Authenticator.objects.filter(user=by).delete()
    record(by=by, what="person.factor_removed", about=[by.audit_ref], facts={"kind": row.type}, now=now)
    tell(
        [by],
        kind="security",
        subject=f"Removed from your sign-in: {KINDS[row.type]}",
        body=_UNASKED,
        link="/sign-in/mine/",
        now=now,
    )


@transaction.atomic
def renew_recovery_codes(*, by: Person, now: datetime) -> list[str]:
    """New ones; the old ones count no more."""
    step_up.ask(CHANGE, now=now)
    _alone(by)
    if not has_any(by):
        raise Impossible("Recovery codes stand in for a passkey or for one-time codes: add one of these first.")
    Authenticator.objects.filter(user=by, type=RECOVERY).delete()
    record(by=by, what="person.recovery_codes_made", about=[by.audit_ref], now=now)
    return RecoveryCodes.activate(by).generate_codes()


@transaction.atomic
def check_code(person: Person, code: str, *, now: datetime) -> str:
    """Which kind of code this is, of one-time and recovery codes; empty where it is wrong or was used before."""
    code = "".join(code.split())
    row = Authenticator.objects.select_for_update().filter(user=person, type=TOTP_).first()
    counter = _counter(decrypt(row.data["secret"]), code, after=row.data.get("last", 0), now=now) if row else None
    if row and counter is not None:
        row.data["last"] = counter
        row.last_used_at = now
        row.save(update_fields=["data", "last_used_at"])
        return "code"
    spare = Authenticator.objects.filter(user=person, type=RECOVERY).first()
    return "recovery code" if spare and RecoveryCodes(spare).validate_code(code) else ""


def check_passkey(person: Person, answer: str, *, now: datetime) -> bool:
    """Whether a passkey of this person answered what `webauthn.begin_authentication` asked in this session."""
    try:
        with _understood():
            row = webauthn.complete_authentication(person, json.loads(answer))
    except Impossible:
        return False
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=now)
    return True


def whose_passkey(answer: str) -> Person | None:
    """Whom a passkey says it belongs to. `check_passkey` says whether that is so."""
    try:
        with _understood():
            return webauthn.extract_user_from_response(json.loads(answer))
    except Impossible:
        return None


_UNASKED = "If this was not you, tell those who answer for information security at once."


def _added(by: Person, row: Authenticator, *, now: datetime) -> list[str]:
    record(by=by, what="person.factor_added", about=[by.audit_ref], facts={"kind": row.type}, now=now)
    tell(
        [by],
        kind="security",
        subject=f"Added to your sign-in: {KINDS[row.type]}",
        body=_UNASKED,
        link="/sign-in/mine/",
        now=now,
    )
    if Authenticator.objects.filter(user=by, type=RECOVERY).exists():
        return []
    return RecoveryCodes.activate(by).generate_codes()


def _alone(person: Person) -> None:
    """What is changed for one person is changed one after another."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _counter(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """The period that this is the code of, unless it or a later one was used; None for none."""
    here = int(now.timestamp()) // PERIOD
    found = None
    for counter in range(here - TOLERANCE, here + TOLERANCE + 1):
        right = hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), code.encode())
        if right and counter > after:
            found = counter
    return found


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever a browser sends that is no answer of a passkey is refused in words."""
    try:
        yield
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        raise Impossible(WRONG_PASSKEY) from None


def asked_to_make(person: Person) -> dict[str, Any]:
    """What a browser is to be asked, so that it makes a passkey for this person. Kept in the session for the answer."""
    return webauthn.begin_registration(person, passwordless=True)


def asked_to_show(person: Person | None) -> dict[str, Any]:
    """What a browser is to be asked, so that it shows a passkey: this person's, or anybody's."""
    return webauthn.begin_authentication(person)
