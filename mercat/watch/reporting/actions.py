"""Every write about reports by a network's own interface: asked for, taken to be sent, and what came of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.guidance import facts
from mercat.networks import registry
from mercat.networks.port import Later, Outcome, Pending, Reconnect, Refused, Sent, Unsure
from mercat.people.actions import Impossible, tell
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.people.words import shown
from mercat.register.actions import mark_broken
from mercat.register.models import Account
from mercat.watch.cases import actions as cases
from mercat.watch.cases import states as case_states
from mercat.watch.cases.beside import empty_reports, leave_reports
from mercat.watch.dealing import dealing_with
from mercat.watch.models import Case, NetworkReport
from mercat.watch.reach import account_on
from mercat.watch.reporting import states
from mercat.watch.reporting.targets import target_of

CHORE = System("A fake account is reported to its network, as somebody asked")
NOTHING = "Nothing was reported."
MOST_TRIES = 5
SOON = timedelta(minutes=1)  # the least between two tries
LOST = timedelta(minutes=5)  # longer than any call: whoever took it has died
DIED = "The programme ended while it was being reported."
NOBODY = "No account of ours is connected there any more."
TOO_OFTEN = "The network asked to wait again and again."
REASON, REFERENCE = 300, 120  # characters that are kept


@transaction.atomic
def ask(*, by: Person, case: Case, words: str, now: datetime) -> NetworkReport:
    """Have a fake account reported by its network's own interface. Raises Refused or Impossible."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    require(by, "report_fake", facts.Body(), now=now)
    if case.state != case_states.FAKE:
        stands = case_states.STATES[case.state].lower()
        raise Impossible(f"This case stands elsewhere by now: {stands}. {NOTHING}")
    if case.network_reports.filter(state__in=states.OPEN).exists():
        raise Impossible(f"It was asked for already. {NOTHING} See on its page what became of it.")
    target = target_of(case)
    if target is None:
        raise Impossible(f"This network takes no report from here. {NOTHING} Report it by hand, as its page says.")
    row = NetworkReport.objects.create(
        case=case,
        network=target.network,
        server=target.server,
        native_id=target.native_id,
        words=words,
        asked_at=now,
        asked_by=by,
        due_at=now,
    )
    said = {"network": row.network}
    record(by=by, what="case.report_asked", about=[case.audit_ref], facts=said, personal={"words": words}, now=now)
    return row


@transaction.atomic
def take(*, now: datetime) -> NetworkReport | None:
    """The one that waits longest, as being sent from now on: should the programme die with it, nobody sends it again.

    `row.through` is loaded with its connection.
    """
    due = NetworkReport.objects.filter(state=states.QUEUED, due_at__lte=now).order_by("due_at", "pk")
    row = due.select_for_update(of=("self",), skip_locked=True).select_related("case").first()
    if row is None:
        return None
    account = _through(row)
    if account is None:
        _refused(row, NOBODY, now=now)
        return None
    row.state, row.begun_at, row.through, row.tries = states.CALLING, now, account, row.tries + 1
    row.save()
    return row


@transaction.atomic
def keep(row: NetworkReport, outcome: Outcome, *, now: datetime) -> None:
    """What came of it. `row` is as `take` gave it."""
    case = Case.objects.select_for_update().get(pk=row.case_id)
    fresh = NetworkReport.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=row.pk)
    if fresh.state != states.CALLING:
        return  # given up as lost meanwhile
    match outcome:
        case Sent(native_id):
            _sent(fresh, case, native_id, now=now)
        case Later(at, reason) | Pending(at, reason):
            _later(fresh, at, reason, now=now)
        case Reconnect(reason):
            if row.through:
                mark_broken(by=CHORE, account=row.through, reason=reason, now=now)
            _refused(fresh, reason, now=now)
        case Refused(reason, detail):
            _refused(fresh, f"{reason} {detail}", now=now)
        case Unsure(reason):
            _unsure(fresh, case, reason, now=now)
    case.refresh_from_db()
    if case.state != case_states.FAKE:
        leave_reports(case, now=now)
    if not case.key:
        empty_reports(case)


def give_up_lost(*, now: datetime) -> None:
    """Whether those that were being sent when the programme ended arrived, nobody knows."""
    for row in NetworkReport.objects.filter(state=states.CALLING, begun_at__lte=now - LOST):
        keep(row, Unsure(DIED), now=now)


def _through(row: NetworkReport) -> Account | None:
    """The account of ours by which it is reported: on the server that knows the number, where each has its own."""
    if not registry.known(row.network):
        return None
    per_server = registry.get(row.network).spec.ids_are_per_server
    return account_on(row.network, server=row.server if per_server else None)


def _sent(row: NetworkReport, case: Case, native_id: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.reference = states.SENT, now, shown(native_id, longest=REFERENCE)
    row.save()
    name = registry.get(row.network).spec.name
    cases.network_took_report(
        by=CHORE, case=case, network=name, asked_by=row.asked_by, reference=row.reference, now=now
    )


def _later(row: NetworkReport, at: datetime, reason: str, *, now: datetime) -> None:
    if row.tries >= MOST_TRIES:
        _refused(row, f"{TOO_OFTEN} {reason}", now=now)
        return
    row.state, row.due_at, row.said = states.QUEUED, max(at, now + SOON), shown(reason, longest=REASON)
    row.save()


def _refused(row: NetworkReport, reason: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.said = states.REFUSED, now, shown(reason, longest=REASON)
    row.save()
    said = {"network": row.network, "reason": row.said}
    record(by=CHORE, what="case.report_refused", about=[row.case.audit_ref], facts=said, now=now)
    body = "Nothing was reported. The case says why. Report it by hand, or ask for it again."
    tell([row.asked_by], kind="security", subject=cases.NOT_TAKEN, body=body, link=row.case.page, now=now)


def _unsure(row: NetworkReport, case: Case, reason: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.said = states.UNSURE, now, shown(reason, longest=REASON)
    row.save()
    said = {"network": row.network, "reason": row.said}
    record(by=CHORE, what="case.report_unsure", about=[case.audit_ref], facts=said, now=now)
    told = {each.pk: each for each in [row.asked_by, *dealing_with("report_fake", now=now)]}
    body = "Nobody knows whether it arrived, and it is not sent again. Look on the network, then say in the case."
    tell(list(told.values()), kind="security", subject=cases.UNSURE, body=body, link=case.page, now=now)
