"""Pages of applications: asking for a new account in writing, and deciding what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import Refused, decide, may, reserved
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.models import Unit
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register import actions, queries
from mercat.register.facts import application_facts, slot_facts
from mercat.register.forms import ApplicationForm, DecisionForm, lines_of
from mercat.register.models import Application, Slot
from mercat.register.presenters import refusal_lines, tier_name

ON_A_PAGE = 25


@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Those that this person may see: what waits first, then what was decided."""
    now = timezone.now()
    rows = queries.applications_for(person_facts(request.user, now=now), now=now)
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "register/applications.html", {"page": page, "tier_name": tier_name})


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _apply_page(request, {"unit": request.user.unit_id})
    form = ApplicationForm(request.POST)
    if not form.is_valid():
        return _apply_page(request, request.POST, lines_of(form))
    try:
        row = actions.apply_for_account(by=request.user, now=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        # Every clause about an application turns on the kind of account that is asked for.
        return _apply_page(request, request.POST, refusal_lines("kind", refused.decision))
    messages.success(request, "The application is made. You are told here when it is decided.")
    return redirect("register:application", row.pk)


def _apply_page(
    request: HttpRequest, typed: Mapping[str, str], problems: list[dict[str, str]] | None = None
) -> HttpResponse:
    pack = guidance().pack
    said = {
        "typed": typed,
        "networks": [{"value": each.key, "text": each.name} for each in pack.networks],
        "kinds": [{"value": each.key, "text": each.name} for each in pack.tiers],
        "units": [{"value": each.pk, "text": each.name} for each in Unit.objects.all()],
        "held": ", ".join(each.name.lower() for each in pack.tiers if each.holder),
        "errors": {"lines": problems, "kept": "Nothing was sent. What you typed is still here."} if problems else None,
    }
    return render(request, "register/apply.html", said, status=422 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """One application, and its decision: to be read, or to be taken by whoever may."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    row = get_object_or_404(queries.applications_for(me, now=now), pk=application_id)
    if request.method != "POST":
        return _application_page(request, row, me, now=now)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _application_page(request, row, me, lines_of(form), now=now)
    grant = form.cleaned_data["decision"] == Application.Decision.GRANTED
    reasons = form.cleaned_data["reasons"]
    try:
        actions.decide_application(by=request.user, application=row, grant=grant, reasons=reasons, now=now)
    except Impossible as error:
        return _application_page(request, row, me, [{"field": "", "text": str(error)}], now=now)
    messages.success(request, f"{row} is {'granted' if grant else 'refused'}.")
    return redirect("register:application", row.pk)


def _application_page(
    request: HttpRequest,
    row: Application,
    me: facts.Person,
    problems: list[dict[str, str]] | None = None,
    *,
    now: datetime,
) -> HttpResponse:
    about, situation = application_facts(row), facts.Situation(now=now)
    decision = decide(guidance(), "decide_application", me, about, situation)
    slot = Slot.objects.filter(application=row).first()
    account = queries.in_place(slot) if slot else None
    said = {
        "application": row,
        "tier": tier_name(row.kind),
        "may_decide": decision.allowed,
        "refusals": decision.refusals,
        "deciders": reserved(guidance(), "decide_application", about, situation),
        "slot": slot,
        "account": account,
        "may_register": slot
        and not account
        and may(guidance(), "register_account", me, slot_facts(slot, row.holder), situation),
        "typed": request.POST,
        "errors": {"lines": problems, "kept": "Nothing was decided."} if problems else None,
    }
    return render(request, "register/application.html", said, status=422 if problems else 200)
