"""Pages about people: the list, and a person's path to posting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.devices.views import may_answer
from mercat.people.facts import people_facts, person_facts
from mercat.people.forms import (
    CompletionForm,
    DetailsForm,
    PassphraseForm,
    PersonForm,
    ReasonForm,
    ReferenceForm,
    RoleForm,
)
from mercat.people.gate import require
from mercat.people.joining.steps import units_of
from mercat.people.models import HrRecord, Person, RoleGrant, Unit
from mercat.people.moving import change_details
from mercat.people.pack import guidance
from mercat.people.presenters import (
    line,
    may_add_people,
    may_administer,
    may_change_roles,
    may_end_access,
    may_recover,
    path,
    rank_name,
    role_name,
)
from mercat.people.queries import roles_of, search, steps_of
from mercat.people.scope import open_to, units_open_to
from mercat.people.slices import slice_of

ON_A_PAGE = 25
FILTERS = ("text", "unit", "role")


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = {name: request.GET.get(name, "").strip() for name in FILTERS}
    joining = request.GET.get("joining") == "yes"
    me = person_facts(request.user, now=now)
    found = open_to(me, search(**wanted, joining=joining), now=now)
    page = slice_of(found, request.GET.get("page"), size=ON_A_PAGE)
    standing = people_facts([row.pk for row in page], now=now)
    said = {
        "may_add": may_add_people(me, now=now),
        "may_administer": may_administer(me, now=now),
        "may_answer": may_answer(me, now=now),
        "may_see_licences": "assign_licence" in units_of(me, now),
        "lines": [line(row, standing[str(row.pk)], now=now) for row in page],
        "page": page,
        "wanted": wanted,
        "joining": joining,
        "query": urlencode({**wanted, **({"joining": "yes"} if joining else {})}) + "&",
        "units": units_open_to(me, now=now),
        "roles": guidance().pack.roles,
    }
    return render(request, "people/list.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Somebody who is not on the list yet."""
    now = timezone.now()
    require(request.user, "import_people", facts.Body(), now=now)
    form = PersonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            row = actions.register_person(by=request.user, **form.cleaned_data, now=now)
        except Impossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{row} is on the list.")
            return redirect("people:person", row.pk)
    return _form_page(request, "people/new.html", form)


@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    return _person_page(request, _person(request, person_id))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def passphrase(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Set by an administrator, and never shown again."""
    row, now = _person(request, person_id), timezone.now()
    if row == request.user:
        return redirect("people:own-passphrase")
    require(request.user, "administer", facts.Body(), now=now)
    form = PassphraseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.set_passphrase(by=request.user, person=row, passphrase=form.cleaned_data["passphrase"], now=now)
        except Impossible as error:
            form.add_error("passphrase", str(error))
        else:
            messages.success(request, f"{row} signs in with the new passphrase from now on.")
            return redirect("people:person", row.pk)
    return _form_page(request, "people/passphrase.html", form, person=row)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Name, e-mail, staff number, unit and rank put right by hand; no file of the HR system undoes it unasked."""
    row, now = _person(request, person_id), timezone.now()
    require(request.user, "import_people", facts.Body(), now=now)
    form = DetailsForm(request.POST if request.method == "POST" else None, instance=row)
    if form.is_bound and form.is_valid():
        try:
            change_details(by=request.user, person=row, **form.cleaned_data, now=now)
        except Impossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "What you put right is on record.")
            return redirect("people:person", row.pk)
    return _form_page(request, "people/details.html", form, person=_person(request, person_id))


@require_POST
def take_step(request: HttpRequest, person_id: UUID, action: str) -> HttpResponse:
    """One step of a person's joining, or another act about them, by whoever may take it."""
    step = STEPS.get(action)
    if step is None:
        raise Http404
    return _take(request, _person(request, person_id), step)


@require_POST
def end_role(request: HttpRequest, person_id: UUID, grant_id: int) -> HttpResponse:
    row = _person(request, person_id)
    grant = get_object_or_404(row.role_grants.select_related("person"), pk=grant_id)
    return _take(request, row, partial(_end_role, grant=grant))


def _person(request: HttpRequest, person_id: UUID) -> Person:
    """The person. Refused, with reasons, to those whom the guidance keeps out (clause 5.6)."""
    row = get_object_or_404(Person.objects.select_related("unit"), pk=person_id)
    require(request.user, "view_person", row, now=timezone.now())
    return row


