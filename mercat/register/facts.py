"""Rows to facts: what guidance is told of accounts, in one query however many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from mercat.guidance import facts
from mercat.networks import registry
from mercat.people.facts import UNIT_JOINS, unit_facts
from mercat.people.models import Person
from mercat.register.models import Account, Application, Connection, Slot, Spoc

VACANT = "vacant"


def with_facts(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Load, in the same query, all that `account_facts` reads."""
    standing = Spoc.objects.filter(account=OuterRef("pk"), ended_at=None, person__is_active=True)
    return accounts.select_related("slot", "connection", f"unit__{UNIT_JOINS}").annotate(
        spoc_ids=ArraySubquery(standing.values("person_id"))
    )


def account_facts(row: Account) -> facts.Account:
    """Facts of an account that was loaded through `with_facts`."""
    connection = getattr(row, "connection", None)
    return facts.Account(
        id=str(row.pk),
        network=row.network,
        tier=row.tier,
        unit=unit_facts(row.unit),
        status=row.status,
        in_structure=row.slot.closed_at is None,
        connected=connection is not None and connection.state == Connection.State.WORKING,
        supported=registry.known(row.network),
        spocs=frozenset(str(spoc) for spoc in row.spoc_ids),
        spoc_missing_since=None if row.spoc_ids else row.spoc_missing_since,
        holder=str(row.holder_id) if row.holder_id else None,
    )


def facts_of(account: Account) -> facts.Account:
    return account_facts(with_facts(Account.objects.filter(pk=account.pk)).get())


def accounts_by_id(ids: Iterable[UUID | str]) -> dict[str, Account]:
    """Accounts loaded with their facts, by id."""
    return {str(row.pk): row for row in with_facts(Account.objects.filter(pk__in=list(ids)))}


def application_facts(row: Application) -> facts.Application:
    return facts.Application(
        id=str(row.pk),
        network=row.network,
        kind=row.kind,
        holder_rank=row.holder.rank if row.holder else "",
        justified=bool(row.justification.strip()),
        decided=bool(row.decision),
        approved=row.decision == Application.Decision.GRANTED,
        applicant=str(row.applicant_id or ""),
    )


def slot_facts(slot: Slot, holder: Person | None) -> facts.Application:
    """What a slot rests on, for the account that `holder` is to have in it.

    That is its application, or the founding structure, which was imported as decided (clause 4.12).
    """
    rank = holder.rank if holder else ""
    if slot.application:
        return replace(application_facts(slot.application), holder_rank=rank)
    return facts.Application(
        id=slot.pk,
        network=slot.network,
        kind=slot.tier,
        holder_rank=rank,
        justified=True,
        decided=True,
        approved=True,
    )


def place_facts(slot: Slot, account: Account | None) -> facts.Account:
    """What a review is about: the account in a place; or the vacant place, as the account that it is for.

    The slot's unit must be loaded with those around it.
    """
    return facts_of(account) if account else vacant_facts(slot)


def vacant_facts(slot: Slot) -> facts.Account:
    return facts.Account(
        id=slot.audit_ref,
        network=slot.network,
        tier=slot.tier,
        unit=unit_facts(slot.unit),
        status=VACANT,
        in_structure=slot.closed_at is None,
        supported=registry.known(slot.network),
    )
