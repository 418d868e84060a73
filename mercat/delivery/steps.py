"""The steps of a consignment: every change of its state, in one transaction, recorded, under the holder's fence.

A step that finds the fence raised, or the state changed, does nothing and says so: somebody else has the row now.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery import states
from mercat.delivery.claims import ATTEMPT, loaded
from mercat.delivery.models import Attempt, Consignment
from mercat.guidance.decision import Decision
from mercat.guidance.house import PAUSE
from mercat.people.actions import tell
from mercat.register.actions import people_of_all
from mercat.register.models import Account

log = logging.getLogger(__name__)

ENGINE = System("Sending, by its rules")
PAUSED = "A post is held: sending is paused"


class FenceLost(Exception):
    """Another claim has this consignment now. Whoever meets this stops at once and writes nothing."""


def _holding(consignment: Consignment, event: str) -> Consignment:
    """The row as it stands, locked, if the caller still holds it and `event` can happen to it."""
    row = (
        Consignment.objects.select_for_update(of=("self",))
        .select_related("account", "author")
        .filter(pk=consignment.pk, fence=consignment.fence, state__in=states.sources(event))
        .first()
    )
    if row is None:
        raise FenceLost(str(consignment.pk))
    return row


def _move(row: Consignment, event: str, *, now: datetime, facts: dict | None = None, **changes: object) -> None:
    row.step(event)
    row.leased_until = row.leased_until if row.state in (states.LEASED, states.SENDING) else None
    row.hold = changes.pop("hold", "")
    row.refusals = changes.pop("refusals", [])
    row.reason = changes.pop("reason", "")
    if row.state == states.WITHDRAWN:
        row.hold, row.refusals, row.reason = "", [], row.recalled
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    record(
        by=ENGINE,
        what=f"consignment.{row.state}",
        about=[row.audit_ref, row.post_ref, row.account.audit_ref],
        facts={
            "step": event,
            "digest": row.manifest_id,
            **_reason_of_ours(row),
            **(facts or {}),
        },
        now=now,
    )


def _reason_of_ours(row: Consignment) -> dict[str, str]:
    """The programme's own words; why a person took a post back stays out of the leaf."""
    return {"reason": row.reason} if row.reason and row.state != states.WITHDRAWN else {}


def _tell(row: Consignment, subject: str, body: str, now: datetime) -> None:
    _tell_all(row, [row.account], subject, body, now)


def _tell_all(row: Consignment, accounts: list[Account], subject: str, body: str, now: datetime) -> None:
    """The author of `row`, and whoever answers for any of `accounts`."""
    people = {person.pk: person for person in [row.author, *people_of_all(accounts)]}
    body += f" It is post {row.part + 1} of its thread." if row.part else ""
    tell(list(people.values()), kind="sending", subject=subject, body=body, link=link_to(row.post_ref), now=now)


def link_to(post_ref: str) -> str:
    return f"/posts/{post_ref.removeprefix('post:')}/"


@transaction.atomic
def begin(consignments: Sequence[Consignment], *, now: datetime) -> list[Consignment]:
    """The last step before the calls, committed before them. Returns those that may begin, as they now stand.

    Left out are those that somebody else has now, that a pause covers, or whose lease is too short for an attempt.
    """
    fences, costs = {row.pk: row.fence for row in consignments}, {row.pk: row.cost for row in consignments}
    standing = loaded(Consignment.objects.select_for_update(of=("self",)).select_related("account", "author"))
    rows = [
        row for row in standing.filter(pk__in=fences, state=states.LEASED).order_by("pk") if row.fence == fences[row.pk]
    ]
    begun = []
    for row in rows:
        if row.leased_until - ATTEMPT < now:
            _move(row, "lapse", now=now)
        elif not row.paused:
            row.cost = costs[row.pk]
            begun.append(row)
    _hold_paused([row for row in rows if row.state == states.LEASED and row.paused], now)
    _set_sending(begun, now)
    return begun


def _set_sending(rows: list[Consignment], now: datetime) -> None:
    """As `_move(row, "begin")` for each, in a few statements: a post to every account must not wait for them."""
    for row in rows:
        row.state, row.reason, row.first_sent_at = states.after(row.state, "begin"), "", row.first_sent_at or now
    Consignment.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=states.SENDING, reason="", first_sent_at=Coalesce("first_sent_at", now)
    )
    Consignment.objects.bulk_update([row for row in rows if row.cost is not None], ["cost"])
    Attempt.objects.bulk_create(Attempt(consignment=row, fence=row.fence, started_at=now) for row in rows)
    for (post_ref, digest), group in groupby(sorted(rows, key=_of_version), key=_of_version):
        together = list(group)
        record(
            by=ENGINE,
            what="consignment.sending",
            about=[post_ref, *(row.audit_ref for row in together), *(row.account.audit_ref for row in together)],
            facts={"step": "begin", "digest": digest},
            now=now,
        )


def _of_version(row: Consignment) -> tuple[str, str]:
    return row.post_ref, row.manifest_id


