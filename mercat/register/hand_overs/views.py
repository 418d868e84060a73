"""The page on which Corporate Communications hands an individual account to its next holder, or closes it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import prepare, reserved
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register.facts import facts_of, with_facts
from mercat.register.forms import ReasonForm, lines_of
from mercat.register.hand_overs import actions
from mercat.register.models import Account, HandOver
from mercat.register.scope import open_to

ON_A_PAGE = 25


class HandOverForm(forms.Form):
    number = forms.CharField(max_length=64, error_messages={"required": "Enter the staff number of the next holder"})
    reason = forms.CharField(max_length=500, error_messages={"required": "Enter the reason"})

    def clean_number(self) -> Person:
        person = Person.objects.filter(number__iexact=self.cleaned_data["number"].strip(), is_active=True).first()
        if person is None:
            raise forms.ValidationError("Nobody on the list has this staff number")
        return person


@require_safe
def hand_overs(request: HttpRequest) -> HttpResponse:
    """What waits, first; then what was answered."""
    rows = HandOver.objects.select_related("account__slot", "holder", "new_holder", "decided_by")
    now = timezone.now()
    me = person_facts(request.user, now=now)
    mine = open_to(me, with_facts(Account.objects.filter(hand_overs__isnull=False).distinct()), now=now)
    rows = rows.filter(account__in=mine)
    waiting = list(rows.filter(outcome="").order_by("at"))
    page = slice_of(rows.exclude(outcome=""), request.GET.get("page"), size=ON_A_PAGE)
    return render(
        request,
        "register/hand-overs.html",
        {"waiting": [(row, _may_close(request, row, now)) for row in waiting], "page": page},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, row_id: int) -> HttpResponse:
    row = _row(request, row_id)
    form = HandOverForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        holder, reason = form.cleaned_data["number"], form.cleaned_data["reason"]
        problem = _take(
            lambda: actions.hand_over(by=request.user, row=row, holder=holder, reason=reason, now=timezone.now())
        )
        if not problem:
            messages.success(request, f"{holder} holds “{row.account}” from now on.")
            return redirect("register:hand-overs")
        form.add_error("number", problem)
    return _page(request, row, form)


@require_POST
def close(request: HttpRequest, row_id: int) -> HttpResponse:
    row = _row(request, row_id)
    form = ReasonForm(request.POST, prefix="close")
    if not form.is_valid():
        return _page(request, row, HandOverForm(), closing=form)
    reason = form.cleaned_data["reason"]
    problem = _take(lambda: actions.close(by=request.user, row=row, reason=reason, now=timezone.now()))
    if problem:
        form.add_error("reason", problem)
        return _page(request, row, HandOverForm(), closing=form)
    messages.success(request, f"“{row.account}” is closed. What was said there stays on record.")
    return redirect("register:hand-overs")


def _row(request: HttpRequest, row_id: int) -> HandOver:
    """One that waits. Refused, with reasons, to those who do not answer for the account."""
    row = get_object_or_404(HandOver.objects.select_related("account__slot", "holder"), pk=row_id, outcome="")
    require(request.user, "view_account", facts_of(row.account), now=timezone.now())
    return row


def _take(act: Callable[[], None]) -> str:
    try:
        act()
    except Impossible as error:
        return str(error)
    return ""


def _may_close(request: HttpRequest, row: HandOver, now: object) -> bool:
    about, situation = facts_of(row.account), facts.Situation(now=now)
    asked = prepare(guidance(), person_facts(request.user, now=now), [about])
    return asked.decide("close_account", about, situation).allowed


def _page(
    request: HttpRequest, row: HandOver, form: HandOverForm, *, closing: ReasonForm | None = None
) -> HttpResponse:
    now = timezone.now()
    lines = lines_of(form) if form.is_bound else []
    if closing is not None:
        lines = [{"field": "close-reason", "text": text} for found in closing.errors.values() for text in found]
    said = {
        "row": row,
        "form": form,
        "may": _may_close(request, row, now),
        "who": reserved(guidance(), "close_account", facts_of(row.account), facts.Situation(now=now)),
        "errors": {"lines": lines, "kept": "Nothing was changed."} if lines else None,
    }
    return render(request, "register/hand-over.html", said, status=422 if lines else 200)
