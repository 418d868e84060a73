"""Pages of webhooks: the addresses, and the log of what each was told."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.people.actions import Impossible
from mercat.people.gate import require
from mercat.people.models import Delivery, Endpoint
from mercat.people.slices import slice_of
from mercat.people.webhooks import actions

ON_A_PAGE = 25


class EndpointForm(forms.Form):
    url = forms.CharField(max_length=500, error_messages={"required": "Enter the address"})
    events = forms.MultipleChoiceField(
        choices=[(name, name) for name in actions.EVENTS.values()],
        error_messages={"required": "Choose what the address is told"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def endpoints(request: HttpRequest) -> HttpResponse:
    """Every address; and a form for another, whose secret the answer shows this once."""
    now = timezone.now()
    require(request.user, "administer", facts.Body(), now=now)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    made = None
    if form.is_bound and form.is_valid():
        try:
            made = actions.add(by=request.user, **form.cleaned_data, now=now)
        except Impossible as error:
            form.add_error("url", str(error))
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {
        "made": made,
        "form": EndpointForm() if made else form,
        "events": list(actions.EVENTS.values()),
        "page": slice_of(Endpoint.objects.all(), request.GET.get("page"), size=ON_A_PAGE),
        "errors": {"lines": lines, "kept": "Nothing was saved."} if lines else None,
    }
    return render(request, "people/webhooks.html", said, status=422 if lines else 200)


@require_safe
def log(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """What one address was told, with every try."""
    require(request.user, "administer", facts.Body(), now=timezone.now())
    row = get_object_or_404(Endpoint, pk=endpoint_id)
    deliveries = row.deliveries.prefetch_related("tries").order_by("-at", "pk")
    page = slice_of(deliveries, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "people/webhook-log.html", {"endpoint": row, "page": page})


@require_POST
def end(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    row = get_object_or_404(Endpoint, pk=endpoint_id)
    _take(request, lambda: actions.end(by=request.user, endpoint=row, now=timezone.now()), f"{row} is told no more.")
    return redirect("people:webhooks")


@require_POST
def replay(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    row = get_object_or_404(Delivery, pk=delivery_id)
    said = "It is sent again within some seconds, under the same id."
    _take(request, lambda: actions.replay(by=request.user, delivery=row, now=timezone.now()), said)
    return redirect("people:webhook-log", row.endpoint_id)


def _take(request: HttpRequest, act: Callable[[], None], said: str) -> None:
    try:
        act()
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
