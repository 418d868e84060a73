"""Every write about webhooks: the addresses, what each is to be told, and telling it anew."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.models import Event
from mercat.guidance import facts
from mercat.people import keyring
from mercat.people.actions import Impossible, once
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Access, Delivery, Endpoint, Person
from mercat.people.vault import is_for, rewrap, seal, unseal

# What addresses can be told of, by the record's verb.
EVENTS = {
    "person.training_confirmed": "access.confirmed",
    "person.access_opened": "access.opened",
    "person.access_rejected": "access.rejected",
    "person.access_ended": "access.ended",
    "person.registered": "person.joined",
    "person.changed": "person.changed",
    "person.left": "person.left",
    "person.returned": "person.returned",
}
PREFIX = "whsec_"
MOST = 10  # addresses


@transaction.atomic
def add(*, by: By, url: str, events: Iterable[str], now: datetime) -> tuple[Endpoint, str]:
    """An address, and the secret with which it checks that it is us: shown this once, and sealed."""
    require(by, "administer", facts.Body(), now=now)
    wanted = sorted(set(events))
    if not wanted or not set(wanted) <= set(EVENTS.values()):
        raise Impossible("Choose what this address is told. Nothing was saved.")
    _may_be_called(url)
    if Endpoint.objects.filter(ended_at=None).count() >= MOST:
        raise Impossible(f"There are {MOST} addresses already. End one first. Nothing was saved.")
    secret = PREFIX + secrets.token_urlsafe(32)
    row = Endpoint(url=url, events=wanted, made_at=now, made_by=person_or_none(by))
    row.sealed = seal({"secret": secret}, to=keyring.sealing_key_held(), bound_to=_bound_to(row))
    with once("This address is told already."):
        row.save(force_insert=True)
    about = {"host": urlsplit(url).netloc, "events": wanted}
    record(by=by, what="webhook.added", about=[row.audit_ref], facts=about, now=now)
    return row, secret


@transaction.atomic
def end(*, by: By, endpoint: Endpoint, now: datetime) -> None:
    """It is told nothing more; what it was told stays in the log."""
    require(by, "administer", facts.Body(), now=now)
    if not Endpoint.objects.filter(pk=endpoint.pk, ended_at=None).update(ended_at=now):
        raise Impossible("This address is told nothing more already. Nothing was changed.")
    Delivery.objects.filter(endpoint=endpoint).update(due_at=None)
    record(by=by, what="webhook.ended", about=[endpoint.audit_ref], now=now)


@transaction.atomic
def replay(*, by: By, delivery: Delivery, now: datetime) -> None:
    """Tell it once more, under the same id: a receiver that has it knows."""
    require(by, "administer", facts.Body(), now=now)
    row = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=delivery.pk)
    if row.endpoint.ended_at:
        raise Impossible("This address is told nothing more. Nothing was changed.")
    row.due_at = now
    row.save(update_fields=["due_at"])
    about = [row.endpoint.audit_ref]
    record(by=by, what="webhook.replayed", about=about, facts={"delivery": str(row.pk)}, now=now)


def on_record(sender: type[Event], *, events: Sequence[Event], **_: Any) -> None:
    """What is told of is kept with what happened, in one transaction: neither without the other."""
    told = [(EVENTS[event.what], event) for event in events if event.what in EVENTS]
    listening = list(Endpoint.objects.filter(ended_at=None)) if told else []
    if not listening:
        return
    known = Person.objects.in_bulk({_person_of(event) for _, event in told})
    Delivery.objects.bulk_create(
        [
            Delivery(endpoint=endpoint, event=name, occurrence=event.uid, body=body, at=event.at, due_at=event.at)
            for name, event in told
            for body in [json.dumps(_said(name, event, known[_person_of(event)]), ensure_ascii=False)]
            for endpoint in listening
            if name in endpoint.events
        ],
        batch_size=1000,
    )


def _person_of(event: Event) -> UUID:
    return UUID(event.about[0].removeprefix("person:"))


def secret_of(endpoint: Endpoint) -> str:
    """Raises Unopenable."""
    return unseal(bytes(endpoint.sealed), keys=keyring.opening_keys(), bound_to=_bound_to(endpoint))["secret"]


def rewrap_secrets() -> None:
    """Seal every secret for the newest key: part of changing it. Raises Unopenable; then nothing is changed."""
    opening, sealing = keyring.opening_keys(), keyring.sealing_key()
    for row in Endpoint.objects.filter(ended_at=None).select_for_update():
        sealed = bytes(row.sealed)
        if not is_for(sealed, sealing):
            row.sealed = rewrap(sealed, keys=opening, to=sealing, bound_to=_bound_to(row))
            row.save(update_fields=["sealed"])


def _said(name: str, event: Event, person: Person) -> dict[str, object]:
    """No more than the receiver needs to look the rest up: who, by id and number, and which request."""
    told: dict[str, object] = {"person": {"id": str(person.pk), "number": person.number}}
    access = Access.objects.filter(person=person).order_by("-confirmed_at", "-pk").first()
    if name.startswith("access.") and access:
        told["access_request"] = {"id": access.pk, "reference": access.reference}
    return {"id": str(event.uid), "type": name, "at": event.at.isoformat(), "data": told}


def _may_be_called(url: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        raise Impossible("Enter a whole address, from https:// on. Nothing was saved.") from None
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment:
        raise Impossible("The address must hold neither a password nor a #. Nothing was saved.")
    named = f"{parts.scheme}://{parts.netloc}" in settings.MERCAT_PRIVATE_ORIGINS
    if parts.scheme != "https" and not named:
        raise Impossible("The address must begin with https://: what is told is about people. Nothing was saved.")


def _bound_to(endpoint: Endpoint) -> str:
    return json.dumps(["mercat-webhook/1", str(endpoint.pk), endpoint.url])
