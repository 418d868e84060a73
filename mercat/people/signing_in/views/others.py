"""For somebody else: a recovery by two people, and an end to all their sessions."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.forms import ReasonForm
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.people.presenters import may_administer
from mercat.people.signing_in import recovery
from mercat.people.signing_in.sessions import sessions_of


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_of(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """How it stands with somebody's sign-in; opening a recovery is its form."""
    row, now = get_object_or_404(Person, pk=person_id), timezone.now()
    require(request.user, "recover_sign_in", row, now=now)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            recovery.open_(by=request.user, person=row, reason=form.cleaned_data["reason"], now=now)
        except Impossible as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, f"Opened. A second person must now confirm it for {row}.")
            return redirect("people:sign-in-of", row.pk)
    return _page(request, row, form)


@require_POST
def confirm(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """The second of two. The code is shown on this answer, and nowhere again."""
    return _on_standing(request, person_id, recovery.confirm)


@require_POST
def call_off(request: HttpRequest, person_id: UUID) -> HttpResponse:
    return _on_standing(request, person_id, recovery.call_off)


@require_POST
def end_sessions(request: HttpRequest, person_id: UUID) -> HttpResponse:
    row = get_object_or_404(Person, pk=person_id)
    if row == request.user:
        return redirect("people:sessions")
    recovery.end_all_sessions(by=request.user, person=row, now=timezone.now())
    messages.success(request, f"{row} is signed out everywhere.")
    return redirect("people:person", row.pk)


def _on_standing(request: HttpRequest, person_id: UUID, act) -> HttpResponse:
    row, now = get_object_or_404(Person, pk=person_id), timezone.now()
    require(request.user, "recover_sign_in", row, now=now)
    standing = recovery.standing(row, now=now)
    form = ReasonForm(None)
    if standing is None:
        messages.warning(request, "There is nothing to answer any more. Nothing was changed.")
        return redirect("people:sign-in-of", row.pk)
    try:
        code = act(by=request.user, row=standing, now=now)
    except Impossible as error:
        messages.warning(request, str(error))
        return redirect("people:sign-in-of", row.pk)
    if code:
        return _page(request, row, form, code=code)
    messages.success(request, "It is called off.")
    return redirect("people:sign-in-of", row.pk)


def _page(request: HttpRequest, row: Person, form: ReasonForm, *, code: str = "") -> HttpResponse:
    now = timezone.now()
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {
        "person": row,
        "form": form,
        "code": code,
        "standing": recovery.standing(row, now=now),
        "me": request.user,
        "sessions": sessions_of(row, now=now),
        "may_administer": may_administer(person_facts(request.user, now=now), now=now),
        "errors": {"lines": lines, "kept": "Nothing was changed."} if lines else None,
    }
    return render(request, "people/sign-in/of.html", said, status=422 if lines else 200)
