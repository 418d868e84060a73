"""The public register: for everybody, without sign-in. Everything here is read from the newest edition in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date
from django.views.decorators.http import require_safe

from mercat.audit.verifier import parse_vkey
from mercat.people.public import public
from mercat.register.public.book import SHELF, Book, Verdict
from mercat.register.public.contents import CLOSED, SUSPENDED, day_of

FRESH = "public, max-age=5, must-revalidate"  # an edition follows the register within ten seconds, these included
NOT_YET = "The register is being prepared. Come back in a moment."

Page = Callable[[HttpRequest, Book], HttpResponse]


def edition(page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """A public page over the newest edition, with what lets caches keep it and ask whether it has changed."""

    @public
    @require_safe
    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        book = SHELF.current()
        if book is None:
            return HttpResponse(f"{NOT_YET}\n", status=503, content_type="text/plain", headers={"Retry-After": "5"})
        response = page(request, book)
        if response.status_code != 200:
            return response
        etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response.headers["ETag"], response.headers["Cache-Control"] = etag, FRESH
        return get_conditional_response(
            request, etag=etag, last_modified=_seconds(response.get("Last-Modified")), response=response
        )

    return view


@edition
def register(request: HttpRequest, book: Book) -> HttpResponse:
    """Every account, by network; closed ones apart."""
    standing = [each for each in book.accounts if each["status"] != CLOSED]
    said = {
        "book": book,
        "networks": [(name, list(each)) for name, each in groupby(standing, key=lambda one: one["network_name"])],
        "closed": [(each, day_of(each["until"])) for each in book.accounts if each["status"] == CLOSED],
    }
    return _dated(render(request, "register/public/register.html", said), book)


@edition
def register_json(request: HttpRequest, book: Book) -> HttpResponse:
    """The very bytes that are signed."""
    return _dated(_for_all(HttpResponse(book.content, content_type="application/json")), book)


@edition
def signature(request: HttpRequest, book: Book) -> HttpResponse:
    return _dated(_for_all(HttpResponse(book.signature, content_type="application/octet-stream")), book)


@edition
def key(request: HttpRequest, book: Book) -> HttpResponse:
    """The public key of the signature, as openssl reads it."""
    public_key = Ed25519PublicKey.from_public_bytes(parse_vkey(book.key).public)
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _for_all(HttpResponse(pem, content_type="application/x-pem-file"))


@edition
def verify(request: HttpRequest, book: Book) -> HttpResponse:
    """Whether an address is an official account's: a page, or JSON for whoever prefers it."""
    asked = request.GET.get("url", "")
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response = _answer(asked, book)
    else:
        said = {"book": book, "asked": asked, "verdict": book.look_up(asked) if asked else None}
        response = render(request, "register/public/verify.html", said)
    response.headers["Vary"] = "Accept"
    return response


@edition
def verify_json(request: HttpRequest, book: Book) -> HttpResponse:
    return _answer(request.GET.get("url", ""), book)


@edition
def atproto_did(request: HttpRequest, book: Book) -> HttpResponse:
    """The identity of the Bluesky account whose handle is the very host that was asked (AT Protocol, handles)."""
    host = request.get_host().partition(":")[0].lower()
    for each in book.accounts:
        if each["network"] == "bluesky" and each["status"] != CLOSED and each["handle"].lower() == host:
            return HttpResponse(each["network_id"], content_type="text/plain")
    raise Http404


@edition
def trust_txt(request: HttpRequest, book: Book) -> HttpResponse:
    """trust.txt (JournalList.net, 1.6): which accounts the body controls, a line each."""
    spoken_for = [each for each in book.accounts if each["status"] not in {CLOSED, SUSPENDED}]
    lines = [f"social={each['address']}" for each in spoken_for if each["address"]]
    said = f"# Official accounts of {book.body['name']}"
    return _dated(_for_all(HttpResponse("\n".join([said, *lines, ""]), content_type="text/plain; charset=utf-8")), book)


def _answer(asked: str, book: Book) -> HttpResponse:
    return _for_all(JsonResponse(answer(asked, book.look_up(asked), book)))


def answer(asked: str, verdict: Verdict, book: Book) -> dict[str, Any]:
    """A verdict for machines, as docs/reference/public-register.md describes it."""
    return {
        "asked": asked,
        "verdict": verdict.verdict,
        "said": verdict.said,
        "warning": verdict.warning,
        "accounts": list(verdict.accounts),
        "looks_like": verdict.looks_like,
        "edition": book.number,
    }


def _dated(response: HttpResponse, book: Book) -> HttpResponse:
    response.headers["Last-Modified"] = http_date(book.at.timestamp())
    return response


def _seconds(said: str | None) -> int | None:
    return parse_http_date(said) if said else None


def _for_all(response: HttpResponse) -> HttpResponse:
    """Open data: pages of any origin may read it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
