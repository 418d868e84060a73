"""What follows in posts when somebody leaves, or moves to another unit (clauses 4.9, 5.3, 5.6).

Guidance is asked as at any other time. Where it no longer lets them approve, the approvals that they gave to what is
not out yet count no more, and others are asked. Where it no longer lets them speak, what they wrote goes to those who
answer for its accounts: what waits for approval is sent back, and what is scheduled is held. Nothing is deleted.

It happens in the transaction in which they leave or move. The chore makes up for what came between.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery import corrections
from mercat.delivery import states as sending
from mercat.delivery.actions import stop, withdraw_all
from mercat.delivery.models import Consignment, Correction
from mercat.people.actions import tell
from mercat.people.models import Person
from mercat.posts import states
from mercat.posts.actions import ask_for_approval, locked, step
from mercat.posts.facts import approvals_needed, decisions_on, targets_of
from mercat.posts.models import Approval, Post, Remark, Version, VoidApproval
from mercat.register.actions import people_of_all
from mercat.register.models import Account

BY = System("Somebody whom it rests on has left, or moved to another unit")
HELD = "A scheduled post is held: its author has left or moved"
SENT_BACK = "A post needs a new author: the one it had has left or moved"
NOT_BEGUN = (sending.READY, sending.LEASED)
WAITING = (*NOT_BEGUN, sending.HELD)


def on_leaving(sender: type[Person], *, person: Person, now: datetime, **_: Any) -> None:
    follow(person, now=now)


def on_moving(sender: type[Person], *, person: Person, unit: Any, now: datetime, **_: Any) -> None:
    if unit.pk != person.unit_id:
        follow(person, now=now)


def run(*, now: datetime) -> None:
    """What still rests on people who have left: an approval given, or a post submitted, in the moment they did."""
    gone = Person.objects.filter(is_active=False)
    written = Q(current__author__in=gone) & (Q(state=states.SUBMITTED) | _on_its_way("current__author"))
    given = Exists(Approval.objects.standing().filter(version=OuterRef("current"), approver__in=gone))
    approved = given & (Q(state=states.SUBMITTED) | _waits())
    for post in Post.objects.filter(written | approved, state__in=(states.SUBMITTED, states.APPROVED)):
        people = {post.current.author, *(row.approver for row in post.current.approvals.standing())}
        for person in people:
            if not person.is_active:
                with transaction.atomic():
                    follow(person, now=now)


@transaction.atomic
def follow(person: Person, *, now: datetime) -> None:
    for post in Post.objects.filter(pk__in=_resting_on(person)).order_by("pk"):
        row = locked(post)  # before its consignments, as every action on a post does
        if row.state in (states.SUBMITTED, states.APPROVED):
            _void_approvals(row, person, now=now)
        if row.current.author_id == person.pk:
            _without_its_author(row, person, now=now)


def _resting_on(person: Person) -> QuerySet[Post]:
    """What is not out yet, and was written or approved by them."""
    underway = Post.objects.filter(state__in=(states.SUBMITTED, states.APPROVED))
    given = Exists(Approval.objects.standing().filter(version=OuterRef("current"), approver=person))
    waiting = Q(state=states.SUBMITTED) | _waits()
    return underway.filter((Q(current__author=person) | given) & waiting).values("pk")


def _consignments() -> QuerySet[Consignment]:
    return Consignment.objects.filter(manifest=OuterRef("current__manifest"))


def _waits() -> Q:
    correcting = Correction.objects.filter(manifest=OuterRef("current__manifest"), result="")
    return Q(Exists(_consignments().filter(state__in=WAITING))) | Q(Exists(correcting))


def _on_its_way(author: str) -> Q:
    return Q(Exists(_consignments().filter(state__in=NOT_BEGUN, author=OuterRef(author))))


def _void_approvals(post: Post, person: Person, *, now: datetime) -> None:
    """Those for what is not out, where guidance would not let them approve it now."""
    version = post.current
    given = list(version.approvals.standing().filter(approver=person).select_related("account"))
    sent = defaultdict(list)  # of a thread, all its posts
    for row in version.manifest.consignments.all():
        sent[row.account_id].append(row)
    over = {account for account, rows in sent.items() if all(row.state not in WAITING for row in rows)}
    ended = version.manifest.corrections.exclude(result__in=["", Correction.Result.WITHDRAWN])
    over |= set(ended.values_list("consignment__account_id", flat=True))
    concerned = {row.account_id for row in given} - over
    accounts = [account for account in targets_of(version) if account.pk in concerned]
    if not accounts:
        return
    decisions = decisions_on(person, "approve", version, accounts, now=now)
    refused = [account for account in accounts if not decisions[str(account.pk)].allowed]
    if not refused:
        return
    void = [row for row in given if row.account_id in {account.pk for account in refused}]
    VoidApproval.objects.bulk_create(VoidApproval(approval=row, at=now) for row in void)
    record(
        by=BY,
        what="post.approval_void",
        about=[post.audit_ref, person.audit_ref, *(account.audit_ref for account in refused)],
        facts={"version": version.number, "digest": version.digest},
        now=now,
    )
    lacking = [account for account in refused if not _approved(version, account)]
    reason = "Who approved this has left or moved. Somebody else approves it; then it goes on by itself."
    held = [row for account in lacking for row in sent[account.pk]]
    stop(by=BY, consignments=held, reason=reason, now=now)
    corrections.withdraw_all(by=BY, post_ref=post.audit_ref, accounts=lacking, now=now)
    if lacking and post.state == states.APPROVED:
        step(post, "reopen", now=now)
    if lacking:
        ask_for_approval(version, lacking, now=now)


def _approved(version: Version, account: Account) -> bool:
    given = version.approvals.standing().filter(account=account, digest=version.digest).count()
    return given >= approvals_needed(account)


def _without_its_author(post: Post, person: Person, *, now: datetime) -> None:
    version, accounts = post.current, targets_of(post.current)
    decisions = decisions_on(person, "submit", version, accounts, now=now)
    closed = [account for account in accounts if not decisions[str(account.pk)].allowed]
    if not closed:
        return
    reason = f"{person}, who wrote this, has left or moved. Submit it anew in your own name, or withdraw it."
    if post.state == states.SUBMITTED:
        _send_back(post, reason, now=now)
        _tell(SENT_BACK, post, accounts, reason, now=now)
        return
    rows = list(version.manifest.consignments.filter(account__in=closed, state__in=NOT_BEGUN))
    if rows:
        stop(by=BY, consignments=rows, reason=reason, now=now)
        _tell(HELD, post, accounts, reason, now=now)


def _send_back(post: Post, reason: str, *, now: datetime) -> None:
    too_late = withdraw_all(by=BY, post_ref=post.audit_ref, reason=reason, now=now)
    step(post, "send_back", now=now)
    Remark.objects.create(post=post, version=post.current, step="send_back", text=reason, at=now, by=None)
    record(
        by=BY,
        what="post.sent_back",
        about=[post.audit_ref],
        facts={"digest": post.current.digest, "too_late": len(too_late)},
        personal={"reason": reason},
        now=now,
    )


def _tell(subject: str, post: Post, accounts: list[Account], reason: str, *, now: datetime) -> None:
    link = f"/posts/{post.pk}/"
    tell(people_of_all(accounts), kind="sending", subject=subject, body=reason, link=link, now=now)
