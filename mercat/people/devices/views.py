"""Pages about the device at hand: what it counts as, asking to work from another one, and answering that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import decide, reserved
from mercat.people.actions import Impossible
from mercat.people.devices import break_glass
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.forms import ReasonForm
from mercat.people.gate import require
from mercat.people.models import BreakGlass
from mercat.people.pack import guidance
from mercat.people.slices import slice_of

ON_A_PAGE = 25

View = Callable[..., HttpResponse]


def from_anywhere(view: View) -> View:
    """A page that is open on every device, and may change something there: it is the way out."""
    view.from_anywhere = True
    return view


@from_anywhere
@require_http_methods(["GET", "HEAD", "POST"])
def device(request: HttpRequest) -> HttpResponse:
    """What this device counts as; where it is not the body's, the way to ask for leave."""
    now = timezone.now()
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            break_glass.ask(by=request.user, reason=form.cleaned_data["reason"], now=now)
        except Impossible as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, "You have asked. Those who can allow it are told.")
            return redirect("people:device")
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    said = {
        "form": form,
        "errors": {"lines": lines} if lines else None,
        "device": request.device,
        "asked": BreakGlass.objects.filter(person=request.user, answered_at=None).first(),
        "refusals": reserved(guidance(), "work", facts.Body(), facts.Situation(now=now, managed_device=False)),
        "who": reserved(guidance(), "allow_break_glass", person_facts(request.user, now=now), situation(now=now)),
        "rule": guidance().pack.devices.break_glass,
    }
    return render(request, "people/device.html", said, status=200 if not lines else 422)


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Who asked, who answered, and what is in force: for those who may answer."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    rows = BreakGlass.objects.select_related("person", "answered_by", "ended_by", "person__unit")
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    if not may_answer(me, now=now):
        require(request.user, "administer", facts.Body(), now=now)
    return render(request, "people/device-requests.html", {"page": page, "now": now, "me": request.user})


def may_answer(me: facts.Person, *, now: datetime) -> bool:
    """Whether this person answers such requests: asked about somebody with nothing against them."""
    somebody = facts.Person(id="somebody", unit=me.unit)
    return decide(guidance(), "allow_break_glass", me, somebody, situation(now=now)).allowed


@require_POST
def answer(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(BreakGlass.objects.select_related("person"), pk=row_id)
    allow = request.POST.get("answer") == "allow"
    said = (
        f"{row.person} may work from another device for now." if allow else f"{row.person} is told that it is refused."
    )
    return _back(request, lambda: break_glass.answer(by=request.user, row=row, allow=allow, now=timezone.now()), said)


@require_POST
def end(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(BreakGlass.objects.select_related("person"), pk=row_id)
    said = f"{row.person} works from devices of the body only, from now on."
    return _back(request, lambda: break_glass.end(by=request.user, row=row, now=timezone.now()), said)


def _back(request: HttpRequest, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, said)
    return redirect("people:device-requests")
