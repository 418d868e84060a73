"""Taking down what is out: asked for by a person, done by a worker, over only when the network shows it no more.

Asking twice does no harm, so a removal needs no more than a lease: whatever is unclear is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.delivery import states, tries
from mercat.delivery.facts import post_facts
from mercat.delivery.models import Consignment, Removal
from mercat.delivery.queue import nudge
from mercat.delivery.steps import ENGINE, end_thread, link_to, lock_thread
from mercat.networks import registry
from mercat.networks.port import Found, Later, Missing, Outcome, Sighting
from mercat.people.actions import Impossible, tell
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.register.actions import people_of_all
from mercat.register.facts import facts_of

STANDS = "It is still out: take it down there, signed in as the account."
UNKNOWN = "Look there whether it is gone; if not, take it down, signed in as the account."
WAITS = (
    "It is taken down by itself once the account is connected again. "
    "If it cannot wait, take it down there, signed in as the account."
)


@transaction.atomic
def take_down(*, by: Person, consignments: Sequence[Consignment], why: str, now: datetime) -> list[Removal]:
    """Have these taken down from where they are out. Raises Refused or Impossible; then none of them is."""
    if not why.strip():
        raise Impossible("Say why it is taken down. Nothing was changed.")
    if not consignments:
        raise Impossible("Choose where it is taken down. Nothing was changed.")
    for each in consignments:
        lock_thread(each)
    removals = [_asked(by, _locked(each), why, now) for each in sorted(consignments, key=lambda row: row.pk)]
    for lane in sorted({removal.consignment.lane for removal in removals}):
        transaction.on_commit(lambda lane=lane: nudge(lane))
    return removals


def _asked(by: Person, row: Consignment, why: str, now: datetime) -> Removal:
    require(by, "withdraw", facts_of(row.account), now=now, post=post_facts(row))
    if hindrance := what_hinders(row):
        raise Impossible(f"{hindrance} Nothing was changed.")
    removal = Removal.objects.create(consignment=row, why=why, asked_at=now, asked_by=by, not_before=now)
    _record(removal, "removal.asked", by=by, personal={"reason": why}, now=now)
    end_thread(row, "A post before it in its thread was taken down.", now=now)
    return removal


def what_hinders(row: Consignment) -> str:
    """Why this cannot be taken down from here, in a sentence; "" where it can. Of rows loaded with their removals."""
    if not registry.known(row.account.network):
        return f"Nothing here speaks to the network of {row.account} any more: take it down there."
    network = registry.get(row.account.network)
    if row.state != states.SENT:
        return f"It is not out on {row.account}."
    if any(removal.result != Removal.Result.FAILED for removal in row.removals.all()):
        return f"It is being taken down from {row.account}, or is down already."
    if network.remover is None:
        return f"{network.spec.name} lets no programme take posts down: do it there, signed in as {row.account}."
    if row.native_id == row.url:
        return f"Only a person saw it on {row.account}, so its number there is not known: take it down there."
    return ""


def claim(lane: str, *, limit: int, now: datetime) -> list[Removal]:
    """Removals that are due, leased to the caller."""
    return list(tries.claim(Removal.objects.all(), lane, limit=limit, now=now).select_related("consignment__manifest"))


def waits(lane: str, *, now: datetime) -> bool:
    return tries.due(Removal.objects.all(), lane, now=now).exists()


def judged(outcome: Outcome, sighting: Sighting | None, *, grace: timedelta, now: datetime) -> Outcome:
    """What came of a try: what the network answered, and, after a yes, what it still shows. Sent: it is gone."""
    match sighting:
        case None | Missing():
            return outcome
        case Found():
            return Later(now + grace, "The network took it, and still shows the post.")
    return Later(now + grace, "The network took it; whether the post is gone cannot be seen yet.")


@transaction.atomic
def keep(removal: Removal, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of a try."""
    row = Removal.objects.select_for_update(of=("self",)).filter(pk=removal.pk, result="").first()
    if row is None:
        return  # another worker was quicker
    tries.keep(
        row,
        outcome,
        done=lambda: _done(row, now),
        refused=lambda reason: _fail(row, reason, STANDS, now),
        held=lambda reason: _hold(row, reason, now),
        given_up=lambda reason: _fail(row, reason, UNKNOWN, now),
        now=now,
    )


def _done(row: Removal, now: datetime) -> None:
    tries.end(row, Removal.Result.DONE, "", now=now)
    _record(row, "consignment.taken_down", by=ENGINE, facts={"native_id": row.consignment.native_id}, now=now)


def _fail(row: Removal, reason: str, what_next: str, now: datetime) -> None:
    tries.end(row, Removal.Result.FAILED, reason, now=now)
    _record(row, "removal.failed", by=ENGINE, facts={"reason": reason}, now=now)
    _tell(row, f"A post could not be taken down from {row.consignment.account}", f"{reason} {what_next}", now)


def _hold(row: Removal, reason: str, now: datetime) -> None:
    _record(row, "removal.held", by=ENGINE, facts={"reason": reason}, now=now)
    _tell(row, f"A post is still out on {row.consignment.account}", f"{reason} {WAITS}", now)


def _tell(row: Removal, subject: str, body: str, now: datetime) -> None:
    account = row.consignment.account
    people = {each.pk: each for each in [row.asked_by, row.consignment.author, *people_of_all([account])]}
    link = link_to(row.consignment.post_ref)
    tell(list(people.values()), kind="sending", subject=subject, body=body, link=link, now=now)


def _record(row: Removal, what: str, *, by: object, now: datetime, **about: object) -> None:
    consignment = row.consignment
    refs = [consignment.audit_ref, consignment.post_ref, consignment.account.audit_ref]
    record(by=by, what=what, about=refs, now=now, **about)


def _locked(consignment: Consignment) -> Consignment:
    return Consignment.objects.select_for_update(of=("self",)).select_related("account").get(pk=consignment.pk)
