"""On the way in: the second factor, the first one that is set up, passkeys, recovery, and single sign-on."""

from __future__ import annotations

import base64

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.people.actions import Impossible
from mercat.people.devices.views import from_anywhere
from mercat.people.models import Person
from mercat.people.signing_in import factors, proving, recovery, sso, throttle
from mercat.people.signing_in.forms import RecoverForm
from mercat.people.signing_in.passkeys import passkeys_work
from mercat.people.signing_in.welcome import Journey, Pending, come_in, passphrase_was_right, pending, safe_next

NEW = "new_codes"  # in a session: that of one-time codes which are not set up yet
TOO_LATE = "That took too long, or was begun elsewhere. Sign in again."


@login_not_required
@sensitive_post_parameters("code", "passkey")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """A passkey, a one-time code, or a recovery code, after the passphrase."""
    now = timezone.now()
    waiting = pending(request, now=now)
    if waiting is None or not factors.has_any(waiting.person):
        return redirect(settings.LOGIN_URL)
    shown = None
    if request.method == "POST":
        shown = proving.factor(request, waiting.person, now=now)
        if shown.how:
            return come_in(request, waiting.person, f"passphrase and {shown.how}", waiting.journey, now=now)
    kinds = {row.type for row in factors.factors_of(waiting.person)}
    said = {
        "person": waiting.person,
        "has_passkey": factors.PASSKEY in kinds and passkeys_work(request),
        "problem": shown.problem if shown else "",
        "errors": {"lines": [{"field": "code", "text": shown.problem}]} if shown else None,
    }
    return render(request, "people/sign-in/second.html", said, status=shown.status if shown else 200)


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_factor(request: HttpRequest) -> HttpResponse:
    """Whoever has only a passphrase, and needs more, sets it up before anything else."""
    now = timezone.now()
    waiting = pending(request, now=now)
    if waiting is None or factors.has_any(waiting.person):
        return redirect(settings.LOGIN_URL)
    problem = ""
    if request.method == "POST":
        try:
            fresh, how = set_up(request, waiting.person)
        except Impossible as error:
            problem = str(error)
        else:
            return _in_with_codes(request, waiting, fresh, how)
    said = {**set_up_page(request, waiting.person, problem=problem), "person": waiting.person, "first": True}
    return render(request, "people/sign-in/set-up.html", said, status=422 if problem else 200)


def set_up(request: HttpRequest, person: Person) -> tuple[list[str], str]:
    """Add what the form holds: a passkey, or one-time codes. Returns fresh recovery codes, and what it was."""
    now = timezone.now()
    if request.POST.get("passkey"):
        name = request.POST.get("name", "")
        return factors.add_passkey(by=person, name=name, answer=request.POST["passkey"], now=now), "passkey"
    secret, code = request.session.get(NEW, ""), "".join(request.POST.get("code", "").split())
    if not secret or not code:
        raise Impossible("Enter the code that the app shows.")
    fresh = factors.add_codes(by=person, secret=secret, code=code, now=now)
    request.session.pop(NEW, None)
    return fresh, "code"


def set_up_page(request: HttpRequest, person: Person, *, problem: str) -> dict[str, object]:
    secret = request.session.get(NEW) or factors.new_secret()
    request.session[NEW] = secret
    picture = base64.b64encode(factors.picture_of(person, secret).encode()).decode()
    return {
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": f"data:image/svg+xml;base64,{picture}",
        "passkeys_work": passkeys_work(request),
        "problem": problem,
        "errors": {"lines": [{"field": "code", "text": problem}]} if problem else None,
    }


def _in_with_codes(request: HttpRequest, waiting: Pending, fresh: list[str], how: str) -> HttpResponse:
    """Signed in; the recovery codes are shown once, and lead on."""
    on = come_in(request, waiting.person, f"passphrase and {how}", waiting.journey, now=timezone.now())
    page = render(request, "people/sign-in/codes.html", {"codes": fresh, "next": on["Location"]})
    page.cookies.update(on.cookies)
    return page


