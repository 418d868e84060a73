"""Pages about people: the list, a person's path to posting, and one's own notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST, require_safe

from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import people_facts
from mercat.people.forms import CompletionForm, ReasonForm, ReferenceForm
from mercat.people.models import Notice, Person, Unit
from mercat.people.pack import guidance
from mercat.people.presenters import line, may_end_access, path, rank_name, role_names
from mercat.people.queries import search, steps_of
from mercat.people.slices import slice_of

ON_A_PAGE = 25
FILTERS = ("text", "unit", "role")


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = {name: request.GET.get(name, "").strip() for name in FILTERS}
    joining = request.GET.get("joining") == "yes"
    page = slice_of(search(**wanted, joining=joining), request.GET.get("page"), size=ON_A_PAGE)
    standing = people_facts([row.pk for row in page], now=now)
    said = {
        "lines": [line(row, standing[str(row.pk)], now=now) for row in page],
        "page": page,
        "wanted": wanted,
        "joining": joining,
        "query": urlencode({**wanted, **({"joining": "yes"} if joining else {})}) + "&",
        "units": Unit.objects.all(),
        "roles": guidance().pack.roles,
    }
    return render(request, "people/list.html", said)


@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    return _person_page(request, get_object_or_404(Person.objects.select_related("unit"), pk=person_id))


@require_POST
def take_step(request: HttpRequest, person_id: UUID, action: str) -> HttpResponse:
    """One step of a person's joining, by whoever may take it."""
    row = get_object_or_404(Person.objects.select_related("unit"), pk=person_id)
    step = STEPS.get(action)
    if step is None:
        raise Http404
    try:
        problem, said = step(request, row, timezone.now())
    except Impossible as error:
        problem, said = {"text": str(error)}, ""
    if problem:
        return _person_page(request, row, problem=problem)
    messages.success(request, said)
    return redirect("people:person", row.pk)


def _person_page(request: HttpRequest, row: Person, *, problem: dict[str, str] | None = None) -> HttpResponse:
    now = timezone.now()
    standing = people_facts({row.pk, request.user.pk}, now=now)
    me, them = standing[str(request.user.pk)], standing[str(row.pk)]
    said = {
        "person": row,
        "rank": rank_name(row.rank),
        "roles": role_names(them),
        "steps": path(row, them, steps_of(row), me, now=now),
        "own": row.pk == request.user.pk,
        "may_end": may_end_access(me, them, now=now),
        "typed": request.POST,
        "errors": {"lines": [problem]} if problem else None,
    }
    return render(request, "people/person.html", said, status=422 if problem else 200)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    rows = Notice.objects.filter(person=request.user)
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    return render(request, "people/notices.html", {"page": page, "unread": any(row.read_at is None for row in page)})


@require_POST
def read_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one as read, and go where it leads."""
    row = get_object_or_404(Notice, pk=notice_id, person=request.user)
    Notice.objects.filter(pk=row.pk, read_at=None).update(read_at=timezone.now())
    here = request.POST.get("stay") or not url_has_allowed_host_and_scheme(row.link, {request.get_host()})
    return redirect("people:notices") if here else redirect(row.link)


@require_POST
def read_all_notices(request: HttpRequest) -> HttpResponse:
    Notice.objects.filter(person=request.user, read_at=None).update(read_at=timezone.now())
    messages.success(request, "Every notice is marked as read.")
    return redirect("people:notices")


# The steps: each takes the request, the person and the time, and gives what is wrong with what was typed, or the news.

Problem = dict[str, str] | None
Taken = tuple[Problem, str]


def _nominate(request: HttpRequest, row: Person, now: datetime) -> Taken:
    actions.nominate(by=request.user, person=row, now=now)
    return None, f"{row} is nominated. The course comes next."


def _record_completion(request: HttpRequest, row: Person, now: datetime) -> Taken:
    form = CompletionForm(request.POST)
    if not form.is_valid():
        return _problem(form), ""
    completed = form.cleaned_data["completed"]
    actions.record_completion(by=request.user, person=row, trainer=request.user, completed_at=completed, now=now)
    return None, f"The training of {row} is on record, signed off by you."


def _acknowledge(request: HttpRequest, row: Person, now: datetime) -> Taken:
    if row.pk != request.user.pk:
        raise Impossible("Everybody acknowledges a procedure for themselves. Nothing was changed.")
    for procedure in guidance().pack.procedures:
        actions.acknowledge(by=request.user, document=procedure.key, now=now)
    return None, "Kept: you have read the procedure and accept it."


def _authorise(request: HttpRequest, row: Person, now: datetime) -> Taken:
    actions.authorise(by=request.user, person=row, now=now)
    return None, f"The access of {row} is authorised."


def _confirm(request: HttpRequest, row: Person, now: datetime) -> Taken:
    form = ReferenceForm(request.POST)
    if not form.is_valid():
        return _problem(form), ""
    actions.confirm_training(by=request.user, person=row, reference=form.cleaned_data["reference"], now=now)
    return None, f"The training of {row} is confirmed."


def _open(request: HttpRequest, row: Person, now: datetime) -> Taken:
    actions.open_access(by=request.user, person=row, now=now)
    return None, f"Access is open for {row}."


def _license(request: HttpRequest, row: Person, now: datetime) -> Taken:
    actions.assign_licence(by=request.user, person=row, now=now)
    return None, f"{row} has a licence, and can post."


def _end(request: HttpRequest, row: Person, now: datetime) -> Taken:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _problem(form), ""
    actions.end_access(by=request.user, person=row, reason=form.cleaned_data["reason"], now=now)
    return None, f"The access of {row} is ended."


def _problem(form: CompletionForm | ReferenceForm | ReasonForm) -> dict[str, str]:
    name, found = next(iter(form.errors.items()))
    return {"field": name, "text": found[0]}


STEPS: dict[str, Callable[[HttpRequest, Person, datetime], Taken]] = {
    "nominate": _nominate,
    "record_completion": _record_completion,
    "acknowledge": _acknowledge,
    "authorise_access": _authorise,
    "confirm_training": _confirm,
    "open_access": _open,
    "assign_licence": _license,
    "end_access": _end,
}
