"""The page that compares Hootsuite with what stands here. It changes nothing, and keeps nothing of the file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mercat.people.hr.files import BadFile
from mercat.register.comparing import report
from mercat.register.comparing.files import MOST_BYTES, read


@require_http_methods(["GET", "HEAD", "POST"])
def hootsuite(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    report.allow(request.user, now=now)
    if request.method != "POST":
        return _page(request)
    file = request.FILES.get("file")
    if file is None:
        return _page(request, problem="Choose a file")
    try:
        found = report.compare(read(file.read(MOST_BYTES + 1)), now=now)
    except BadFile as error:
        return _page(request, problem=str(error))
    return _page(request, found=found)


def _page(request: HttpRequest, *, found: report.Comparison | None = None, problem: str = "") -> HttpResponse:
    said: dict[str, Any] = {
        "found": found,
        "colours": report.COLOURS,
        "told_to": report.told_to(),
        "errors": {"lines": [{"field": "file", "text": problem}]} if problem else None,
    }
    return render(request, "register/hootsuite.html", said, status=422 if problem else 200)
