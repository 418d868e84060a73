"""One's own sign-in: passphrase, passkeys and codes; where one is signed in; and a proof of who one is."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.audit.actions import record
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.devices.views import from_anywhere
from mercat.people.models import Session
from mercat.people.pack import guidance
from mercat.people.signing_in import factors, proving, step_up
from mercat.people.signing_in.forms import OwnPassphraseForm
from mercat.people.signing_in.middleware import HELD, asked_for
from mercat.people.signing_in.sessions import digest_of, end_sessions, sessions_of
from mercat.people.signing_in.throttle import TooMany, identify
from mercat.people.signing_in.views.entering import set_up, set_up_page
from mercat.people.signing_in.welcome import safe_next


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """How one signs in."""
    found = factors.factors_of(request.user)
    said = {
        "found": [(row, str(row)) for row in found],
        "codes_left": factors.codes_left(request.user),
        "has_codes": any(row.type == factors.TOTP_ for row in found),
        "required": guidance().pack.sign_in.second_factor == "required",
        "relaxed": factors.second_factor_relaxed() and not factors.required(request.user),
        "has_passphrase": request.user.has_usable_password(),
        "how": request.session.get("how", ""),
    }
    return render(request, "people/sign-in/mine.html", said)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Another passkey, or one-time codes."""
    problem = ""
    if request.method == "POST":
        try:
            fresh, _ = set_up(request, request.user)
        except Impossible as error:
            problem = str(error)
        else:
            messages.success(request, "It is added. You sign in with it from now on.")
            return _codes(request, fresh) if fresh else redirect("people:own-sign-in")
    said = {
        **set_up_page(request, request.user, problem=problem),
        "person": request.user,
        "has_codes": any(row.type == factors.TOTP_ for row in factors.factors_of(request.user)),
    }
    return render(request, "people/sign-in/set-up.html", said, status=422 if problem else 200)


@require_POST
def remove(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(Authenticator, pk=row_id, user=request.user, type__in=[factors.TOTP_, factors.PASSKEY])
    return _back(
        request,
        lambda: factors.remove(by=request.user, row=row, now=timezone.now()),
        "It is removed. Nobody signs in with it any more.",
        "people:own-sign-in",
    )


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    try:
        return _codes(request, factors.renew_recovery_codes(by=request.user, now=timezone.now()))
    except Impossible as error:
        messages.warning(request, str(error))
        return redirect("people:own-sign-in")


def _codes(request: HttpRequest, fresh: list[str]) -> HttpResponse:
    return render(request, "people/sign-in/codes.html", {"codes": fresh, "next": ""})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def passphrase(request: HttpRequest) -> HttpResponse:
    """A new one for the old one. Every other session ends."""
    now = timezone.now()
    form = OwnPassphraseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        field, problem = _change(request, form.cleaned_data["old"], form.cleaned_data["passphrase"])
        if not problem:
            step_up.proved_now(request.session, now=now)
            messages.success(request, "You sign in with the new passphrase from now on. Everywhere else you are out.")
            return redirect("people:own-sign-in")
        form.add_error(field, problem)
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {"form": form, "errors": {"lines": lines, "kept": "Nothing was saved."} if lines else None}
    return render(request, "people/sign-in/passphrase.html", said, status=422 if lines else 200)


def _change(request: HttpRequest, old: str, new: str) -> tuple[str, str]:
    """Field and problem, both empty where it is changed."""
    now, person = timezone.now(), request.user
    try:
        if identify(proving.origin_of(request, person.email), old, now=now, request=request) != person:
            return "old", proving.WRONG
        with transaction.atomic():
            actions.set_passphrase(by=person, person=person, passphrase=new, now=now)
            update_session_auth_hash(request, person)
    except TooMany as wait:
        return "old", str(wait)
    except Impossible as error:
        return "passphrase", str(error)
    return "", ""


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    here = digest_of(request.session.session_key)
    rows = sessions_of(request.user, now=timezone.now())
    said = {"rows": rows, "here": here, "rule": guidance().pack.sign_in}
    return render(request, "people/sign-in/sessions.html", said)


@from_anywhere
@require_POST
@transaction.atomic
def end_session(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(Session, pk=row_id, person=request.user)
    if row.digest == digest_of(request.session.session_key):
        messages.warning(request, "This is the session that you are in: sign out to end it. Nothing was changed.")
        return redirect("people:sessions")
    row.delete()
    _ended(request, 1)
    return redirect("people:sessions")


@from_anywhere
@require_POST
@transaction.atomic
def end_others(request: HttpRequest) -> HttpResponse:
    _ended(request, end_sessions(request.user, but=request.session.session_key))
    return redirect("people:sessions")


def _ended(request: HttpRequest, count: int) -> None:
    me = request.user
    record(by=me, what="person.sessions_ended", about=[me.audit_ref], facts={"ended": count}, now=timezone.now())
    messages.success(request, "You are signed out there.")


@from_anywhere
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """After single sign-on proved it: what was begun, ready to go on. And the proof for what is not sent again."""
    if request.method == "POST":
        where = safe_next(request, request.POST.get("next", ""))
        shown = getattr(request, "proof", None)
        if shown is None or not shown.how:
            return asked_for(request, "Go on with what you began", then=where)
        messages.success(request, "Thank you. Now do it again: nothing was sent before.")
        return redirect(where)
    held = request.session.pop(HELD, None)
    if not held:
        messages.success(request, "Thank you. Now do it again: nothing was sent before.")
        return redirect(safe_next(request, ""))
    return render(request, "people/sign-in/go-on.html", {"held": held})


def _back(request: HttpRequest, act: Callable[[], None], said: str, where: str) -> HttpResponse:
    try:
        act()
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect(where)
