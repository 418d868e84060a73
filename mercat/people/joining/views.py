"""Pages of the way to posting: the queues, with each act beside its line, and one's own path."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import Refused
from mercat.guidance.shape import Procedure
from mercat.people import actions
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.forms import CompletionForm, ReasonForm, ReferenceForm
from mercat.people.gate import require
from mercat.people.hr.report import plain
from mercat.people.joining.licences import idle, idle_before, pool, taken
from mercat.people.joining.procedures import accepted_by, readers, reading, seen_by, table
from mercat.people.joining.queues import Queue, counts, queues, rows_of, waiting
from mercat.people.joining.sending_back import send_back
from mercat.people.joining.steps import holders, kept_for, step_before, units_of, with_everything
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.presenters import path, role_name
from mercat.people.queries import matching, steps_of
from mercat.people.slices import slice_of

ON_A_PAGE = 25
NAMED = 5  # of those who hold a queue
Problem = dict[str, str]
NOBODY = "Tick at least one person, or use the button beside them"


@require_safe
def own_path(request: HttpRequest) -> HttpResponse:
    """How far one has come oneself, and whom to ask for the next step."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    steps = path(request.user, me, steps_of(request.user), me, now=now)
    return render(request, "people/joining/own.html", {"person": request.user, "own": True, "steps": steps})


@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """What is to be read and accepted, and whether one has."""
    now = timezone.now()
    mine = accepted_by(request.user)
    sees = bool(seen_by(person_facts(request.user, now=now), now=now))
    lines = [(each, mine.get(each.key)) for each in guidance().pack.procedures]
    said = {"lines": lines, "sees": sees, "owner": _owner_name, "today": timezone.localdate(now)}
    return render(request, "people/joining/procedures.html", said)


def _owner_name(key: str) -> str:
    return guidance().pack.owners.get(key) or role_name(key)


@require_POST
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """One version, which was on the page: when another has come since, that one has to be read first."""
    procedure = _procedure(key)
    if request.POST.get("version") != procedure.version:
        messages.warning(request, "There is a newer version. Nothing was kept: read it, and accept it.")
        return redirect("people:procedures")
    actions.acknowledge(by=request.user, document=procedure.key, now=timezone.now())
    messages.success(request, f"Kept: you have read “{procedure.name}” and accept it.")
    return redirect("people:procedures")


@require_safe
def readings(request: HttpRequest, key: str) -> HttpResponse:
    """Who has accepted a procedure and who has not, of the people whom the viewer answers for; as a file, too."""
    procedure, now = _procedure(key), timezone.now()
    me = person_facts(request.user, now=now)
    units = seen_by(me, now=now)
    if not units:
        require(request.user, "read_acknowledgements", me.unit, now=now)
    if request.GET.get("as") == "csv":
        return _csv(table(procedure, units, now=now), f"{procedure.key}.csv")
    page = slice_of(readers(units), request.GET.get("page"), size=ON_A_PAGE)
    lines = [reading(procedure, person, now=now) for person in page]
    return render(request, "people/joining/readings.html", {"procedure": procedure, "page": page, "lines": lines})


def _csv(rows: Iterable[list[str]], name: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows([plain(cell) for cell in row] for row in rows)
    return response


def _procedure(key: str) -> Procedure:
    found = next((each for each in guidance().pack.procedures if each.key == key), None)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def licences(request: HttpRequest) -> HttpResponse:
    """The pool: what is taken, free and idle, and who waits. A post ends one, with its reason."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    if "assign_licence" not in units_of(me, now):
        require(
            request.user, "assign_licence", with_everything(facts.Person(id="somebody", unit=me.unit), now), now=now
        )
    return _end_licence(request, now) if request.method == "POST" else _licences_page(request, me, now)


def _end_licence(request: HttpRequest, now: datetime) -> HttpResponse:
    if not _is_id(request.POST.get("person", "")):
        raise Http404
    person = get_object_or_404(Person, pk=request.POST["person"])
    form = ReasonForm(request.POST, prefix=f"end-{person.pk}")
    me = person_facts(request.user, now=now)
    if not form.is_valid():
        return _licences_page(request, me, now, problem=_problem(form))
    try:
        actions.end_licence(by=request.user, person=person, reason=form.cleaned_data["reason"], now=now)
    except Impossible as error:
        return _licences_page(request, me, now, problem={"field": "", "text": str(error)})
    messages.success(request, f"The licence of {person} has ended.")
    return redirect("people:licences")


def _licences_page(
    request: HttpRequest, me: facts.Person, now: datetime, *, problem: Problem | None = None
) -> HttpResponse:
    only_idle = request.GET.get("idle") == "yes"
    rows = idle(now=now) if only_idle else taken()
    wait = next((queue for queue in queues() if queue.action == "assign_licence"), None)
    said = {
        "pool": pool(),
        "only_idle": only_idle,
        "idle_before": idle_before(now=now),
        "idle_days": guidance().pack.licences.idle_days,
        "page": slice_of(rows, request.GET.get("page"), size=ON_A_PAGE),
        "waiting": list(waiting(wait, now=now)[:ON_A_PAGE]) if wait else [],
        "typed": request.POST,
        "errors": {"lines": [problem]} if problem else None,
    }
    return render(request, "people/joining/licences.html", said, status=422 if problem else 200)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every queue: whose it is, and, for those who hold it, who waits."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    numbers = {count.queue.key: count for count in counts(me, now=now)}
    own = units_of(me, now)
    lines = [(queue, queue.action in own, numbers.get(queue.key), *_whose(queue, me, now)) for queue in queues()]
    return render(request, "people/joining/queues.html", {"lines": lines})


def _whose(queue: Queue, me: facts.Person, now: datetime) -> tuple[str, list[Person]]:
    """The role whose step it is, and some who hold it for one's own unit."""
    somebody = facts.Person(id="somebody", unit=me.unit)
    clause = kept_for(queue.action, somebody, now)
    held = holders(queue.action, facts.Person(id=me.id, unit=me.unit), now)
    return clause.owner_name if clause else "", list(held[:NAMED])


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest, key: str) -> HttpResponse:
    """One queue. A post takes the step for one person, or for all who are ticked: each by itself, told by itself."""
    found = _queue(key)
    return _act(request, found) if request.method == "POST" else _page(request, found)


