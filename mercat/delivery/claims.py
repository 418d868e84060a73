"""Taking work: with SKIP LOCKED, so that any number of workers may ask at once, and under a fence and a lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from mercat.delivery.models import Consignment, Pause
from mercat.people.facts import UNIT_JOINS
from mercat.people.pack import guidance

# Sending rule 5: one attempt, with all its calls, ends before the lease does.
ATTEMPT = timedelta(seconds=45)
LEASE = ATTEMPT + timedelta(seconds=15)

# One row of each account that has nothing under way in this lane, the longest due first. A post of a thread is not due
# before the one that it answers was sent.
CLAIM = """
WITH due AS (
    SELECT c.id, c.not_before, row_number() OVER (PARTITION BY c.account_id ORDER BY c.not_before, c.id) AS turn
    FROM delivery_consignment c
    WHERE c.lane = %(lane)s AND c.state = 'ready' AND c.not_before <= %(now)s AND NOT EXISTS (
        SELECT 1 FROM delivery_consignment b
        WHERE b.account_id = c.account_id AND b.lane = c.lane AND b.state IN ('leased', 'sending', 'in_doubt'))
      AND (c.part = 0 OR EXISTS (
        SELECT 1 FROM delivery_consignment f
        WHERE f.manifest_id = c.manifest_id AND f.account_id = c.account_id AND f.part = c.part - 1
          AND f.state = 'sent'))
), picked AS (
    SELECT id FROM delivery_consignment
    WHERE state = 'ready' AND id IN (SELECT id FROM due WHERE turn = 1 ORDER BY not_before LIMIT %(limit)s)
    FOR UPDATE SKIP LOCKED
)
UPDATE delivery_consignment c SET state = 'leased', fence = fence + 1, leased_until = %(until)s
FROM picked WHERE c.id = picked.id RETURNING c.id
"""
DOUBTS = """
WITH picked AS (
    SELECT id FROM delivery_consignment
    WHERE lane = %(lane)s AND state = 'in_doubt' AND look_at <= %(now)s
      AND (leased_until IS NULL OR leased_until <= %(now)s)
    ORDER BY look_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE delivery_consignment c SET fence = fence + 1, leased_until = %(until)s
FROM picked WHERE c.id = picked.id RETURNING c.id
"""


def claim(lane: str, *, limit: int, now: datetime) -> list[Consignment]:
    """Due consignments, leased to the caller; loaded with manifest, account and whether a pause covers them."""
    return _take(CLAIM, lane, limit, now)


def claim_doubts(lane: str, *, limit: int, now: datetime) -> list[Consignment]:
    """Consignments in doubt whose grace is over, leased to the caller for one look."""
    return _take(DOUBTS, lane, limit, now)


def _take(sql: str, lane: str, limit: int, now: datetime) -> list[Consignment]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, {"lane": lane, "limit": limit, "now": now, "until": now + LEASE})
            taken: list[UUID] = [row[0] for row in cursor.fetchall()]
    except IntegrityError:
        # Another worker took a row of the same account in the same moment. The next nudge finds what is left.
        return []
    return list(loaded(Consignment.objects.filter(pk__in=taken))) if taken else []


def loaded(consignments: QuerySet[Consignment]) -> QuerySet[Consignment]:
    return consignments.select_related("manifest").annotate(paused=covering_pause())


def covering_pause() -> Case | Exists:
    """Whether a pause in force covers a consignment; warnings pass it where the pack says so."""
    pause = Exists(
        Pause.objects.filter(lifted_at=None).filter(
            Q(scope=Pause.Scope.BODY)
            | Q(scope=Pause.Scope.UNIT, key__in=_units())
            | Q(scope=Pause.Scope.NETWORK, key=OuterRef("account__network"))
            | Q(scope=Pause.Scope.ACCOUNT, key=Cast(OuterRef("account_id"), TextField()))
            | Q(scope=Pause.Scope.PILLAR, key=OuterRef("pillar"))
        )
    )
    if not guidance().pack.warnings.passes_pause:
        return pause
    return Case(When(lane=Consignment.Lane.WARNING, then=Value(False)), default=pause)


def _units() -> list[OuterRef]:
    """An account's unit and all the units around it."""
    above = UNIT_JOINS.split("__")
    return [OuterRef("__".join(["account__unit", *above[:depth]]) + "_id") for depth in range(len(above) + 1)]