@transaction.atomic
def hold_by_guidance(consignment: Consignment, decision: Decision, *, now: datetime) -> None:
    """The gate is closed. Its author and the account's people are told why, and who can put it right."""
    row = _holding(consignment, "hold")
    _end_attempt(row, Attempt.Result.LATER, "Guidance no longer allowed it.", now)
    refusals = [
        {"clause": r.clause, "reason": r.reason, "remedy": r.remedy, "owner": r.owner_name} for r in decision.refusals
    ]
    reason = " ".join(f"{r.reason} {r.remedy}" for r in decision.refusals)
    _move(
        row,
        "hold",
        now=now,
        hold=Consignment.Hold.GUIDANCE,
        reason=reason,
        refusals=refusals,
        facts={"clauses": [r.clause for r in decision.refusals], "pack": decision.pack_digest},
    )
    _tell(row, f"A post to {row.account} is held", f"It was due now, and did not go out. {reason}", now)


@transaction.atomic
def hold_paused(consignments: Sequence[Consignment], *, now: datetime) -> None:
    """A pause stands in the way, and nothing else: they go on by themselves when it is lifted."""
    fences = {row.pk: row.fence for row in consignments}
    standing = Consignment.objects.select_for_update(of=("self",)).select_related("account", "author")
    rows = standing.filter(pk__in=fences, state__in=states.sources("hold")).order_by("pk")
    _hold_paused([row for row in rows if row.fence == fences[row.pk]], now)


def _hold_paused(rows: list[Consignment], now: datetime) -> None:
    reason = "Sending is paused. It goes on when the pause ends."
    for row in rows:
        _end_attempt(row, Attempt.Result.LATER, reason, now)
        _move(row, "hold", now=now, hold=Consignment.Hold.PAUSED, reason=reason, facts={"clauses": [PAUSE]})
    waiting = [row for row in rows if row.state == states.HELD]  # what was recalled is withdrawn instead
    for _, some in groupby(sorted(waiting, key=_of_version), key=_of_version):
        together = list(some)
        accounts = [row.account for row in together]
        names = ", ".join(sorted(account.name for account in accounts))
        body = f"It waits to go to {names}. It goes on by itself when the pause is lifted; nothing is to be done."
        _tell_all(together[0], accounts, PAUSED, body, now)


@transaction.atomic
def hold_altered(consignment: Consignment, reason: str, *, now: datetime) -> None:
    """What is stored is not what was approved. Nothing of it goes out, and its people are told."""
    log.critical("consignment %s is held: %s", consignment.pk, reason)
    row = _holding(consignment, "hold")
    _end_attempt(row, Attempt.Result.LATER, reason, now)
    _move(row, "hold", now=now, hold=Consignment.Hold.ALTERED, reason=reason)
    _tell(
        row,
        f"A post to {row.account} is held: it was altered",
        f"{reason} {_what_is_out(row)} Tell the information security officer. "
        f"{_then(row, 'Write the post anew to send it.')}",
        now,
    )


@transaction.atomic
def hold_disconnected(consignment: Consignment, reason: str, *, now: datetime) -> None:
    row = _holding(consignment, "hold")
    _end_attempt(row, Attempt.Result.RECONNECT, reason, now)
    _move(row, "hold", now=now, hold=Consignment.Hold.DISCONNECTED, reason=reason)
    _tell(
        row,
        f"A post to {row.account} is held",
        f"{_what_is_out(row)} {reason} Connect the account again, then let it go on.",
        now,
    )


@transaction.atomic
def hold_beyond_budget(consignment: Consignment, reason: str, *, now: datetime) -> None:
    """Its people are told; it goes on by itself when the budget covers it."""
    row = _holding(consignment, "hold")
    _end_attempt(row, Attempt.Result.LATER, reason, now)
    _move(row, "hold", now=now, hold=Consignment.Hold.BUDGET, reason=reason)
    _tell(row, f"A post to {row.account} is held: the month's budget is used up", f"{_what_is_out(row)} {reason}", now)


def accepted(consignment: Consignment, *, native_id: str, url: str) -> None:
    """The network said yes: its id is kept at once, before anything is read back, and even when the lease ran out
    meanwhile: whoever looks for it must know that it is out."""
    under_way = (states.SENDING, states.IN_DOUBT)
    kept = Consignment.objects.filter(pk=consignment.pk, fence=consignment.fence, state__in=under_way)
    if not kept.update(native_id=native_id, url=url):
        raise FenceLost(str(consignment.pk))


@transaction.atomic
def confirm(consignment: Consignment, *, native_id: str, url: str, now: datetime) -> None:
    """Read back, and what stands there is what was sent."""
    row = _holding(consignment, "confirm")
    _end_attempt(row, Attempt.Result.SENT, "", now)
    _move(
        row,
        "confirm",
        now=now,
        native_id=native_id,
        url=url or row.url,
        sent_at=now,
        read_back_at=now,
        look_at=None,
        facts={"native_id": native_id, "url": url or row.url},
    )


