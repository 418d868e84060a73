"""The guidance itself: its four questions answered from live data, and every clause with what carries it."""

from __future__ import annotations

from collections import Counter
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mercat.guidance.coverage import coverage
from mercat.people.models import Licence, Person
from mercat.people.pack import guidance as loaded
from mercat.register.models import Account, Slot

STATUS = {"done": ("Carried out", "green"), "part": ("In part", "yellow"), "open": ("Not yet", "grey")}


@require_safe
def guidance(request: HttpRequest) -> HttpResponse:
    """Why the body uses social media, and the way to which, who and how."""
    pack = loaded().pack
    said = {
        "pack": pack,
        "aims": {aim.key: aim.name for aim in pack.aims},
        "places": Slot.objects.filter(closed_at=None).count(),
        "accounts": Account.objects.exclude(status=Account.Status.CLOSED).count(),
        "people": Person.objects.filter(is_active=True).count(),
        "licences": Licence.objects.filter(ended_at=None).count(),
    }
    return render(request, "web/guidance.html", said)


@require_safe
def access(request: HttpRequest) -> HttpResponse:
    """How social media is reached: the path, step by step, and who supplies each."""
    pack = loaded().pack
    steps = [clause for clause in pack.clauses if clause.id in ("2.3", "5.3", "5.4", "5.8", "5.9", "6.1", "6.2", "6.3", "6.4")]
    return render(request, "web/access.html", {"pack": pack, "steps": steps})


@require_safe
def clauses(request: HttpRequest) -> HttpResponse:
    pack = loaded().pack
    rows = {row.id: row for row in _coverage()}
    said = {
        "pack": pack,
        "rows": rows,
        "status": STATUS,
        "counts": Counter(row.status for row in rows.values()),
        "policies": {policy.id: policy for policy in pack.policies},
    }
    return render(request, "web/clauses.html", said)


@cache
def _coverage():
    return coverage(loaded().pack)
