"""What every answer of the programme has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_cache_control

from mercat.guidance import facts
from mercat.guidance.gate import Refused
from mercat.people.devices import break_glass
from mercat.people.devices.here import SERVER, device_of, may_work, working_from
from mercat.people.gate import require
from mercat.web.views.errors import cannot_be_kept, refused

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
Next = Callable[[HttpRequest], HttpResponse]

# Nothing inline, nothing from elsewhere: scripts and styles are files of our own.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class ContentSecurityPolicy:
    """The policy on every page, and no copies of a person's pages on shared machines."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class Public:
    """Pages for everybody (`people.public`) are answered here, before anything reads who asks or a cookie is set."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            view, args, kwargs = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        if not getattr(view, "public", False):
            return self.get_response(request)
        request.get_host()  # raises where the host is none of ours
        return view(request, *args, **kwargs)


class Failures:
    """Guidance's refusals and what cannot be kept as pages, and a signed-out part of a page as a way to sign in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _holds_nul(request):
            return cannot_be_kept(request)
        response = self.get_response(request)
        if "HX-Request" in request.headers and _leads_to_sign_in(response):
            # A part of a page cannot show the sign-in page; the browser goes there as a whole.
            return HttpResponse(status=401, headers={"HX-Redirect": response["Location"]})
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            return refused(request, exception.decision.refusals)
        return None


class Devices:
    """Nothing is changed, and nothing read, from a device from which the guidance does not allow it (clause 6.4).

    Asked here for every page at once, so that no page can forget it; the actions ask again.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        now = timezone.now()
        request.device = device_of(request, person, now=now) if person.is_authenticated else SERVER
        with working_from(request.device):
            request.read_only = not request.device.managed and not may_work(person, now=now)
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        if request.device.how or not getattr(view, "login_required", True):
            return None
        now, changing = timezone.now(), request.method not in SAFE
        if request.device.broken and changing:
            break_glass.note_use(
                by=request.user, row=request.device.broken, page=request.resolver_match.view_name, now=now
            )
        if getattr(view, "from_anywhere", False):
            return None
        try:
            require(request.user, "work" if changing else "read", facts.Body(), now=now)
        except Refused as no:
            return refused(request, no.decision.refusals)
        return None


def _holds_nul(request: HttpRequest) -> bool:
    """Whether anything sent holds U+0000, which PostgreSQL takes in no text: refused once here, not field by field."""
    sent = [values for given in (request.GET, request.POST) for _, values in given.lists()]
    return any("\0" in text for values in (*sent, request.COOKIES.values()) for text in values)


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL))