@transaction.atomic
def refuse(consignment: Consignment, reason: str, *, detail: str = "", now: datetime) -> None:
    """`detail` is the network's own wording: kept with the attempt, for whoever looks into it."""
    lock_thread(consignment)
    row = _holding(consignment, "refuse")
    _end_attempt(row, Attempt.Result.REFUSED, f"{reason} {detail}".strip(), now)
    _move(row, "refuse", now=now, reason=reason)
    end_thread(row, "The post before it in its thread was refused.", now=now)
    _tell(
        row,
        f"{row.account} did not take a post",
        f"{reason} {_what_is_out(row)} {_then(row, 'Change the post and submit it again.')}",
        now,
    )


def end_thread(row: Consignment, why: str, *, now: datetime) -> None:
    """Withdraw what would have gone on after this post of a thread, and has not begun. Part of the step or action that
    calls it."""
    rest = lock_thread(row).select_related("account", "author").filter(part__gt=row.part)
    for each in rest.exclude(state__in=states.FINAL):
        each.recalled = each.recalled or why
        if each.state not in states.RECALLABLE:
            each.save(update_fields=["recalled"])  # it goes out no more, once it is known that it is not out
            continue
        each.fence += 1  # a worker that has it leased finds its fence gone
        _move(each, "withdraw", now=now)


def lock_thread(row: Consignment) -> QuerySet[Consignment]:
    """All posts of its thread, locked in the order in which everybody locks consignments."""
    rows = Consignment.objects.select_for_update(of=("self",)).order_by("pk")
    rows = rows.filter(manifest=row.manifest_id, account=row.account_id)
    list(rows.values_list("pk"))
    return rows


def _what_is_out(row: Consignment) -> str:
    return "The posts before it in its thread stay out." if row.part else "Nothing went out."


def _then(row: Consignment, remedy: str) -> str:
    """What is sent anew goes out whole: what is out of a thread would stand there twice."""
    return "Take those down before you submit it again, or leave it as it stands." if row.part else remedy


@transaction.atomic
def put_off(
    consignment: Consignment, result: str, reason: str, *, until: datetime, counted: bool, now: datetime
) -> None:
    """Nothing is out; ready again at `until`. Only a `counted` one spends an attempt."""
    row = _holding(consignment, "put_off")
    _end_attempt(row, result, reason, now)
    _move(
        row,
        "put_off",
        now=now,
        reason=reason,
        not_before=until,
        attempts_made=row.attempts_made + counted,
        facts={"until": until.isoformat()},
    )


@transaction.atomic
def doubt(consignment: Consignment, reason: str, *, look_at: datetime, now: datetime) -> None:
    """It may be out: nobody sends it again until it has been looked for."""
    row = _holding(consignment, "doubt")
    if row.state == states.SENDING:
        _end_attempt(row, Attempt.Result.SENT if row.native_id else Attempt.Result.UNSURE, reason, now)
        row.looks = 0
    else:
        row.looks += 1
    _move(row, "doubt", now=now, reason=reason, look_at=look_at)


@transaction.atomic
def miss(consignment: Consignment, *, now: datetime) -> None:
    """Looked for after the grace, and not there: it may be sent again."""
    row = _holding(consignment, "miss")
    _move(row, "miss", now=now, not_before=now, look_at=None, attempts_made=row.attempts_made + 1)


@transaction.atomic
def give_up(consignment: Consignment, reason: str, *, now: datetime) -> None:
    row = _holding(consignment, "give_up")
    _move(row, "give_up", now=now, reason=reason, look_at=None)
    _tell(
        row,
        f"Please look: is this post out on {row.account}?",
        f"{reason} It is not sent again until somebody has looked. Open the account, then say here what you saw.",
        now,
    )


def _end_attempt(row: Consignment, result: str, reason: str, now: datetime) -> None:
    Attempt.objects.filter(consignment=row, fence=row.fence, ended_at=None).update(
        ended_at=now, result=result, reason=reason
    )


def lapse_leases(*, now: datetime, grace_of) -> int:
    """Leases that ran out: what had not begun is ready again, what had begun is in doubt. Returns how many.

    `grace_of(network slug)` is how long after the lease a call may still arrive and become readable.
    """
    late = Consignment.objects.filter(state__in=[states.LEASED, states.SENDING], leased_until__lte=now)
    count = 0
    for row in late.select_related("account"):
        try:
            _lapse(row, now=now, grace=grace_of(row.account.network))
            count += 1
        except FenceLost:
            continue
        except OperationalError:
            raise
        except Exception:
            log.exception("consignment %s keeps its lease; the others do not wait for it", row.pk)
    return count


@transaction.atomic
def leave(consignment: Consignment, reason: str, *, until: datetime, now: datetime) -> None:
    """Not begun, since its server answers nobody: ready again at `until`. No attempt is spent."""
    _move(_holding(consignment, "lapse"), "lapse", now=now, reason=reason, not_before=until)


@transaction.atomic
def _lapse(consignment: Consignment, *, now: datetime, grace: timedelta) -> None:
    if consignment.state == states.SENDING:
        doubt(consignment, "The worker stopped while it was sending.", look_at=now + grace, now=now)
        return
    _move(_holding(consignment, "lapse"), "lapse", now=now)
