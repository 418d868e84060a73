"""Pages of direct access: the list, asking for it, and one exception with all that is done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance.gate import prepare, reserved
from mercat.people.actions import Impossible
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.pack import guidance
from mercat.register.exceptions import actions, found, presenters, queries
from mercat.register.exceptions.forms import GRANT, AnswerForm, AskForm, PostForm, RotationForm
from mercat.register.facts import facts_of
from mercat.register.forms import lines_of
from mercat.register.models import Account, DirectAccess

Lines = list[dict[str, str]]


@require_safe
def exceptions(request: HttpRequest) -> HttpResponse:
    """What waits, what is open, whose credential is to be changed; then what is done."""
    now = timezone.now()
    said = {
        "found": queries.overview(request.user, page=request.GET.get("page"), now=now),
        "past_the_tool": found.pages(),
    }
    return render(request, "register/exceptions.html", {**said, **_states(now)})


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("unit"), pk=account_id)
    now = timezone.now()
    require(request.user, "ask_direct_access", facts_of(account), now=now)
    form = AskForm(request.POST if request.method == "POST" else None)
    lines: Lines = []
    if form.is_bound and form.is_valid():
        said = {**form.cleaned_data, "why": DirectAccess.Why(form.cleaned_data["why"])}
        try:
            row = actions.ask(by=request.user, account=account, now=now, **said)
        except Impossible as error:
            lines = [{"field": "", "text": str(error)}]
        else:
            messages.success(request, "You have asked. Those who answer are told.")
            return redirect("register:exception", row.pk)
    lines = lines or lines_of(form)
    page = {
        "account": account,
        "whys": [{"value": key, "text": text} for key, text in DirectAccess.Why.choices],
        "who": reserved(guidance(), "answer_direct_access", facts_of(account), situation(now=now)),
        "typed": request.POST,
        "errors": {"lines": lines, "kept": "Nothing was asked."} if lines else None,
    }
    return render(request, "register/direct-access.html", page, status=422 if lines else 200)


@require_safe
def exception(request: HttpRequest, row_id: int) -> HttpResponse:
    return _page(request, _row(request, row_id))


@require_POST
def answer(request: HttpRequest, row_id: int) -> HttpResponse:
    def act(row: DirectAccess, said: Mapping[str, Any], now: datetime) -> str:
        if said["answer"] == GRANT:
            hours, advice = said["granted_hours"], said["advice"]
            actions.grant(by=request.user, row=row, hours=hours, advice=advice, now=now)
            return f"Granted. {row.person} is told."
        actions.refuse(by=request.user, row=row, advice=said["advice"], now=now)
        return f"Refused. {row.person} is told."

    return _with_form(request, row_id, AnswerForm, act, field="granted_hours")


@require_POST
def withdraw(request: HttpRequest, row_id: int) -> HttpResponse:
    def act(row: DirectAccess, now: datetime) -> str:
        actions.withdraw(by=request.user, row=row, now=now)
        return "Your request is withdrawn."

    return _done(request, row_id, act)


@require_POST
def end(request: HttpRequest, row_id: int) -> HttpResponse:
    def act(row: DirectAccess, now: datetime) -> str:
        actions.end(by=request.user, row=row, now=now)
        return "Direct access has ended. Those who change the credential are told."

    return _done(request, row_id, act)


@require_POST
def note_post(request: HttpRequest, row_id: int) -> HttpResponse:
    def act(row: DirectAccess, said: Mapping[str, Any], now: datetime) -> str:
        actions.note_post(by=request.user, row=row, now=now, **said)
        return "The post is noted."

    return _with_form(request, row_id, PostForm, act, field="url")


@require_POST
def note_rotation(request: HttpRequest, row_id: int) -> HttpResponse:
    def act(row: DirectAccess, said: Mapping[str, Any], now: datetime) -> str:
        actions.note_rotation(by=request.user, row=row, now=now, **said)
        return "The change of the credential is noted. This exception is closed."

    return _with_form(request, row_id, RotationForm, act, field="changed_at")


def _row(request: HttpRequest, row_id: int) -> DirectAccess:
    """Refused, with reasons, to those who neither have it nor answer for the account or its credential."""
    row = get_object_or_404(queries.rows(), pk=row_id)
    now = timezone.now()
    if not queries.seen_by(request.user, now=now, account=row.account).filter(pk=row.pk).exists():
        require(request.user, "view_account", facts_of(row.account), now=now)
        raise Http404
    return row


def _with_form(
    request: HttpRequest,
    row_id: int,
    make: type[forms.Form],
    act: Callable[[DirectAccess, Mapping[str, Any], datetime], str],
    *,
    field: str,
) -> HttpResponse:
    """`field`: where it is said what cannot be done as things stand."""
    row = _row(request, row_id)
    form = make(request.POST)
    if not form.is_valid():
        return _page(request, row, lines_of(form))
    return _done(request, row_id, lambda row, now: act(row, form.cleaned_data, now), field=field)


def _done(
    request: HttpRequest, row_id: int, act: Callable[[DirectAccess, datetime], str], *, field: str = ""
) -> HttpResponse:
    row = _row(request, row_id)
    try:
        said = act(row, timezone.now())
    except Impossible as error:
        return _page(request, _row(request, row_id), [{"field": field, "text": str(error)}])
    messages.success(request, said)
    return redirect("register:exception", row.pk)


def _page(request: HttpRequest, row: DirectAccess, problems: Lines | None = None) -> HttpResponse:
    now = timezone.now()
    about, own = facts_of(row.account), row.person == request.user
    asked = prepare(guidance(), person_facts(request.user, now=now), [about])
    answers = asked.decide("answer_direct_access", about, situation(now=now)).allowed
    changes = asked.decide("note_rotation", about, situation(now=now)).allowed
    waiting, granted = row.answer == "", row.answer == DirectAccess.Answer.GRANTED
    rotating = row.closed_at is not None and row.rotated_at is None
    said = {
        "row": row,
        "posts": list(row.posts.select_related("by")),
        "found_posts": found.found_during(row),
        "happenings": presenters.happenings(row),
        "may_answer": waiting and answers and not own,
        "may_withdraw": waiting and own,
        "may_end": row.is_open(now) and (own or answers),
        "may_post": granted and row.rotated_at is None and (own or answers),
        "may_rotate": rotating and changes and not own,
        "rotating": rotating,
        "answering": reserved(guidance(), "answer_direct_access", about, situation(now=now)) if waiting else (),
        "changing": reserved(guidance(), "note_rotation", about, situation(now=now)) if rotating else (),
        "typed": request.POST or _suggested(row, now),
        "errors": {"lines": problems} if problems else None,
        **_states(now),
    }
    return render(request, "register/exception.html", said, status=422 if problems else 200)


def _suggested(row: DirectAccess, now: datetime) -> dict[str, str]:
    return {"granted_hours": str(row.hours), "changed_at": f"{timezone.localtime(now):%Y-%m-%dT%H:%M}"}


def _states(now: datetime) -> dict[str, Any]:
    return {"state_of": lambda row: presenters.state_of(row, now=now), "colours": presenters.COLOURS}
