"""Points of contact: what follows when the last one of an account has gone (clause 5.7), and whom they answer for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mercat.people.actions import tell
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.answering import answering
from mercat.register.facts import facts_of
from mercat.register.models import Account, Spoc
from mercat.register.presenters import wants_spoc


def misses_contact(account: Account, *, now: datetime) -> None:
    """Begin the grace of a locked account whose last point of contact has gone, and tell those who appoint the next."""
    if account.spocs.filter(ended_at=None).exists():
        return
    Account.objects.filter(pk=account.pk).update(spoc_missing_since=now)
    if account.status == Account.Status.CLOSED or not wants_spoc(account.tier):
        return
    tell(
        answering("appoint_spoc", facts_of(account), now=now),
        kind="accounts",
        subject=f"{account} has no point of contact"[:200],
        body=f"Appoint one: without, it stops speaking after {guidance().pack.spoc.grace_days} days.",
        link=f"/register/{account.pk}/contacts/",
        now=now,
    )


def of_the_unit(sender: type[Person], *, person: Person, **_: Any) -> list[Person]:
    """The points of contact of the accounts of a person's unit: told when that person's training runs out."""
    standing = Spoc.objects.filter(account__unit=person.unit_id, ended_at=None).exclude(
        account__status=Account.Status.CLOSED
    )
    return [row.person for row in standing.select_related("person")]
