"""What people may do to consignments: pause, resume, let go on, say what they saw."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from mercat.audit.actions import record
from mercat.delivery import corrections, spending, states
from mercat.delivery.claims import covering_pause
from mercat.delivery.facts import post_facts
from mercat.delivery.models import Consignment, Pause
from mercat.delivery.queue import nudge
from mercat.delivery.steps import PAUSED, end_thread, link_to, lock_thread
from mercat.guidance import facts
from mercat.people.actions import Impossible, settle
from mercat.people.facts import unit_facts
from mercat.people.gate import By, require
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.register.facts import facts_of
from mercat.register.models import Account


@transaction.atomic
def pause(*, by: Person, scope: str, key: str = "", reason: str, now: datetime) -> Pause:
    """Nothing that it covers starts from this commit on. What is being sent at this moment ends as it ends."""
    _check_scope(scope, key)
    require(by, "pause", _scope_facts(scope, key), now=now)
    if not reason.strip():
        raise Impossible("Say why sending is paused. Nothing was paused.")
    row = Pause.objects.create(scope=scope, key=key, reason=reason, at=now, by=by)
    record(
        by=by,
        what="sending.paused",
        about=[f"pause:{row.pk}"],
        facts={"scope": scope, "key": key},
        personal={"reason": reason},
        now=now,
    )
    return row


@transaction.atomic
def resume(*, by: Person, pause: Pause, now: datetime) -> None:
    """A second person lifts it, and what it alone held goes on."""
    row = Pause.objects.select_for_update().get(pk=pause.pk)
    require(by, "resume", _scope_facts(row.scope, row.key), now=now, paused_by=str(row.by_id))
    if row.lifted_at:
        raise Impossible("This pause has been lifted already.")
    if row.by_id == by.pk:
        raise Impossible("A second person lifts a pause: ask a colleague who may. Sending is still paused.")
    row.lifted_at, row.lifted_by = now, by
    row.save(update_fields=["lifted_at", "lifted_by"])
    record(by=by, what="sending.resumed", about=[f"pause:{row.pk}"], now=now)
    release_unpaused(by=by, now=now)


@transaction.atomic
def release_unpaused(*, by: By, now: datetime) -> int:
    """Let go on what only a pause held that is over. Returns how many there were.

    The clock asks this too: a worker may hold a post for a pause in the very moment in which it is lifted.
    """
    held = Consignment.objects.select_for_update(of=("self",)).filter(state=states.HELD, hold=Consignment.Hold.PAUSED)
    if not held.exists():
        return 0
    rows = list(held.annotate(paused=covering_pause()).filter(paused=False).order_by("pk"))
    for row in rows:
        _move(row, "release", by=by, now=now, hold="", reason="", not_before=max(row.not_before, now))
    for post_ref in {row.post_ref for row in rows}:
        settle(subject=PAUSED, link=link_to(post_ref), now=now)
    if rows:
        _nudge_after_commit()
    return len(rows)


@transaction.atomic
def release_covered(*, by: By, now: datetime) -> int:
    """Let go on what only a month's budget held, and it covers now. Returns how many there were."""
    waiting = Consignment.objects.filter(state=states.HELD, hold=Consignment.Hold.BUDGET)
    if not waiting.exists():
        return 0
    held = waiting.select_for_update(of=("self",)).select_related("manifest", "account").order_by("due_at", "pk")
    rows = spending.covered(held, now=now)
    for row in rows:
        _move(row, "release", by=by, now=now, hold="", reason="", not_before=max(row.not_before, now))
    if rows:
        _nudge_after_commit()
    return len(rows)


@transaction.atomic
def let_go_on(*, by: Person, consignment: Consignment, now: datetime) -> None:
    """Release what guidance or a lost connection held. Guidance is asked again before it goes out."""
    row = _locked(consignment)
    require(by, "withdraw", facts_of(row.account), now=now, post=post_facts(row))
    if row.hold == Consignment.Hold.PAUSED:
        raise Impossible("Sending is paused here: it goes on when a second person lifts the pause.")
    if row.hold == Consignment.Hold.BUDGET:
        raise Impossible("It goes on by itself when the month's budget covers it. Nothing was changed.")
    if row.hold == Consignment.Hold.LEAVER:
        raise Impossible(f"{row.reason} Nothing was changed.")
    _move(row, "release", by=by, now=now, hold="", reason="", refusals=[], not_before=max(row.not_before, now))
    _nudge_after_commit()


def stop(*, by: By, consignments: Iterable[Consignment], reason: str, now: datetime) -> None:
    """Hold what has not begun to go out: somebody whom it rests on is no longer there.

    Part of the action that calls it. `reason` tells a person what to do. A worker that has one leased finds its fence
    gone.
    """
    for each in sorted(consignments, key=lambda row: row.pk):
        row = _locked(each)
        if (row.state, "stop") not in states.TABLE:
            continue  # it began in the meantime
        row.fence += 1
        _move(row, "stop", by=by, now=now, hold=Consignment.Hold.LEAVER, reason=reason, refusals=[], leased_until=None)


def restore(*, by: By, consignments: Iterable[Consignment], now: datetime) -> list[Consignment]:
    """Let go on what only waited for another approval, which is there now. Part of the action that calls it."""
    rows = [_locked(each) for each in sorted(consignments, key=lambda row: row.pk)]
    for row in rows:
        _move(row, "release", by=by, now=now, hold="", reason="", not_before=max(row.not_before, now))
    if rows:
        _nudge_after_commit()
    return rows


