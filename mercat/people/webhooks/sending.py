"""Calling the addresses: signed, a few at a time, and again with longer and longer waits, for a day.

A receiver may be called twice for one delivery, where its answer was lost: it knows by the id.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db import transaction

from mercat.networks.kit.http import guarded_client
from mercat.people.actions import tell
from mercat.people.models import Delivery, Try
from mercat.people.queries import administrators
from mercat.people.vault import Unopenable
from mercat.people.webhooks.actions import secret_of

WAITS = tuple(timedelta(seconds=each) for each in (10, 60, 300, 900, 1800, 3600, 7200, 14400, 14400, 14400, 14400))
GIVEN_UP = timedelta(hours=24)
TIMEOUT = timedelta(seconds=5)
A_ROUND = 10.0  # seconds; other chores wait meanwhile
LEASE = timedelta(minutes=1)
PAGE = "/webhooks/"


def run(*, now: datetime) -> None:
    """Deliver what is due. An address that does not answer keeps no other waiting for long."""
    started, silent = time.monotonic(), set()
    while time.monotonic() - started < A_ROUND:
        row = _take(silent, now=now)
        if row is None:
            return
        if not deliver(row, now=now):
            silent.add(row.endpoint_id)


def deliver(row: Delivery, *, now: datetime) -> bool:
    """One try, kept whatever comes of it. Whether it arrived: any answer of 200 to 299."""
    status, problem = _call(row, now=now)
    arrived = status is not None and 200 <= status < 300
    with transaction.atomic():
        tries = row.tries.count()
        Try.objects.create(delivery=row, at=now, status=status, problem=problem[:300])
        row.delivered_at = row.delivered_at or (now if arrived else None)
        row.due_at = None if arrived else _next(row, tries, now=now)
        row.save(update_fields=["delivered_at", "due_at"])
        if not arrived and row.due_at is None:
            _give_up(row, now=now)
    return arrived


def signature(secret: str, body: str, *, at: datetime) -> str:
    """The header's value: `t`, seconds since 1970, and `v1`, HMAC-SHA256 over “t.body”."""
    seconds = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"


def _take(silent: set[object], *, now: datetime) -> Delivery | None:
    """The one that waits longest, leased: whoever dies with it leaves it to the next."""
    due = Delivery.objects.filter(due_at__lte=now, endpoint__ended_at=None).exclude(endpoint__in=silent)
    with transaction.atomic():
        locked = due.select_for_update(of=("self",), skip_locked=True).select_related("endpoint")
        row = locked.order_by("due_at", "pk").first()
        if row is not None:
            Delivery.objects.filter(pk=row.pk).update(due_at=now + LEASE)
    return row


def _call(row: Delivery, *, now: datetime) -> tuple[int | None, str]:
    endpoint = row.endpoint
    try:
        signed = signature(secret_of(endpoint), row.body, at=now)
    except Unopenable as error:
        return None, str(error)
    headers = {
        "Content-Type": "application/json",
        "Mercat-Delivery": str(row.pk),
        "Mercat-Event": row.event,
        "Mercat-Signature": signed,
    }
    with _client() as client:
        try:
            return client.post(endpoint.url, content=row.body.encode(), headers=headers).status_code, ""
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"


def _client() -> httpx.Client:
    """An address may hold a secret of its receiver's in its path: that is not logged."""
    allowed = frozenset(settings.MERCAT_PRIVATE_ORIGINS)
    return guarded_client(timeout=TIMEOUT, allow_private=allowed, max_answer=64 * 1024, log_paths=False)


def _next(row: Delivery, tries: int, *, now: datetime) -> datetime | None:
    """When to try again; None after a day, or where it had arrived before and was only told anew."""
    if row.delivered_at or tries >= len(WAITS):
        return None
    at = now + WAITS[tries]
    return at if at <= row.at + GIVEN_UP else None


def _give_up(row: Delivery, *, now: datetime) -> None:
    body = f"{row.endpoint} did not take “{row.event}” for a day. It is in the log, from where it can be sent again."
    tell(
        administrators(),
        kind="administration",
        subject="A webhook was given up",
        body=body,
        link=f"{PAGE}{row.endpoint_id}/",
        now=now,
    )
