"""Pages for what went wrong: each says what happened, what was kept, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from mercat.guidance.decision import Refusal

BROKEN = (
    "It is our fault, not yours. What you had saved is kept, and what is due is still sent on time.",
    "Go back in your browser: what you typed is still there. If it happens again, tell those who run this programme "
    "the time at which it did.",
)
DATABASE_AWAY = (
    "It does not answer, or its disk is full. Nothing of what you just did was kept, not even in part; what was saved "
    "before is safe. Posts that are due go out when the database can be used again, and may be late.",
    "Go back in your browser: what you typed is still there. Try again in a few minutes.",
    "If it lasts, tell those who run this programme: “mercat doctor” on its server says what is wrong. "
    "If a warning cannot wait, tell people another way.",
)
WORDS = {"text": "What you wrote", "reason": "Your reason"}


def refused(request: HttpRequest, refusals: Sequence[Refusal]) -> HttpResponse:
    """403, with every clause in the way and who can put it right."""
    return _page(
        request,
        403,
        "The guidance does not allow this",
        ["Nothing was changed. This stands in the way, and this is who can put it right:"],
        refusals=refusals,
    )


@login_not_required
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    texts = [str(exception) or "This page is not open to you.", "Nothing was changed."]
    return _page(request, 403, "This is not open to you", texts)


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    texts = ["Check the address. What stood here may have been closed, or may never have been here."]
    return _page(request, 404, "There is no such page", texts)


@login_not_required
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    texts = [
        "It was larger than this programme takes, or it did not arrive whole. Nothing of it was kept.",
        "Go back in your browser: what you typed is still there. Shorten it, then save again.",
    ]
    return _page(request, 400, "This could not be read", texts)


def cannot_be_kept(request: HttpRequest) -> HttpResponse:
    """400, for text with U+0000 in it."""
    texts = [
        "It holds a character that cannot be kept (U+0000), as some programmes leave in what is copied from them. "
        "Nothing of it was kept.",
        "Go back in your browser: what you typed is still there. Type that part anew, then save again.",
    ]
    return _page(request, 400, "This could not be read", texts)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where it is the database that failed. Made without the layout, which might be what failed."""
    if isinstance(sys.exc_info()[1], OperationalError):
        return _bare(503, "Mercat’s database cannot be used now", DATABASE_AWAY)
    return _bare(500, "Something went wrong here", BROKEN)


@login_not_required
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Usually a page from before the last sign-in. What was typed is shown, to be copied."""
    texts = [
        "This page was opened before you last signed in, or did not come from here. Nothing was changed.",
        "A post that you were writing is kept as it was last saved by itself. Open it again from your drafts.",
    ]
    typed = [(label, request.POST[name]) for name, label in WORDS.items() if request.POST.get(name)]
    return _page(request, 403, "Open the page again, then repeat this", texts, kept=typed)


def _page(
    request: HttpRequest,
    status: int,
    title: str,
    texts: Sequence[str],
    *,
    refusals: Sequence[Refusal] = (),
    kept: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    said = {"title": title, "texts": texts, "refusals": refusals, "kept": kept}
    return render(request, "web/problem.html", said, status=status)


def _bare(status: int, title: str, texts: Sequence[str]) -> HttpResponse:
    page = loader.get_template("web/broken.html").render({"title": title, "texts": texts})
    return HttpResponse(page, status=status)
