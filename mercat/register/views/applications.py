"""Pages of applications: asking for a new account in writing, and deciding what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import Refused, may, prepare, reserved
from mercat.people.actions import Impossible
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.models import Unit
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register import actions, queries
from mercat.register.applying import actions as applying
from mercat.register.facts import application_facts, slot_facts
from mercat.register.forms import ASK, AnswerForm, DecisionForm, DraftForm, OutlineForm, WholeForm, lines_of
from mercat.register.models import Application, Slot
from mercat.register.presenters import refusal_lines, tier_name

ON_A_PAGE = 25
KEPT = "Nothing was sent. What you typed is still here."


@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Those that this person may see: what waits first, then what was decided."""
    now = timezone.now()
    rows = queries.applications_for(person_facts(request.user, now=now), now=now)
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "register/applications.html", {"page": page, "tier_name": tier_name})


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """What the application is for. Whether the guidance allows it is answered here, before the rest is written."""
    if request.method != "POST":
        return _apply_page(request, {"unit": request.user.unit_id})
    typed = request.POST.copy()
    typed["kind"] = typed.get("instead") or typed.get("kind", "")
    form = OutlineForm(typed)
    if not form.is_valid():
        return _apply_page(request, typed, lines_of(form))
    try:
        row = applying.begin(by=request.user, now=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        # Every clause about an application turns on the kind of account that is asked for.
        offers = _other_ways(request, applying.outline(applicant=request.user, **form.cleaned_data))
        return _apply_page(request, typed, refusal_lines("kind", refused.decision), offers)
    return redirect("register:write", row.pk)


def _apply_page(
    request: HttpRequest,
    typed: Mapping[str, str],
    problems: list[dict[str, str]] | None = None,
    offers: list[dict[str, str]] | None = None,
) -> HttpResponse:
    pack = guidance().pack
    said = {
        "typed": typed,
        "networks": [{"value": each.key, "text": each.name} for each in pack.networks],
        "kinds": [{"value": each.key, "text": each.name} for each in pack.tiers],
        "units": [{"value": each.pk, "text": each.name} for each in Unit.objects.all()],
        "held": ", ".join(each.name.lower() for each in pack.tiers if each.holder),
        "offers": offers,
        "errors": {"lines": problems, "kept": KEPT} if problems else None,
    }
    return render(request, "register/apply.html", said, status=422 if problems else 200)


def _other_ways(request: HttpRequest, application: Application) -> list[dict[str, str]]:
    """Other kinds of account for one person, for which the guidance lets the same be applied for (clause 4.8)."""
    now = timezone.now()
    held = [tier for tier in guidance().pack.tiers if tier.holder and tier.key != application.kind]
    about = {}
    for tier in held:
        application.kind = tier.key
        about[tier] = applying.as_if_justified(application)
    me = person_facts(request.user, now=now)
    return [
        {"kind": tier.key, "name": tier.name.lower()}
        for tier, asked in about.items()
        if may(guidance(), "apply_for_account", me, asked, situation(now=now))
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """One's own draft: kept as it is, or sent."""
    drafts = Application.objects.filter(applicant=request.user, applied_at=None, withdrawn_at=None)
    row = get_object_or_404(drafts.select_related("unit", "holder", "contact"), pk=application_id)
    if request.method != "POST":
        return _write_page(request, row, _written(row))
    instead = request.POST.get("instead", "")
    sending = "send" in request.POST
    form = (WholeForm if sending else DraftForm)(request.POST)
    now = timezone.now()
    try:
        if not form.is_valid():
            return _write_page(request, row, request.POST, lines_of(form))
        words = {**form.cleaned_data, **({"kind": instead} if instead else {})}
        row = applying.save_draft(by=request.user, application=row, words=words, now=now)
        if sending:
            applying.send(by=request.user, application=row, now=now)
    except Impossible as error:
        return _write_page(request, row, request.POST, [{"field": "", "text": str(error)}])
    except Refused as refused:
        offers = _other_ways(request, Application.objects.get(pk=row.pk))
        return _write_page(request, row, request.POST, refusal_lines("justification", refused.decision), offers)
    if sending:
        messages.success(request, "The application is made. You are told here when it is decided.")
        return redirect("register:application", row.pk)
    messages.success(request, "The draft is kept. Nothing is sent yet.")
    return redirect("register:write", row.pk)


def _written(row: Application) -> dict[str, Any]:
    words = {name: getattr(row, name) or "" for name in applying.WRITTEN}
    return {**words, "contact": row.contact.number if row.contact else ""}


def _write_page(
    request: HttpRequest,
    row: Application,
    typed: Mapping[str, Any],
    problems: list[dict[str, str]] | None = None,
    offers: list[dict[str, str]] | None = None,
) -> HttpResponse:
    said = {
        "application": row,
        "tier": tier_name(row.kind),
        "held": any(tier.holder for tier in guidance().pack.tiers if tier.key == row.kind),
        "typed": typed,
        "offers": offers,
        "errors": {"lines": problems, "kept": KEPT} if problems else None,
    }
    return render(request, "register/write.html", said, status=422 if problems else 200)


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
    decision, words = form.cleaned_data["decision"], form.cleaned_data["reasons"]
    try:
        if decision == ASK:
            applying.ask_applicant(by=request.user, application=row, question=words, now=now)
        else:
            grant = decision == Application.Decision.GRANTED
            actions.decide_application(by=request.user, application=row, grant=grant, reasons=words, now=now)
    except Impossible as error:
        return _application_page(request, row, me, [{"field": "", "text": str(error)}], now=now)
    said = f"{row} is {decision}." if decision != ASK else "The applicant is asked. It waits for the answer."
    messages.success(request, said)
    return redirect("register:application", row.pk)


@require_POST
def withdraw(request: HttpRequest, application_id: UUID) -> HttpResponse:
    def act(row: Application, now: datetime) -> None:
        applying.withdraw(by=request.user, application=row, now=now)

    return _own(request, application_id, act, "The application is withdrawn. It stays on record.")


@require_POST
def answer(request: HttpRequest, application_id: UUID) -> HttpResponse:
    form = AnswerForm(request.POST)

    def act(row: Application, now: datetime) -> None:
        if not form.is_valid():
            raise Impossible("Write your answer. Nothing was sent.")
        applying.answer(by=request.user, application=row, text=form.cleaned_data["text"], now=now)

    return _own(request, application_id, act, "Your answer is with the application.")


def _own(
    request: HttpRequest, application_id: UUID, act: Callable[[Application, datetime], object], news: str
) -> HttpResponse:
    """Something that whoever applied does with their own application."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    rows = queries.applications_for(me, now=now).filter(applicant=request.user)
    row = get_object_or_404(rows, pk=application_id)
    try:
        act(row, now)
    except Impossible as error:
        return _application_page(request, row, me, [{"field": "", "text": str(error)}], now=now)
    messages.success(request, news)
    return redirect("register:application", row.pk)


def _application_page(
    request: HttpRequest,
    row: Application,
    me: facts.Person,
    problems: list[dict[str, str]] | None = None,
    *,
    now: datetime,
) -> HttpResponse:
    about, around = application_facts(row), situation(now=now)
    slot = Slot.objects.filter(application=row).select_related("application__holder").first()
    place = slot_facts(slot, row.holder) if slot else about
    asked = prepare(guidance(), me, [about])
    decision = asked.decide("decide_application", about, around)
    granting = asked.decide("grant_application", about, around)
    account = queries.in_place(slot) if slot else None
    mine = row.applicant_id == request.user.pk
    said = {
        "application": row,
        "tier": tier_name(row.kind),
        "state": _state(row),
        "questions": row.questions.select_related("by"),
        "mine": mine,
        "open": not row.decision and not row.withdrawn_at,
        "may_answer": mine and not row.all_answered,
        "may_decide": decision.allowed,
        "may_grant": granting.allowed,
        "refusals": decision.refusals,
        "grant_refusals": granting.refusals,
        "deciders": reserved(guidance(), "decide_application", about, around),
        "slot": slot,
        "account": account,
        "may_register": slot and not account and may(guidance(), "register_account", me, place, around),
        "typed": request.POST,
        "errors": {"lines": problems, "kept": "Nothing was decided."} if problems else None,
    }
    return render(request, "register/application.html", said, status=422 if problems else 200)


def _state(row: Application) -> tuple[str, str]:
    """In words, and the colour of its tag."""
    if row.decision:
        return row.get_decision_display(), "green" if row.decision == Application.Decision.GRANTED else "red"
    if row.withdrawn_at:
        return "Withdrawn", "grey"
    if row.applied_at is None:
        return "Draft", "grey"
    return ("Waiting", "blue") if row.all_answered else ("Asked about", "yellow")
