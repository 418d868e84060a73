"""Signing in and out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mercat.audit.actions import record
from mercat.people.devices.views import from_anywhere
from mercat.people.signing_in.passkeys import passkeys_work
from mercat.people.signing_in.proving import origin_of
from mercat.people.signing_in.throttle import NO_MATCH, TooMany, identify
from mercat.people.signing_in.views.entering import sso_name
from mercat.people.signing_in.welcome import Journey, passphrase_was_right, safe_next


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
    try:
        person = identify(origin_of(request, email), passphrase, now=timezone.now(), request=request)
    except TooMany as wait:
        return _page(request, email=email, problem=str(wait), status=429)
    if person is None:
        return _page(request, email=email, problem=NO_MATCH)
    journey = Journey(_next(request), request.POST.get("kept", ""))
    return passphrase_was_right(request, person, journey, now=timezone.now())


@from_anywhere
@require_POST
@transaction.atomic
def sign_out(request: HttpRequest) -> HttpResponse:
    record(by=request.user, what="person.signed_out", about=[request.user.audit_ref], now=timezone.now())
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _next(request: HttpRequest) -> str:
    return safe_next(request, request.POST.get("next") or request.GET.get("next", ""))


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
        "sso": sso_name(),
        "passkeys_work": passkeys_work(request),
    }
    return render(request, "web/sign-in.html", said, status=status)
