"""Signing in and out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mercat.audit.actions import record
from mercat.people.devices.views import from_anywhere
from mercat.people.models import Person
from mercat.people.signing_in import NO_MATCH, Origin, TooMany, identify


@login_not_required
@never_cache
@sensitive_post_parameters("passphrase")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(_next(request))
        return _page(request)
    email, passphrase = request.POST.get("email", "").strip(), request.POST.get("passphrase", "")
    if not email or not passphrase:
        missing = [name for name in ("email", "passphrase") if not request.POST.get(name)]
        return _page(request, email=email, missing=missing)
    origin = Origin(email.lower(), request.META.get("REMOTE_ADDR", ""), shared=settings.MERCAT_SHARED_ADDRESS)
    try:
        person = identify(origin, passphrase, now=timezone.now(), request=request)
    except TooMany as wait:
        return _page(request, email=email, problem=str(wait), status=429)
    if person is None:
        return _page(request, email=email, problem=NO_MATCH)
    return _welcome(request, person)


@from_anywhere
@require_POST
@transaction.atomic
def sign_out(request: HttpRequest) -> HttpResponse:
    record(by=request.user, what="person.signed_out", about=[request.user.audit_ref], now=timezone.now())
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@transaction.atomic
def _welcome(request: HttpRequest, person: Person) -> HttpResponse:
    """A new session, and on to where the person was, with what they had typed there."""
    kept = request.POST.get("kept", "")
    login(request, person)
    if kept:
        request.session["kept"] = kept
    record(by=person, what="person.signed_in", about=[person.audit_ref], now=timezone.now())
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _page(
    request: HttpRequest, *, email: str = "", problem: str = "", missing: list[str] | None = None, status: int = 200
) -> HttpResponse:
    words = {"email": "Enter your e-mail", "passphrase": "Enter your passphrase"}
    lines = [{"field": name, "text": words[name]} for name in missing or []]
    if problem:
        lines.append({"field": "email", "text": problem})
    said = {
        "errors": {"lines": lines} if lines else None,
        "email": email,
        "email_error": problem or (words["email"] if "email" in (missing or []) else ""),
        "passphrase_error": words["passphrase"] if "passphrase" in (missing or []) else "",
        "next": _next(request),
        "kept": request.POST.get("kept", ""),
    }
    return render(request, "web/sign-in.html", said, status=status)