@transaction.atomic
def vouch(*, by: Person, consignment: Consignment, url: str, now: datetime) -> None:
    """Somebody other than its author looked and found it: the address they give is kept as what they saw."""
    lock_thread(consignment)
    row = _locked(consignment)
    require(by, "withdraw", facts_of(row.account), now=now, post=post_facts(row))
    if by.pk == row.author_id:
        raise Impossible(
            "Somebody other than its author says that a post is out: ask a colleague. Nothing was changed."
        )
    if not _is_address(url):
        raise Impossible("Give the address at which you found the post, from https:// on. Nothing was changed.")
    if urlsplit(url).hostname not in _hosts(row.account):
        raise Impossible(f"This address is not on the network of {row.account}. Nothing was changed.")
    if not row.native_id:
        end_thread(row, "Only a person saw the post before it, so its number on the network is not known.", now=now)
    changes = {"url": url, "native_id": row.native_id or url, "sent_at": now, "vouched_by": by, "reason": ""}
    _move(row, "vouch", by=by, now=now, seen={"seen_at": url}, **changes)


@transaction.atomic
def deny(*, by: Person, consignment: Consignment, now: datetime) -> Consignment:
    """A person looked and it is not there: it is sent again, as if for the first time; or, where its post was taken
    back meanwhile, withdrawn. What the adapter remembered of the one before would be taken for the new one. Returns the
    consignment as it then stands."""
    row = _locked(consignment)
    require(by, "withdraw", facts_of(row.account), now=now, post=post_facts(row))
    if row.native_id and by.pk == row.author_id:
        raise Impossible("The network said that it took this post: somebody other than its author must look for it.")
    seen = {"not_seen": row.native_id or str(row.account)}
    reason = row.recalled
    _move(row, "deny", by=by, now=now, seen=seen, not_before=now, native_id="", url="", notes={}, reason=reason)
    _nudge_after_commit()
    return row


def withdraw_all(*, by: By, post_ref: str, reason: str, now: datetime) -> list[Consignment]:
    """Take back what has not begun to go out. Part of the action on the post that calls it.

    Returns the consignments that it was too late for: they are out, or may be.
    """
    rows = Consignment.objects.select_for_update().filter(post_ref=post_ref).exclude(state=states.WITHDRAWN)
    too_late = []
    for row in rows.order_by("pk"):
        if row.state not in states.RECALLABLE:
            too_late.append(row)
            _remember(row, reason)
            continue
        row.fence += 1  # a worker that has it leased finds its fence gone
        _move(row, "withdraw", by=by, now=now, hold="", refusals=[], leased_until=None, reason=reason)
    return [*too_late, *corrections.withdraw_all(by=by, post_ref=post_ref, now=now)]


def _hosts(account: Account) -> set[str | None]:
    """Where an account's posts can stand: the host of its public address, and its server's."""
    return {urlsplit(place).hostname for place in (account.url, account.connection.base_url) if place}


def _remember(row: Consignment, reason: str) -> None:
    """Should it turn out that nothing is out, it is not sent again."""
    if row.state not in states.FINAL:
        row.recalled = reason
        row.save(update_fields=["recalled"])


def _locked(consignment: Consignment) -> Consignment:
    return Consignment.objects.select_for_update(of=("self",)).select_related("account").get(pk=consignment.pk)


def _move(
    row: Consignment, event: str, *, by: By, now: datetime, seen: dict[str, str] | None = None, **changes: object
) -> None:
    before = row.state
    try:
        row.step(event)
    except states.ImpossibleStep:
        raise Impossible(
            f"This has moved on in the meantime: {states.STATES[before].lower()}. Nothing was changed."
        ) from None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    record(
        by=by,
        what=f"consignment.{row.state}",
        about=[row.audit_ref, row.post_ref, f"account:{row.account_id}"],
        facts={"step": event, "digest": row.manifest_id, **(seen or {})},
        now=now,
    )


def _is_address(url: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        return False
    return len(url) <= Consignment._meta.get_field("url").max_length


def _check_scope(scope: str, key: str) -> None:
    """A pause of something that is not there would hold nothing, and look as if it did."""
    pack = guidance().pack
    known = {
        Pause.Scope.BODY: [""],
        Pause.Scope.NETWORK: [each.key for each in pack.networks],
        Pause.Scope.PILLAR: [each.key for each in pack.pillars],
        Pause.Scope.UNIT: Unit.objects.values_list("pk", flat=True),
        Pause.Scope.ACCOUNT: map(str, Account.objects.values_list("pk", flat=True)),
    }
    if key not in known.get(scope, []):
        raise Impossible("There is no such thing to pause here. Nothing was paused.")


def _scope_facts(scope: str, key: str) -> facts.Resource:
    """What a pause is about, for guidance: a unit or an account for those, the whole body for the rest."""
    if scope == Pause.Scope.ACCOUNT:
        return facts_of(Account.objects.get(pk=key))
    if scope == Pause.Scope.UNIT:
        return unit_facts(Unit.objects.get(pk=key))
    return facts.Body()


def _nudge_after_commit() -> None:
    for lane in Consignment.Lane.values:
        transaction.on_commit(lambda lane=lane: nudge(lane))
