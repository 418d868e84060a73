"""Every write about reviews: proposed by those who answer for a place, concluded by those who keep the structure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mercat.audit.actions import record
from mercat.guidance.gate import may
from mercat.people.actions import Impossible, once, settle, tell
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import By, person_or_none, require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.register.actions import locked
from mercat.register.answering import holders
from mercat.register.facts import place_facts
from mercat.register.models import Account, Review, Slot
from mercat.register.queries import in_place
from mercat.register.standing.actions import close
from mercat.register.standing.moves import is_live

Outcome, Answer = Review.Outcome, Review.Answer
WAITS = "A review waits for you to conclude it"
REVIEWS = "/register/reviews/"


@transaction.atomic
def propose(
    *,
    by: By,
    slot: Slot,
    outcome: Review.Outcome,
    reason: str,
    now: datetime,
    next_due: date | None = None,
    successor: Account | None = None,
    followers: str = "",
    account_stays: bool = False,
) -> Review:
    """Say what is to become of a place and the account in it.

    It is concluded at once where `by` may conclude it and the pack asks for no second person; else it waits.
    """
    slot = _locked(slot)
    account = in_place(slot)
    require(by, "propose_review", place_facts(slot, account), now=now)
    if slot.closed_at:
        raise Impossible(f"The place “{slot}” is closed already. Nothing was changed.")
    if not reason.strip():
        raise Impossible("Say why: a review is kept with its reason. Nothing was changed.")
    review = Review(
        slot=slot,
        account=account,
        outcome=outcome,
        reason=reason,
        successor=_successor(account, successor) if outcome == Outcome.MERGE else None,
        followers=followers,
        account_stays=account_stays and outcome == Outcome.CLOSE and account is not None,
        next_due=_next_due(next_due, now=now) if outcome == Outcome.KEEP else None,
        needs_second=outcome != Outcome.KEEP and is_live(account) and guidance().pack.reviews.second_person,
        at=now,
        by=person_or_none(by),
    )
    with once(f"A review of “{slot}” waits to be concluded already."):
        review.save(force_insert=True)
    record(
        by=by,
        what="review.proposed",
        about=_about(review),
        facts={"outcome": outcome},
        personal={"reason": reason, "followers": followers},
        now=now,
    )
    if not review.needs_second and _concludes(by, slot, account, now=now):
        _conclude(review, by, now=now)
    else:
        body = f"{slot}: {review.get_outcome_display().lower()}. Proposed by {review.by or 'the programme'}."
        people = holders({guidance().pack.reviews.by}, place_facts(slot, account).unit)
        tell(
            [each for each in people if each != by],
            kind="accounts",
            subject=WAITS,
            body=body,
            link=_link(review),
            now=now,
        )
    return review


@transaction.atomic
def conclude(*, by: By, review: Review, now: datetime) -> None:
    """Say yes to what was proposed: the place, and the account in it, become what the review says."""
    slot = _locked(review.slot)
    review = Review.objects.select_for_update(of=("self",)).select_related("by").get(pk=review.pk)
    account = in_place(slot)
    require(by, "review_account", place_facts(slot, account), now=now)
    _waits(review)
    if review.needs_second and (review.by is None or person_or_none(by) in (None, review.by)):
        raise Impossible("Whoever proposed this does not conclude it. Nothing was changed. Somebody else does.")
    if account != review.account:
        raise Impossible("Another account fills this place by now. Nothing was changed. Decline this, and review anew.")
    _conclude(review, by, now=now)


@transaction.atomic
def decline(*, by: By, review: Review, reason: str, now: datetime) -> None:
    """Say no, or take back what one proposed oneself. Everything stays as it is."""
    slot = _locked(review.slot)
    review = Review.objects.select_for_update(of=("self",)).select_related("by").get(pk=review.pk)
    if person_or_none(by) is None or by != review.by:
        require(by, "review_account", place_facts(slot, in_place(slot)), now=now)
    else:
        require(by, "propose_review", place_facts(slot, in_place(slot)), now=now)
    _waits(review)
    if not reason.strip():
        raise Impossible("Say why this is declined. Nothing was changed.")
    _answer(review, Answer.DECLINED, by, reason=reason, now=now)
    record(by=by, what="review.declined", about=_about(review), personal={"reason": reason}, now=now)


def _conclude(review: Review, by: By, *, now: datetime) -> None:
    slot, account = review.slot, review.account
    _answer(review, Answer.DONE, by, now=now)
    record(by=by, what="review.concluded", about=_about(review), facts={"outcome": review.outcome}, now=now)
    if review.outcome == Outcome.KEEP:
        slot.review_due = review.next_due
        slot.save(update_fields=["review_due"])
        return
    slot.closed_at = now
    slot.save(update_fields=["closed_at"])
    if account is None or review.account_stays:
        return
    account = locked(account)
    require(by, "close_account", place_facts(slot, account), now=now)
    if review.outcome == Outcome.MERGE:
        _successor(account, review.successor)
    close(account, by=by, reason=_why_closed(review), now=now)


def _why_closed(review: Review) -> str:
    return f"Merged into {review.successor}: {review.reason}" if review.successor else review.reason


def _answer(review: Review, answer: Review.Answer, by: By, *, reason: str = "", now: datetime) -> None:
    review.answer, review.answered_at, review.answered_by = answer, now, person_or_none(by)
    review.answer_reason = reason
    review.save(update_fields=["answer", "answered_at", "answered_by", "answer_reason"])
    settle(subject=WAITS, link=_link(review), now=now)
    if review.by is None or review.by == by or not review.by.is_active:
        return
    word = "concluded" if answer == Answer.DONE else "declined"
    subject = f"Your review of {review.slot} is {word}"[:200]
    tell(
        [review.by],
        kind="accounts",
        subject=subject,
        body="What came of it stands with its place.",
        link=_link(review),
        now=now,
    )


def _waits(review: Review) -> None:
    if review.answer:
        raise Impossible("This review has been answered already. Nothing was changed.")


def _successor(account: Account | None, successor: Account | None) -> Account:
    """An open account of the same network, since nobody follows from one network to another."""
    if account is None:
        raise Impossible("There is no account in this place to merge. Nothing was changed. Close the place instead.")
    if successor is None or successor.pk == account.pk:
        raise Impossible("Choose the account that it is merged into. Nothing was changed.")
    successor = Account.objects.get(pk=successor.pk)
    if successor.status == Account.Status.CLOSED or successor.network != account.network:
        raise Impossible(f"“{successor}” is no open account of the same network. Nothing was changed.")
    return successor


def _next_due(next_due: date | None, *, now: datetime) -> date:
    today = timezone.localdate(now)
    latest = today + timedelta(days=guidance().pack.reviews.every_days)
    due = next_due or latest
    if not today < due <= latest:
        raise Impossible(f"The next review lies between tomorrow and {latest:%-d %B %Y}. Nothing was changed.")
    return due


def _concludes(by: By, slot: Slot, account: Account | None, *, now: datetime) -> bool:
    if not isinstance(by, Person):
        return True
    me = person_facts(by, now=now)
    return may(guidance(), "review_account", me, place_facts(slot, account), situation(now=now))


def _about(review: Review) -> list[str]:
    accounts = [each.audit_ref for each in (review.account, review.successor) if each]
    return [review.audit_ref, review.slot.audit_ref, *accounts]


def _link(review: Review) -> str:
    return f"/register/places/{review.slot_id}/review/"


def _locked(slot: Slot) -> Slot:
    return Slot.objects.select_for_update(of=("self",)).select_related("unit__parent__parent__parent").get(pk=slot.pk)
