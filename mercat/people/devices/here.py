"""From which device a request comes, and what guidance is told of it.

A device of the body is known by what the pack counts as proof: a client certificate that the web server before Mercat
has checked, what the identity provider said of the device at sign-in, or the address. What somebody types or sends by
themselves is no proof: the certificate's name counts only beside the secret that this web server and Mercat share, and
an address only where people's own addresses are known.

The clock, the workers and commands run on the body's own server, which is why the default is “yes”.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from mercat.guidance import facts
from mercat.guidance.gate import may
from mercat.people.facts import person_facts
from mercat.people.models import BreakGlass, Person
from mercat.people.pack import guidance

DEVICE_CLAIM = "device_claim"  # in a session: the identity provider said that the device is the body's
CERTIFICATE, SECRET = "HTTP_MERCAT_DEVICE", "HTTP_MERCAT_PROXY_SECRET"

_managed: ContextVar[bool] = ContextVar("managed_device", default=True)


@dataclass(frozen=True, slots=True)
class Device:
    """`how` it is known as the body's own; empty where it is not. `broken`: what stands in for it, for a while."""

    how: str = ""
    broken: BreakGlass | None = None

    @property
    def managed(self) -> bool:
        return bool(self.how or self.broken)


SERVER = Device("server")


def device_of(request: HttpRequest, person: Person, *, now: datetime) -> Device:
    """The device of a signed-in person. The database is asked only where nothing else proves it."""
    proofs = guidance().pack.devices.proof
    how = next((name for name in proofs if PROOFS[name](request)), "")
    return Device(how) if how else Device(broken=in_force(person, now=now))


def in_force(person: Person, *, now: datetime) -> BreakGlass | None:
    """The leave that lets this person work from elsewhere now."""
    return BreakGlass.objects.filter(person=person, until__gt=now, ended_at=None).order_by("-until").first()


@contextmanager
def working_from(device: Device) -> Iterator[None]:
    """Everything that guidance is asked meanwhile is asked as from this device."""
    token = _managed.set(device.managed)
    try:
        yield
    finally:
        _managed.reset(token)


def situation(*, now: datetime, paused: bool = False, paused_by: str | None = None) -> facts.Situation:
    """What surrounds a decision about something that a person does by hand, here and now."""
    return facts.Situation(now=now, managed_device=_managed.get(), paused=paused, paused_by=paused_by)


def may_work(person: Person, *, now: datetime) -> bool:
    """Whether guidance lets this person change anything from here."""
    return may(guidance(), "work", person_facts(person, now=now), facts.Body(), situation(now=now))


def _certificate(request: HttpRequest) -> bool:
    shared, given = settings.MERCAT_PROXY_SECRET, request.META.get(SECRET, "")
    return bool(shared) and constant_time_compare(shared, given) and bool(request.META.get(CERTIFICATE, "").strip())


def _claim(request: HttpRequest) -> bool:
    return request.session.get(DEVICE_CLAIM) is True


def _address(request: HttpRequest) -> bool:
    if settings.MERCAT_SHARED_ADDRESS:
        return False  # everybody has the address of the web server before us
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in settings.MERCAT_DEVICE_NETWORKS)


PROOFS = {"certificate": _certificate, "claim": _claim, "address": _address}
