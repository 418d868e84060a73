"""Addresses for machines: health, robots, and the pack's colours as a style sheet."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mercat.people.pack import guidance


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while pages and database answer; the supervisor and load balancers ask it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Networks that fetch media ask here first."""
    open_ = ("/official/", "/sending/media/")
    lines = ["User-agent: *", *(f"Allow: {place}" for place in open_), "Disallow: /", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@login_not_required
@require_safe
def pack_style(request: HttpRequest, digest: str) -> HttpResponse:
    """The pack's colours as CSS variables. The address changes with the pack, so that browsers keep it."""
    colours = guidance().pack.body.colours.items()
    rules = "".join(f"--mercat-{name}:{colour};" for name, colour in colours)
    response = HttpResponse(f":root{{{rules}}}\n", content_type="text/css")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
