"""Cases, as threads of advice are about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from mercat.guidance import facts
from mercat.people.advice.things import Thing
from mercat.watch.cases.queries import seen_by, sees_all


def see(viewer: facts.Person, keys: Sequence[str], *, now: datetime) -> Iterator[Thing]:
    """Those who deal with cases see them from inside; whoever reported one may ask about it."""
    numbers = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 18]
    inside = sees_all(viewer, now=now)
    for row in seen_by(viewer, now=now).filter(pk__in=numbers):
        yield Thing(row.audit_ref, f"{row}: {row.address}".removesuffix(": "), row.page, inside=inside)
