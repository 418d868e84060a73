"""Pages of the authorised structure, and of an account in it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.guidance import facts
from mercat.guidance.gate import decide, reserved
from mercat.networks import registry
from mercat.people.facts import person_facts
from mercat.people.models import Unit
from mercat.people.pack import guidance
from mercat.register import queries
from mercat.register.facts import facts_of
from mercat.register.presenters import STATES, filled, in_use_first, line, needs_spoc, state_of, tier_name

FILTERS = ("network", "tier", "unit", "state", "text")


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Every place in the authorised structure, filled or vacant."""
    wanted = queries.Wanted(**{name: request.GET.get(name, "").strip() for name in FILTERS})
    lines = in_use_first(line(slot) for slot in queries.slots(wanted))
    shown = [each for each in lines if not wanted.state or each.state == wanted.state]
    said = {
        "lines": shown,
        "filled": filled(lines),
        "wanted": wanted,
        "networks": queries.networks_in_use(),
        "tiers": guidance().pack.tiers,
        "units": Unit.objects.all(),
        "states": STATES,
        "filtered": any(getattr(wanted, name) for name in FILTERS),
    }
    return render(request, "register/register.html", said)


@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    row = get_object_or_404(queries.account(account_id))
    now = timezone.now()
    about, situation = facts_of(row), facts.Situation(now=now)
    decision = decide(guidance(), "connect_account", person_facts(request.user, now=now), about, situation)
    state = state_of(row)
    said = {
        "account": row,
        "tier": tier_name(row.tier),
        "state": state,
        "title": STATES[state],
        "needs_spoc": needs_spoc(row),
        "appointers": reserved(guidance(), "appoint_spoc", about, situation),
        "known": registry.known(row.network),
        "may_connect": decision.allowed,
        "refusals": decision.refusals,
        "application": row.slot.application,
    }
    return render(request, "register/account.html", said)