def _take(request: HttpRequest, row: Person, step: Step) -> HttpResponse:
    try:
        problem, said = step(request, row, timezone.now())
    except Impossible as error:
        problem, said = {"text": str(error)}, ""
    if problem:
        return _person_page(request, row, problem=problem)
    messages.success(request, said)
    return redirect("people:person", row.pk)


def _form_page(request: HttpRequest, template: str, form: forms.BaseForm, **about: object) -> HttpResponse:
    """A form, with what was typed and what is wrong with it."""
    lines = [
        {"field": "" if name == NON_FIELD_ERRORS else name, "text": text}
        for name, found in form.errors.items()
        for text in found
    ]
    said = {"form": form, "errors": {"lines": lines, "kept": "Nothing was saved."} if lines else None, **about}
    return render(request, template, said, status=422 if lines else 200)


def _person_page(request: HttpRequest, row: Person, *, problem: dict[str, str] | None = None) -> HttpResponse:
    now = timezone.now()
    standing = people_facts({row.pk, request.user.pk}, now=now)
    me, them = standing[str(request.user.pk)], standing[str(row.pk)]
    said = {
        "person": row,
        "rank": rank_name(row.rank),
        "roles": [(grant, role_name(grant.role)) for grant in roles_of(row)],
        "steps": path(row, them, steps_of(row), me, now=now),
        "own": row.pk == request.user.pk,
        "may_end": may_end_access(me, them, now=now),
        "may_change_roles": may_change_roles(me, them, now=now),
        "may_administer": may_administer(me, now=now),
        "may_recover": may_recover(me, them, now=now),
        "may_correct": may_add_people(me, now=now),
        "came_from": HrRecord.objects.filter(person=row).select_related("file").first(),
        "units": Unit.objects.all(),
        "typed": request.POST,
        "errors": {"lines": [problem]} if problem else None,
    }
    return render(request, "people/person.html", said, status=422 if problem else 200)


# The steps: each takes the request, the person and the time, and gives what is wrong with what was typed, or the news.

Problem = dict[str, str] | None
Taken = tuple[Problem, str]
Step = Callable[[HttpRequest, Person, datetime], Taken]


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


def _grant_role(request: HttpRequest, row: Person, now: datetime) -> Taken:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _problem(form), ""
    try:
        grant = actions.grant_role(by=request.user, person=row, **form.cleaned_data, now=now)
    except Impossible as error:
        return {"field": "role", "text": str(error)}, ""
    return None, f"{row} holds the role “{role_name(grant.role)}”."


def _end_role(request: HttpRequest, row: Person, now: datetime, *, grant: RoleGrant) -> Taken:
    form = ReasonForm(request.POST, prefix=f"role-{grant.pk}")
    if not form.is_valid():
        return _problem(form), ""
    actions.end_role(by=request.user, grant=grant, reason=form.cleaned_data["reason"], now=now)
    return None, f"{row} does not hold the role “{role_name(grant.role)}” any more."


def _mark_left(request: HttpRequest, row: Person, now: datetime) -> Taken:
    form = ReasonForm(request.POST, prefix="left")
    if not form.is_valid():
        return _problem(form), ""
    actions.mark_left(by=request.user, person=row, reason=form.cleaned_data["reason"], now=now)
    return None, f"{row} has left: signed out, and without roles and access."


def _mark_returned(request: HttpRequest, row: Person, now: datetime) -> Taken:
    actions.mark_returned(by=request.user, person=row, now=now)
    return None, f"{row} is back on the list, and begins anew: with a passphrase, roles and the path to posting."


def _problem(form: forms.Form) -> dict[str, str]:
    name, found = next(iter(form.errors.items()))
    return {"field": form.add_prefix(name), "text": found[0]}


STEPS: dict[str, Step] = {
    "nominate": _nominate,
    "record_completion": _record_completion,
    "authorise_access": _authorise,
    "confirm_training": _confirm,
    "open_access": _open,
    "assign_licence": _license,
    "end_access": _end,
    "grant_role": _grant_role,
    "mark_left": _mark_left,
    "mark_returned": _mark_returned,
}
