"""The proof of a post: what was approved, byte for byte, what became of it, and receipts that an outsider can check."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mercat.audit.models import Event
from mercat.audit.receipts import NotYet, inclusion_receipt
from mercat.delivery.presenters import progress
from mercat.posts.presenters.proof import proofs, standing_now
from mercat.posts.presenters.timeline import happenings, may_be_told
from mercat.posts.queries import consignments_open, versions_open
from mercat.posts.views.finding import find


@require_safe
def proof(request: HttpRequest, post_id: UUID) -> HttpResponse:
    now = timezone.now()
    post, _ = find(request, post_id, now=now)
    rows = list(consignments_open(post))
    said = {
        "post": post,
        "standing": standing_now(rows),
        "versions": proofs(post),
        "sending": [(row, progress(row, may_act=False, now=now)) for row in rows],
        "happenings": happenings(post),
    }
    return render(request, "posts/proof.html", said)


@require_safe
def canonical(request: HttpRequest, post_id: UUID, number: int) -> HttpResponse:
    """The very bytes that were approved: their SHA-256 is the digest."""
    post, _ = find(request, post_id, now=timezone.now())
    version = get_object_or_404(versions_open(post).select_related("manifest"), number=number)
    return _download(bytes(version.manifest.canonical), f"post-{post.pk}-version-{number}.json")


@require_safe
def receipt(request: HttpRequest, post_id: UUID, uid: UUID) -> HttpResponse:
    """The proof that one event of the post is in the log."""
    post, _ = find(request, post_id, now=timezone.now())
    event = Event.objects.filter(uid=uid, about__contains=[post.audit_ref]).first()
    if event is None or not may_be_told(event, post):
        raise Http404
    try:
        found = inclusion_receipt(event)
    except NotYet as error:
        messages.warning(request, str(error))
        return redirect("posts:proof", post.pk)
    return _download(json.dumps(found, indent=2).encode(), f"receipt-{uid}.json")


def _download(content: bytes, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type="application/json", headers={"Content-Disposition": disposition})
