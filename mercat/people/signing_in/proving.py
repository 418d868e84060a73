"""Checking what somebody shows to prove who they are: throttled alike everywhere, and counted in the audit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from mercat.people.models import Person
from mercat.people.signing_in import factors
from mercat.people.signing_in.throttle import Origin, TooMany, identify, note_failure, note_wrong_factor
from mercat.people.signing_in.throttle import too_many as nobody_tried_often
from mercat.people.signing_in.throttle import too_many_codes as too_many
from mercat.people.signing_in.welcome import address_of

PREFIX = "proof-"
FIELDS = tuple(f"{PREFIX}{name}" for name in ("passphrase", "code", "passkey"))
NOTHING = "Enter your passphrase or a code"
WRONG = "This is not your passphrase. Try again."


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of it. `how` is empty where it was not right; then `problem` says so, `field` where."""

    how: str = ""
    problem: str = ""
    field: str = "code"
    wait: bool = False

    @property
    def status(self) -> int:
        return 429 if self.wait else 422


def origin_of(request: HttpRequest, email: str) -> Origin:
    return Origin(email.lower(), address_of(request), shared=settings.MERCAT_SHARED_ADDRESS)


def factor(request: HttpRequest, person: Person, *, now: datetime, prefix: str = "") -> Shown:
    """A code or a passkey of this person's, from the fields `code` and `passkey`."""
    field = f"{prefix}code"
    code, passkey = request.POST.get(field, "").strip(), request.POST.get(f"{prefix}passkey", "")
    if not code and not passkey:
        return Shown(problem="Enter a code", field=field)
    origin = origin_of(request, person.email)
    if not passkey:
        return replace(code_of(person, code, origin, now=now), field=field)
    if too_many(person, now=now):
        return Shown(problem=str(TooMany()), field=field, wait=True)
    if factors.check_passkey(person, passkey, now=now):
        return Shown("passkey")
    note_wrong_factor(person, origin, now=now)
    return Shown(problem=factors.WRONG_PASSKEY, field=field)


def code_of(person: Person, code: str, origin: Origin, *, now: datetime) -> Shown:
    """A one-time or recovery code of this person's, on a page or at the command line."""
    if too_many(person, now=now):
        return Shown(problem=str(TooMany()), wait=True)
    how = factors.check_code(person, code, now=now)
    if how:
        return Shown(how)
    note_wrong_factor(person, origin, now=now)
    return Shown(problem=factors.WRONG_CODE)


def again(request: HttpRequest, *, now: datetime) -> Shown:
    """Whoever is signed in proves it again, by passphrase, code or passkey: by one of `FIELDS`."""
    if any(request.POST.get(name) for name in FIELDS[1:]):
        return factor(request, request.user, now=now, prefix=PREFIX)
    passphrase = request.POST.get(FIELDS[0], "")
    if not passphrase:
        return Shown(problem=NOTHING, field=FIELDS[0])
    try:
        found = identify(origin_of(request, request.user.email), passphrase, now=now, request=request)
    except TooMany as wait:
        return Shown(problem=str(wait), field=FIELDS[0], wait=True)
    return Shown("passphrase") if found == request.user else Shown(problem=WRONG, field=FIELDS[0])


def passkey_alone(request: HttpRequest, *, now: datetime) -> Person | None:
    """Whose passkey this is, where nobody has said who they are. None, and recorded, where it is nobody's."""
    answer = request.POST.get("passkey", "")
    person = factors.whose_passkey(answer)
    origin = origin_of(request, person.email if person else "")
    if too_many(person, now=now) if person else nobody_tried_often(origin, now=now):
        raise TooMany
    if person and person.is_active and factors.check_passkey(person, answer, now=now):
        return person
    note_failure(origin, now=now)
    return None
