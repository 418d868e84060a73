"""A recent proof of who acts, on every page at once: what is shown with a form is checked, and how old it is, kept."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mercat.audit.actions import record
from mercat.people.pack import guidance
from mercat.people.signing_in import factors, proving, step_up
from mercat.people.signing_in.passkeys import passkeys_work

MARK = "proof"  # the field by which a form says that it holds a proof
HELD = "held"  # in a session: what is done once single sign-on has proved it
LARGEST_HELD = 64 * 1024  # characters
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}

Next = Callable[[HttpRequest], HttpResponse]


class Proofs:
    """What is changed on a page is changed by somebody whose last proof was when the session says.

    Where that is too old for what they do, the page that asks for a proof holds what they sent, and sends it again
    together with the proof: nothing is lost, and no script is needed.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or request.method in SAFE:
            return self.get_response(request)
        with step_up.proved_at(step_up.last_proof(request.session)):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> None:
        if request.method in SAFE or MARK not in request.POST or not request.user.is_authenticated:
            return
        request.proof = take_proof(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, step_up.ProofNeeded):
            return asked_for(request, str(exception))
        return None


def take_proof(request: HttpRequest) -> proving.Shown:
    """Check what was shown. If it is right, this session's proof is new."""
    now = timezone.now()
    shown = proving.again(request, now=now)
    if shown.how:
        with transaction.atomic():
            step_up.proved_now(request.session, now=now)
            person = request.user
            record(by=person, what="person.proved", about=[person.audit_ref], facts={"how": shown.how}, now=now)
    return shown


def asked_for(request: HttpRequest, words: str, *, then: str = "") -> HttpResponse:
    """The page that asks for a proof. `then`: where to go afterwards, for what cannot be sent again (files)."""
    shown = getattr(request, "proof", None)
    again = not (then or request.FILES)
    fields = [(name, text) for name, texts in request.POST.lists() for text in texts if name not in _OWN]
    single = request.session.get("how") == "single sign-on"
    if single:
        request.session[HELD] = _held(request, fields, words) if again else None
    problem = shown.problem if shown and not shown.how else ""
    said = {
        "words": words,
        "action": request.get_full_path() if again else "",
        "next": then or request.path,
        "fields": fields if again else [],
        "files": bool(request.FILES),
        "single": single,
        "has_passphrase": request.user.has_usable_password(),
        "has_codes": any(row.type == factors.TOTP_ for row in factors.factors_of(request.user)),
        "has_passkey": passkeys_work(request)
        and any(row.type == factors.PASSKEY for row in factors.factors_of(request.user)),
        "minutes": guidance().pack.sign_in.step_up_minutes,
        "errors": {"lines": [{"field": shown.field, "text": problem}], "kept": "Nothing was done yet."}
        if problem
        else None,
        "problem": problem,
        "field": shown.field if shown else "",
    }
    return render(request, "people/sign-in/prove.html", said, status=shown.status if problem else 403)


def _held(request: HttpRequest, fields: list[tuple[str, str]], words: str) -> dict[str, object] | None:
    size = sum(len(text) for _, text in fields)
    return {"path": request.get_full_path(), "fields": fields, "words": words} if size < LARGEST_HELD else None


_OWN = {MARK, *proving.FIELDS, "csrfmiddlewaretoken"}
