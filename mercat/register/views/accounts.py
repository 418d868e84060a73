"""Pages of the authorised structure, of an account in it, and of what is done about both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import may, prepare, reserved
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.people.advice.queries import beside
from mercat.people.devices.here import situation as situation_here
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import Person, Unit
from mercat.people.pack import guidance
from mercat.people.queries import search
from mercat.register import actions, queries
from mercat.register.comparing import report as comparing
from mercat.register.exceptions import found as past_the_tool
from mercat.register.exceptions import presenters as direct_access
from mercat.register.exceptions import queries as exceptions
from mercat.register.facts import account_facts, facts_of, slot_facts
from mercat.register.flags import Flag, flags_of
from mercat.register.forms import AppointmentForm, NameForm, ReasonForm, lines_of
from mercat.register.models import Account, Slot, Spoc
from mercat.register.presenters import (
    STATES,
    Line,
    filled,
    filled_by_tier,
    in_use_first,
    line,
    needs_spoc,
    registrable,
    state_of,
    tier_name,
    title_of,
    wants_spoc,
)
from mercat.register.standing import actions as standing

FILTERS = ("network", "tier", "unit", "state", "text")
COLUMN = {"propose_review", "edit_account", "manage_account"}  # what no other column of the register says
ON_A_PAGE = 25  # people who can be appointed; the rest is found by name or number


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Every place in the authorised structure, filled or vacant."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    wanted = queries.Wanted(**{name: request.GET.get(name, "").strip() for name in FILTERS})
    lines = in_use_first(line(slot) for slot in queries.slots(wanted))
    shown = [each for each in lines if not wanted.state or each.state == wanted.state]
    said = {
        "lines": shown,
        "registrable": registrable(shown, me, now=now),
        "may_compare": comparing.is_open_to(me, now=now),
        "filled": filled(lines),
        "by_tier": filled_by_tier(lines),
        "tier_name": tier_name,
        "flags": {each.slot.pk: _flags(each, now) for each in shown},
        "wanted": wanted,
        "networks": queries.networks_in_use(),
        "tiers": guidance().pack.tiers,
        "units": Unit.objects.all(),
        "states": STATES,
        "filtered": any(getattr(wanted, name) for name in FILTERS),
    }
    return render(request, "register/register.html", said)


def _flags(each: Line, now: datetime) -> list[Flag]:
    """What is urgent of a place, of those that stand in no other column."""
    return [flag for flag in flags_of(each.slot, each.account, now=now) if flag.action in COLUMN and flag.urgent]


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, key: str) -> HttpResponse:
    """Register the account of a vacant place; connecting it comes next."""
    slot = get_object_or_404(queries.slots(queries.Wanted()), pk=key)
    if slot.open_accounts:
        return redirect("register:account", slot.open_accounts[0].pk)
    now = timezone.now()
    holder = slot.application.holder if slot.application else None
    require(request.user, "register_account", slot_facts(slot, holder), now=now)
    if request.method != "POST":
        return _place_page(request, slot)
    form = NameForm(request.POST)
    if not form.is_valid():
        return _place_page(request, slot, lines_of(form))
    try:
        row = actions.register_account(by=request.user, slot=slot, name=form.cleaned_data["name"], now=now)
    except Impossible as error:
        return _place_page(request, slot, [{"field": "", "text": str(error)}])
    messages.success(request, f"{row} is on the register.")
    me, situation = person_facts(request.user, now=now), facts.Situation(now=now)
    next_page = "connect" if may(guidance(), "connect_account", me, facts_of(row), situation) else "account"
    return redirect(f"register:{next_page}", row.pk)


def _place_page(request: HttpRequest, slot: Slot, problems: list[dict[str, str]] | None = None) -> HttpResponse:
    said = {
        "slot": slot,
        "tier": tier_name(slot.tier),
        "typed": request.POST if problems else {"name": slot.name},
        "errors": {"lines": problems} if problems else None,
    }
    return render(request, "register/place.html", said, status=422 if problems else 200)


@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _account_page(request, get_object_or_404(queries.account(account_id)))


@require_POST
def suspend(request: HttpRequest, account_id: UUID) -> HttpResponse:
    news = "is suspended. Nothing goes out there until it is reinstated; what is due is held."
    return _with_reason(request, account_id, actions.suspend_account, news)


@require_POST
def close(request: HttpRequest, account_id: UUID) -> HttpResponse:
    news = "is closed, and its credentials are destroyed. What is due there is held."
    return _with_reason(request, account_id, standing.close_account, news)


@require_POST
def dormant(request: HttpRequest, account_id: UUID) -> HttpResponse:
    news = "is dormant. Nothing goes out there until it is woken."
    return _with_reason(request, account_id, standing.mark_dormant, news)


@require_POST
def wake(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _with_reason(request, account_id, standing.wake_account, "is active again.")


@require_POST
def reinstate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _with_reason(request, account_id, actions.reinstate_account, "is reinstated.")


def _with_reason(request: HttpRequest, account_id: UUID, act: Callable[..., None], news: str) -> HttpResponse:
    row = get_object_or_404(queries.account(account_id))
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _account_page(request, row, lines_of(form))
    try:
        act(by=request.user, account=row, reason=form.cleaned_data["reason"], now=timezone.now())
    except Impossible as error:
        return _account_page(request, row, [{"field": "", "text": str(error)}])
    messages.success(request, f"{row} {news}")
    return redirect("register:account", row.pk)


def _account_page(request: HttpRequest, row: Account, problems: list[dict[str, str]] | None = None) -> HttpResponse:
    now = timezone.now()
    about, situation = account_facts(row), situation_here(now=now)
    me = person_facts(request.user, now=now)
    asked = prepare(guidance(), me, [about])
    may_view = asked.decide("view_account", about, situation).allowed
    connecting = asked.decide("connect_account", about, situation)
    state = state_of(row)
    said = {
        "account": row,
        "tier": tier_name(row.tier),
        "state": state,
        "title": title_of(row, state),
        "needs_spoc": needs_spoc(row),
        "appointers": reserved(guidance(), "appoint_spoc", about, situation),
        "may_appoint": asked.decide("appoint_spoc", about, situation).allowed,
        "may_suspend": asked.decide("suspend_account", about, situation).allowed,
        "may_close": asked.decide("close_account", about, situation).allowed,
        "may_edit": asked.decide("edit_account", about, situation).allowed,
        "may_manage": asked.decide("manage_account", about, situation).allowed,
        "may_propose": asked.decide("propose_review", about, situation).allowed,
        "may_view": may_view,
        "advice": beside(row.audit_ref, me, inside=may_view, now=now),
        "two_needed": standing.needs_second(row, request.user),
        "flags": flags_of(row.slot, row, now=now) if row.status != Account.Status.CLOSED else [],
        "change": row.changes.select_related("by").last(),
        "role_names": {role.key: role.name for role in guidance().pack.roles},
        "look": row.postures.select_related("by").first(),
        "may_ask_direct": asked.decide("ask_direct_access", about, situation).allowed,
        "direct": exceptions.unsettled(row, request.user, now=now),
        "past_the_tool": past_the_tool.pages(row) if may_view else [],
        "direct_state": lambda each: direct_access.state_of(each, now=now),
        "direct_colours": direct_access.COLOURS,
        "known": registry.known(row.network),
        "may_connect": connecting.allowed,
        "refusals": connecting.refusals,
        "application": row.slot.application,
        "typed": request.POST,
        "errors": {"lines": problems} if problems else None,
    }
    return render(request, "register/account.html", said, status=422 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Who are the points of contact of an account, and who could be."""
    row = _appointable(request, account_id)
    if request.method != "POST":
        return _contacts_page(request, row)
    form = AppointmentForm(request.POST)
    chosen = Person.objects.filter(pk=form.cleaned_data["person"]) if form.is_valid() else Person.objects.none()
    now = timezone.now()
    person = next(iter(queries.candidates(row, chosen, now=now)), None)
    if person is None:
        text = "Choose somebody of the account’s unit who may post, and is not a point of contact yet."
        return _contacts_page(request, row, problem=f"{text} Nothing was changed.")
    try:
        actions.appoint_spoc(by=request.user, account=row, person=person, now=now)
    except Impossible as error:
        return _contacts_page(request, row, problem=str(error))
    messages.success(request, f"{person} is a point of contact of {row}.")
    return redirect("register:account", row.pk)


