"""The guidance itself: its four questions answered from live data, and every clause with what carries it."""

from __future__ import annotations

from collections import Counter
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.guidance.coverage import Row, coverage
from mercat.guidance.policies import action_groups, concerns
from mercat.people.models import Licence, Person
from mercat.people.pack import guidance as loaded
from mercat.register.models import Account, Slot

STATUS = {"done": ("Carried out", "green"), "part": ("In part", "yellow"), "open": ("Not yet", "grey")}
JOINING = ("nominate", "record_completion", "authorise_access", "confirm_training", "open_access", "assign_licence")


@require_safe
def guidance(request: HttpRequest) -> HttpResponse:
    """Why the body uses social media, and the way to which, who and how."""
    said = {
        "aims": {aim.key: aim.name for aim in loaded().pack.aims},
        "slots": Slot.objects.filter(closed_at=None).count(),
        "accounts": Account.objects.exclude(status=Account.Status.CLOSED).count(),
        "people": Person.objects.filter(is_active=True).count(),
        "today": timezone.localdate(),
        "licences": Licence.objects.filter(ended_at=None).count(),
    }
    return render(request, "web/guidance.html", said)


@require_safe
def access(request: HttpRequest) -> HttpResponse:
    """How social media is reached: the clauses that speak of people's way to it, and who does what."""
    steps = [clause for clause in loaded().pack.clauses if clause.id in _clauses_of_joining()]
    return render(request, "web/access.html", {"steps": steps})


@cache
def _clauses_of_joining() -> frozenset[str]:
    """The clauses whose policies decide any step of a joining."""
    groups = action_groups(loaded().pack.cedar_schema)
    steps = [{action, *groups[action]} for action in JOINING if action in groups]
    forbids = [policy for policy in loaded().pack.policies if policy.effect == "forbid"]
    return frozenset(policy.clause for policy in forbids if any(concerns(policy, step) for step in steps))


@login_not_required
@require_safe
def personal_use(request: HttpRequest) -> HttpResponse:
    """For people who use social media as themselves (clauses 1.3, 8.1): from home too, and whoever has no sign-in.

    It asks for nothing, and keeps nothing.
    """
    return render(request, "web/personal-use.html")


@require_safe
def clauses(request: HttpRequest) -> HttpResponse:
    rows = {row.id: row for row in _coverage()}
    said = {
        "rows": rows,
        "status": STATUS,
        "counts": Counter(row.status for row in rows.values()),
        "policies": {policy.id: policy for policy in loaded().pack.policies},
    }
    return render(request, "web/clauses.html", said)


@cache
def _coverage() -> list[Row]:
    return coverage(loaded().pack)
