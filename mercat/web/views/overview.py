"""The view over everything that somebody answers for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.delivery.queries import pauses_in_force
from mercat.people.facts import person_facts
from mercat.posts.states import STATES
from mercat.watch.cases.states import STATES as CASE_STATES
from mercat.web.overview import overview as gather


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = gather(person_facts(request.user, now=now), now=now)
    said = {"found": found, "pauses": pauses_in_force(), "states": STATES, "case_states": CASE_STATES}
    return render(request, "web/overview.html", said)
