"""The home page: what needs me now?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.people.facts import person_facts
from mercat.web.queries import home as gather


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = gather(request.user, person_facts(request.user, now=now), now=now)
    return render(request, "web/home.html", {"home": found})