@login_not_required
@require_safe
def ask_passkey(request: HttpRequest) -> JsonResponse:
    """What the browser asks a passkey: of whoever is signed in or on the way in, or of anybody."""
    if request.user.is_authenticated:
        return JsonResponse(factors.asked_to_show(request.user))
    waiting = pending(request, now=timezone.now())
    return JsonResponse(factors.asked_to_show(waiting.person if waiting else None))


@login_not_required
@require_safe
def make_passkey(request: HttpRequest) -> JsonResponse:
    """What the browser asks to make one: for whoever is signed in, or has nothing beside a passphrase yet."""
    waiting = pending(request, now=timezone.now())
    person = request.user if request.user.is_authenticated else waiting.person if waiting else None
    if person is None or (not request.user.is_authenticated and factors.has_any(person)):
        return JsonResponse({"problem": TOO_LATE}, status=403)
    return JsonResponse(factors.asked_to_make(person))


@login_not_required
@sensitive_post_parameters("passkey")
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Signing in with a passkey alone: it is two factors by itself, the device and what unlocks it."""
    now = timezone.now()
    try:
        person = proving.passkey_alone(request, now=now)
    except throttle.TooMany as wait:
        return _again(request, str(wait), status=429)
    if person is None:
        return _again(request, factors.WRONG_PASSKEY, status=422)
    journey = Journey(request.POST.get("next", ""), request.POST.get("kept", ""))
    return come_in(request, person, "passkey", journey, now=now)


def _again(request: HttpRequest, problem: str, *, status: int) -> HttpResponse:
    said = {
        "errors": {"lines": [{"field": "email", "text": problem}]},
        "email_error": problem,
        "next": safe_next(request, request.POST.get("next", "")),
        "kept": request.POST.get("kept", ""),
        "sso": sso_name(),
        "passkeys_work": passkeys_work(request),
    }
    return render(request, "web/sign-in.html", said, status=status)


def sso_name() -> str:
    """What single sign-on is called here; empty where there is none."""
    return settings.MERCAT_OIDC["name"] if settings.MERCAT_OIDC["issuer"] else ""


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """A new passphrase for the code that two people gave; then a new second factor."""
    form = RecoverForm(request.POST if request.method == "POST" else None)
    wait = False
    if form.is_bound and form.is_valid():
        field, problem, person = _recovered(request, form.cleaned_data)
        if person:
            return passphrase_was_right(request, person, Journey(), now=timezone.now())
        form.add_error(field, problem)
        wait = problem == throttle.WAIT
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {"form": form, "errors": {"lines": lines} if lines else None}
    return render(request, "people/sign-in/recover.html", said, status=429 if wait else 422 if lines else 200)


def _recovered(request: HttpRequest, typed: dict[str, str]) -> tuple[str, str, Person | None]:
    """Field and problem, or whose code it was."""
    now, email = timezone.now(), typed["email"].strip()
    origin = proving.origin_of(request, email)
    if throttle.too_many(origin, now=now):
        return "code", throttle.WAIT, None
    try:
        person = recovery.use(email=email, code=typed["code"], passphrase=typed["passphrase"], now=now)
    except Impossible as error:
        return "passphrase", str(error), None
    if person is None:
        throttle.note_failure(origin, now=now)
    return "code", recovery.WRONG, person


@login_not_required
@require_safe
def single_sign_on(request: HttpRequest) -> HttpResponse:
    """Off to the identity provider. Whoever is signed in goes there to prove it."""
    if not sso_name():
        raise Http404
    if request.user.is_authenticated:
        return sso.begin(request, next_="", proof=True)
    return sso.begin(request, next_=request.GET.get("next", ""), proof=False)


@login_not_required
@from_anywhere
@require_safe
def sso_back(request: HttpRequest) -> HttpResponse:
    if not sso_name():
        raise Http404
    return OAuth2CallbackView.adapter_view(sso.Issuer(request, "sso"))(request)
