"""Pages of reviews: what is due, the worksheet of one place, what waits to be concluded, and a place's history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance.gate import prepare
from mercat.people.actions import Impossible
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.pack import guidance
from mercat.register import queries
from mercat.register.facts import place_facts
from mercat.register.flags import flags_of
from mercat.register.forms import ReasonForm, ReviewForm, lines_of
from mercat.register.history import happenings
from mercat.register.models import Account, Review, Slot
from mercat.register.presenters import line, tier_name
from mercat.register.reviews import actions
from mercat.register.reviews.queries import overview


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits, what is due and what was done, of all that this person answers for."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    return render(request, "register/reviews.html", {"found": overview(me, now=now), "tier_name": tier_name})


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, key: str) -> HttpResponse:
    """The worksheet of one place: what is known of it, and what is to become of it."""
    slot = _slot(key)
    now = timezone.now()
    require(request.user, "view_account", place_facts(slot, queries.in_place(slot)), now=now)
    if request.method != "POST":
        return _review_page(request, slot)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _review_page(request, slot, lines_of(form))
    try:
        row = actions.propose(by=request.user, slot=slot, now=now, **_said(form))
    except Impossible as error:
        return _review_page(request, slot, [{"field": "", "text": str(error)}])
    done = row.answer == Review.Answer.DONE
    messages.success(request, f"{row} is {'done' if done else 'proposed. Somebody else concludes it'}.")
    return redirect("register:history", slot.pk) if done else redirect("register:review", slot.pk)


def _said(form: ReviewForm) -> dict[str, Any]:
    return {**form.cleaned_data, "outcome": Review.Outcome(form.cleaned_data["outcome"])}


@require_POST
def conclude(request: HttpRequest, key: str, review_id: int) -> HttpResponse:
    return _answered(request, key, review_id, lambda row, now: actions.conclude(by=request.user, review=row, now=now))


@require_POST
def decline(request: HttpRequest, key: str, review_id: int) -> HttpResponse:
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""

    def act(row: Review, now: Any) -> None:
        actions.decline(by=request.user, review=row, reason=reason, now=now)

    return _answered(request, key, review_id, act)


def _answered(request: HttpRequest, key: str, review_id: int, act: Callable[[Review, Any], None]) -> HttpResponse:
    slot = _slot(key)
    row = get_object_or_404(Review.objects.select_related("slot"), pk=review_id, slot=slot)
    try:
        act(row, timezone.now())
    except Impossible as error:
        return _review_page(request, slot, [{"field": "reason-declined", "text": str(error)}])
    row.refresh_from_db()
    messages.success(request, f"{row} is {'concluded' if row.answer == Review.Answer.DONE else 'declined'}.")
    return redirect("register:history", slot.pk)


def _slot(key: str) -> Slot:
    return get_object_or_404(Slot.objects.select_related("unit__parent__parent__parent", "application"), pk=key)


def _review_page(request: HttpRequest, slot: Slot, problems: list[dict[str, str]] | None = None) -> HttpResponse:
    now = timezone.now()
    loaded = queries.slots(queries.Wanted()).filter(pk=slot.pk).first()
    account = loaded.open_accounts[0] if loaded and loaded.open_accounts else None
    about = place_facts(slot, account)
    asked = prepare(guidance(), person_facts(request.user, now=now), [about])
    proposing = asked.decide("propose_review", about, situation(now=now))
    waiting = Review.objects.filter(slot=slot, answer="").select_related("by", "successor").first()
    others = Account.objects.exclude(status=Account.Status.CLOSED).filter(network=slot.network)
    said = {
        "slot": slot,
        "line": line(loaded) if loaded else None,
        "account": account,
        "tier": tier_name(slot.tier),
        "flags": flags_of(loaded, account, now=now) if loaded else [],
        "waiting": waiting,
        "own": waiting and waiting.by == request.user,
        "may_conclude": asked.decide("review_account", about, situation(now=now)).allowed
        and not (waiting and waiting.needs_second and waiting.by == request.user),
        "may_propose": proposing.allowed,
        "refusals": proposing.refusals,
        "successors": [
            {"value": str(each.pk), "text": str(each)} for each in (others.exclude(pk=account.pk) if account else [])
        ],
        "rule": guidance().pack.reviews,
        "happenings": happenings(slot),
        "typed": request.POST,
        "errors": {"lines": problems, "kept": "Nothing was changed."} if problems else None,
    }
    return render(request, "register/review.html", said, status=422 if problems else 200)


@require_safe
def history(request: HttpRequest, key: str) -> HttpResponse:
    """All that happened to a place and to the accounts in it: for those who answer for it, and for oversight."""
    slot = _slot(key)
    account = queries.in_place(slot)
    require(request.user, "view_account", place_facts(slot, account), now=timezone.now())
    said = {"slot": slot, "account": account, "tier": tier_name(slot.tier), "happenings": happenings(slot)}
    return render(request, "register/history.html", said)