@require_POST
def dismiss(request: HttpRequest, account_id: UUID, spoc_id: int) -> HttpResponse:
    row = _appointable(request, account_id)
    spoc = get_object_or_404(Spoc.objects.select_related("person", "account"), pk=spoc_id, account=row)
    try:
        actions.dismiss_spoc(by=request.user, spoc=spoc, now=timezone.now())
    except Impossible as error:
        return _contacts_page(request, row, problem=str(error))
    messages.success(request, f"{spoc.person} is no longer a point of contact of {row}.")
    return redirect("register:account", row.pk)


def _appointable(request: HttpRequest, account_id: UUID) -> Account:
    """The account. Refused, with reasons, to those who may not appoint its points of contact."""
    row = get_object_or_404(queries.account(account_id))
    require(request.user, "appoint_spoc", facts_of(row), now=timezone.now())
    return row


def _contacts_page(request: HttpRequest, row: Account, *, problem: str = "") -> HttpResponse:
    text = request.GET.get("text", "").strip()
    found = queries.candidates(row, search(text=text), now=timezone.now())
    said = {
        "account": row,
        "text": text,
        "found": found[:ON_A_PAGE],
        "more": len(found) > ON_A_PAGE,
        "needed": wants_spoc(row.tier),
        "errors": {"lines": [{"field": "", "text": problem}]} if problem else None,
    }
    return render(request, "register/contacts.html", said, status=422 if problem else 200)
