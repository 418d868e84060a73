"""Accounts, as threads of advice are about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from mercat.guidance import facts
from mercat.people.advice.things import Thing, uuids
from mercat.register.facts import with_facts
from mercat.register.models import Account
from mercat.register.scope import open_to


def see(viewer: facts.Person, keys: Sequence[str], *, now: datetime) -> Iterator[Thing]:
    """Everybody sees the register; the inner life of an account is for those whom guidance names (clause 5.6)."""
    rows = list(with_facts(Account.objects.filter(pk__in=uuids(keys))))
    inside = {row.pk for row in open_to(viewer, rows, now=now)}
    for row in rows:
        yield Thing(row.audit_ref, row.name, reverse("register:account", args=[row.pk]), inside=row.pk in inside)
