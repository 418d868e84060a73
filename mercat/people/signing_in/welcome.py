"""From the right passphrase, passkey or single sign-on to a session: what is still missing, and what is told.

Nobody is signed in before everything is there: until then the session holds who it would be, for ten minutes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from mercat.audit.actions import record
from mercat.people.actions import tell
from mercat.people.models import KnownDevice, Person
from mercat.people.signing_in import factors, step_up
from mercat.people.signing_in.groups import apply_groups
from mercat.people.signing_in.sessions import DEVICE, NETWORK
from mercat.people.signing_in.throttle import network_of

PENDING = "pending"  # in a session
SSO = "single sign-on"  # how somebody came in
PATIENCE = timedelta(minutes=10)
COOKIE = "mercat_device"
REMEMBERED = timedelta(days=400)
BACKEND = "mercat.people.backend.PeopleBackend"
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


@dataclass(frozen=True, slots=True)
class Journey:
    """Where somebody was on their way to, and what they had typed there."""

    next: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody whose passphrase was right, and who is not signed in yet."""

    person: Person
    journey: Journey


def passphrase_was_right(request: HttpRequest, person: Person, journey: Journey, *, now: datetime) -> HttpResponse:
    """On to the second factor, to setting one up, or in."""
    has_any = factors.has_any(person)
    if not has_any and not factors.required(person):
        return come_in(request, person, "passphrase", journey, now=now)
    request.session.flush()  # whoever knew the session from before does not know this one
    request.session[PENDING] = {
        "person": str(person.pk),
        "passphrase": person.get_session_auth_hash(),
        "at": now.isoformat(),
        **asdict(journey),
    }
    return redirect("people:second-factor" if has_any else "people:first-factor")


def pending(request: HttpRequest, *, now: datetime) -> Pending | None:
    """Who is on the way in. Nobody, once it took too long or their passphrase was changed meanwhile."""
    kept: dict[str, Any] | None = request.session.get(PENDING)
    if kept is None or now - datetime.fromisoformat(kept["at"]) > PATIENCE:
        return None
    person = Person.objects.filter(pk=kept["person"], is_active=True).first()
    if person is None or person.get_session_auth_hash() != kept["passphrase"]:
        return None
    return Pending(person, Journey(kept["next"], kept["kept"]))


@transaction.atomic
def come_in(request: HttpRequest, person: Person, how: str, journey: Journey, *, now: datetime) -> HttpResponse:
    """A new session, and on to where the person was, with what they had typed there."""
    request.session.flush()
    login(request, person, backend=BACKEND)
    request.session["how"] = how
    request.session[DEVICE], request.session[NETWORK] = device_words(request), network_of(address_of(request))
    if journey.kept:
        request.session["kept"] = journey.kept
    if how != SSO:
        # Whether they are still in a group, only the provider knows: its next sign-in brings the roles back.
        apply_groups(person, set(), now=now)
    record(by=person, what="person.signed_in", about=[person.audit_ref], facts={"how": how}, now=now)
    response = redirect(safe_next(request, journey.next))
    _recognise(request, response, person, now=now)
    return response


def safe_next(request: HttpRequest, wanted: str) -> str:
    """Where to go on: within the programme alone."""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def address_of(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


def device_words(request: HttpRequest) -> str:
    """“Firefox on Windows”, by what the browser says of itself."""
    said = request.META.get("HTTP_USER_AGENT", "")
    browser = next((name for mark, name in BROWSERS if mark in said), "A browser")
    system = next((name for name in SYSTEMS if name in said), "an unknown system")
    return f"{browser} on {system}"


def _recognise(request: HttpRequest, response: HttpResponse, person: Person, *, now: datetime) -> None:
    """Remember the browser by a cookie of its own; whoever signs in from a new one is told."""
    token = request.COOKIES.get(COOKIE) or secrets.token_urlsafe(24)
    digest = hashlib.sha256(token.encode()).hexdigest()
    known = KnownDevice.objects.filter(person=person)
    first = not known.exists()
    _, made = KnownDevice.objects.get_or_create(person=person, digest=digest, defaults={"at": now})
    if made and not first:
        words = f"{request.session[DEVICE]}, from {request.session[NETWORK] or 'an unknown network'}. "
        body = f"{words}If this was not you, end that session, and tell those who answer for information security."
        tell(
            [person], kind="security", subject="You signed in from a new device", body=body, link="/sessions/", now=now
        )
    response.set_cookie(
        COOKIE,
        token,
        max_age=REMEMBERED,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _signing_in_is_a_proof(request: HttpRequest, **_: object) -> None:
    step_up.proved_now(request.session, now=timezone.now())


user_logged_in.connect(_signing_in_is_a_proof, dispatch_uid="signing in is a proof")