@require_POST
def back(request: HttpRequest, key: str, person_id: UUID) -> HttpResponse:
    """Give somebody's step back to the one before."""
    found, person = _queue(key), get_object_or_404(Person, pk=person_id)
    form = ReasonForm(request.POST, prefix=f"back-{person.pk}")
    if not form.is_valid():
        return _page(request, found, problems=[_problem(form)])
    reason = form.cleaned_data["reason"]
    try:
        send_back(by=request.user, person=person, step=found.action, reason=reason, now=timezone.now())
    except Impossible as error:
        return _page(request, found, problems=[{"field": "", "text": str(error)}])
    messages.success(request, f"{person} is sent back. They and whoever nominated them are told.")
    return redirect("people:queue", key)


def _queue(key: str) -> Queue:
    found = next((queue for queue in queues() if queue.key == key), None)
    if found is None:
        raise Http404
    return found


def _act(request: HttpRequest, queue: Queue) -> HttpResponse:
    now = timezone.now()
    chosen = [request.POST["only"]] if request.POST.get("only") else request.POST.getlist("who")
    people = (
        Person.objects.filter(pk__in=filter(_is_id, chosen), is_active=True).select_related("unit").order_by("name")
    )
    if not people:
        return _page(
            request, queue, problems=[{"field": "", "text": "Tick at least one person, or use their own button"}]
        )
    done, problems = [], []
    for person in people:
        problem = _take(request, queue, person, now)
        problems += [problem] if problem else []
        done += [] if problem else [person.name]
    if done:
        messages.success(request, f"{' '.join(f'{name} {queue.told}.' for name in done)}")
    return _page(request, queue, problems=problems) if problems else redirect("people:queue", queue.key)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _take(request: HttpRequest, queue: Queue, person: Person, now: datetime) -> Problem | None:
    """Take the step for one person; what is in the way, if anything is."""
    form = _form(queue, request.POST, person)
    if form is not None and not form.is_valid():
        problem = _problem(form)
        return {**problem, "text": f"{person}: {problem['text']}"}
    try:
        ACTS[queue.action](request.user, person, form.cleaned_data if form else {}, now)
    except Impossible as error:
        return {"field": f"who-{person.pk}", "text": str(error)}
    except Refused as no:
        if queue.action not in units_of(person_facts(request.user, now=now), now):
            raise  # not their step at all
        said = " ".join(f"{each.reason} ({each.clause})" for each in no.decision.refusals)
        return {"field": f"who-{person.pk}", "text": f"{person}: {said}"}
    return None


FORMS: dict[str, type[forms.Form]] = {"record_completion": CompletionForm, "confirm_training": ReferenceForm}
ACTS: dict[str, Callable[[Person, Person, dict, datetime], object]] = {
    "nominate": lambda by, who, typed, now: actions.nominate(by=by, person=who, now=now),
    "record_completion": lambda by, who, typed, now: actions.record_completion(
        by=by, person=who, trainer=by, completed_at=typed["completed"], now=now
    ),
    "authorise_access": lambda by, who, typed, now: actions.authorise(by=by, person=who, now=now),
    "confirm_training": lambda by, who, typed, now: actions.confirm_training(
        by=by, person=who, reference=typed["reference"], now=now
    ),
    "open_access": lambda by, who, typed, now: actions.open_access(by=by, person=who, now=now),
    "assign_licence": lambda by, who, typed, now: actions.assign_licence(by=by, person=who, now=now),
}


def _form(queue: Queue, typed: dict, person: Person) -> forms.Form | None:
    form = FORMS.get(queue.action)
    return form(typed, prefix=f"p-{person.pk}") if form else None


def _problem(form: forms.Form) -> Problem:
    name, found = next(iter(form.errors.items()))
    return {"field": form.add_prefix(name), "text": found[0]}


def _page(request: HttpRequest, queue: Queue, *, problems: list[Problem] | None = None) -> HttpResponse:
    now = timezone.now()
    me = person_facts(request.user, now=now)
    units = units_of(me, now).get(queue.action, set())
    text = request.GET.get("text", "").strip()
    people = matching(waiting(queue, now=now).filter(unit__in=units).exclude(pk=request.user.pk), text)
    page = slice_of(people, request.GET.get("page"), size=ON_A_PAGE)
    supplier, held = _whose(queue, me, now)
    said = {
        "queue": queue,
        "mine": bool(units),
        "page": page,
        "rows": rows_of(queue, page, me, now=now),
        "text": text,
        "query": f"{urlencode({'text': text})}&",
        "to": "" if queue.renewal else step_before(queue.action),
        "supplier": supplier,
        "held": held,
        "typed": request.POST,
        "errors": {"lines": problems} if problems else None,
    }
    return render(request, "people/joining/queue.html", said, status=422 if problems else 200)
