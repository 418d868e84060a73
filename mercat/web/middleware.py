"""What every answer of the programme has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control

from mercat.guidance.gate import Refused
from mercat.web.views.errors import cannot_be_kept, refused

Next = Callable[[HttpRequest], HttpResponse]

# Nothing inline, nothing from elsewhere: scripts and styles are files of our own.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
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


def _holds_nul(request: HttpRequest) -> bool:
    """Whether anything sent holds U+0000, which PostgreSQL takes in no text: refused once here, not field by field."""
    sent = [values for given in (request.GET, request.POST) for _, values in given.lists()]
    return any("\0" in text for values in (*sent, request.COOKIES.values()) for text in values)


def _leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL))
