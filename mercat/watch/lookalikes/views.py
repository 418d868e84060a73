"""Pages of look-alikes: the lists, and the two things to do with one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.slices import slice_of
from mercat.watch.cases.queries import allows, sees_all
from mercat.watch.lookalikes import actions, queries
from mercat.watch.models import LookAlike

ON_A_PAGE = 25


@require_safe
def look_alikes(request: HttpRequest) -> HttpResponse:
    """For those who see all cases: what was found, and how each network is searched."""
    _may_see(request)
    now = timezone.now()
    me = person_facts(request.user, now=now)
    show = request.GET.get("show", "")
    show = show if show in queries.LISTS else next(iter(queries.LISTS))
    said = {
        "page": slice_of(queries.in_list(show), request.GET.get("page"), size=ON_A_PAGE),
        "lists": queries.LISTS,
        "show": show,
        "networks": queries.networks(),
        "may_open": allows(me, "report_account", now=now),
        "may_dismiss": allows(me, "triage_account", now=now),
    }
    return render(request, "watch/look-alikes/list.html", said)


@require_POST
def open_case(request: HttpRequest, row_id: int) -> HttpResponse:
    row = _row(request, row_id)
    seen_as = request.POST.get("seen_as", "")
    try:
        case = actions.open_case(by=request.user, row=row, seen_as=seen_as, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
        return redirect("watch:look-alikes")
    messages.success(request, "It is a case now. Say what it is.")
    return redirect("watch:case", case.pk)


@require_POST
def dismiss(request: HttpRequest, row_id: int) -> HttpResponse:
    row = _row(request, row_id)
    seen_as = request.POST.get("seen_as", "")
    try:
        actions.dismiss(by=request.user, row=row, seen_as=seen_as, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
        return redirect("watch:look-alikes")
    messages.success(request, "It is not ours to deal with. What was found of it is forgotten.")
    return redirect("watch:look-alikes")


def _row(request: HttpRequest, row_id: int) -> LookAlike:
    """What is not there and what may not be seen are the same: Http404."""
    _may_see(request)
    return get_object_or_404(LookAlike, pk=row_id)


def _may_see(request: HttpRequest) -> None:
    now = timezone.now()
    if not sees_all(person_facts(request.user, now=now), now=now):
        raise Http404
