"""Pages of found accounts: the lists, reporting one, and a case with all that is done about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.images.actions import forget, take_in
from mercat.images.models import Picture
from mercat.images.rendering import MAX_UPLOAD, NotAPicture
from mercat.networks import registry
from mercat.people.actions import Impossible
from mercat.people.advice import queries as advice
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register.forms import lines_of
from mercat.register.models import Account
from mercat.watch.cases import actions, presenters, queries
from mercat.watch.cases import states as case_states
from mercat.watch.cases.forms import CloseForm, LookForm, ReportedForm, ReportForm, WordsForm
from mercat.watch.cases.ready import brief_report, ready_report
from mercat.watch.lookalikes import queries as lookalikes
from mercat.watch.models import Case, CaseNote
from mercat.watch.reporting import actions as reporting
from mercat.watch.reporting.presenters import way_of

ON_A_PAGE = 25
Done = TypeVar("Done")
Lines = list[dict[str, str]]
Outcome = Case.Outcome


class NotKept(Impossible):
    """An upload that is no picture, or one too many."""


# By how a case ends: the action.
ENDS: dict[str, Callable[..., object]] = {
    Outcome.TAKEN_DOWN: actions.taken_down,
    Outcome.LEFT_UP: actions.leave_up,
    Outcome.GONE: actions.gone,
    Outcome.REGULARISED: actions.regularise,
}


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Those that wait, and the others by where they stand; for everybody else, what they reported themselves."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    lists = presenters.LISTS if queries.sees_all(me, now=now) else {"mine": presenters.LISTS["mine"]}
    show = request.GET.get("show", "")
    show = show if show in lists else next(iter(lists))
    rows = queries.reported_by(me) if show == "mine" else queries.in_list(show)
    said = {
        "page": slice_of(rows, request.GET.get("page"), size=ON_A_PAGE),
        "lists": lists,
        "show": show,
        "look_alikes": lookalikes.waiting() if queries.sees_all(me, now=now) else None,
        "title_of": presenters.title_of,
        "colours": presenters.COLOURS,
    }
    return render(request, "watch/cases/list.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Tell of an account, with what was seen there."""
    now = timezone.now()
    require(request.user, "report_account", facts.Body(), now=now)
    form = ReportForm(request.POST if request.method == "POST" else None)
    lines: Lines = []
    if form.is_bound and form.is_valid():
        try:
            actions.may_report(by=request.user, address=form.cleaned_data["address"], now=now)
            case = _with_pictures(request, lambda kept: _report(request, form, kept, now))
        except NotKept as error:
            lines = [{"field": "pictures", "text": str(error)}]
        except Impossible as error:
            lines = [{"field": "address", "text": str(error)}]
        else:
            messages.success(request, "You have reported it. You are told what becomes of it.")
            return redirect("watch:case", case.pk)
    lines = lines or lines_of(form)
    said = {
        "typed": request.POST or {"address": request.GET.get("address", "")},
        "most": actions.MOST_PICTURES,
        "errors": _errors(lines, request),
    }
    return render(request, "watch/cases/report.html", said, status=422 if lines else 200)


@require_safe
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    row, me = _case(request, case_id)
    return _page(request, row, me)


@require_safe
def picture(request: HttpRequest, case_id: int, note_id: int) -> HttpResponseBase:
    """A picture of what was seen, to those who see the case from inside."""
    row, me = _case(request, case_id)
    if not queries.sees_all(me, now=timezone.now()):
        raise Http404
    note = get_object_or_404(CaseNote.objects.select_related("picture"), pk=note_id, case=row, picture__isnull=False)
    try:
        file = default_storage.open(note.picture.file)
    except OSError:
        raise Http404 from None
    answer = FileResponse(file, content_type=note.picture.mime)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def look(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        if form.cleaned_data["seen"] != presenters.stands(row):
            raise Impossible(f"Somebody has looked at it meanwhile. {actions.NOTHING} See what they said, then answer.")
        imitates = _official(row, form.cleaned_data["imitates"])
        said = {"answers": form.answers(), "words": form.cleaned_data["words"], "imitates": imitates}
        after = actions.look(by=request.user, case=row, now=now, **said)
        if after.kind == Case.Kind.NEITHER:
            return "It is neither unauthorised nor fake. Nothing about it is kept."
        return f"It is {after.get_kind_display().lower()}. Those who deal with it are told."

    form = LookForm(request.POST)
    return _done(request, case_id, form, act)


@require_POST
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        words = form.cleaned_data["words"]
        require(request.user, "triage_account", facts.Body(), now=now)
        _with_pictures(
            request, lambda kept: actions.note(by=request.user, case=row, words=words, pictures=kept, now=now)
        )
        return "It is noted."

    form = WordsForm(request.POST, missing="Write what you found out", prefix="note")
    return _done(request, case_id, form, act)


@require_POST
def reported(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        actions.report_to_platform(by=request.user, case=row, now=now, **form.cleaned_data)
        return f"Noted. See in {actions.FOLLOW.days} days whether it is still there; you are reminded."

    form = ReportedForm(request.POST, prefix="reported")
    return _done(request, case_id, form, act)


@require_POST
def report_through(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        reporting.ask(by=request.user, case=row, words=_brief(row), now=now)
        return "It goes out within a minute. This page then says what came of it."

    return _done(request, case_id, None, act)


@require_POST
def still_there(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        actions.still_there(by=request.user, case=row, now=now)
        return f"Noted. See again in {actions.FOLLOW.days} days."

    return _done(request, case_id, None, act)


@require_POST
def again(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        actions.report_again(by=request.user, case=row, words=form.cleaned_data["words"], now=now)
        return "Noted. Report it again, with more."

    form = WordsForm(request.POST, missing="Say what the platform answered", prefix="again")
    return _done(request, case_id, form, act)


@require_POST
def close(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        said = form.cleaned_data
        ENDS[said["outcome"]](by=request.user, case=row, words=said["words"], now=now)
        return "The case is closed. Whoever reported it is told."

    form = CloseForm(request.POST, outcomes=[Outcome(each) for each in ENDS], prefix="close")
    return _done(request, case_id, form, act)


@require_POST
def reopen(request: HttpRequest, case_id: int) -> HttpResponse:
    def act(row: Case, now: datetime) -> str:
        actions.reopen(by=request.user, case=row, words=form.cleaned_data["words"], now=now)
        return "The case is open again, and waits to be looked at."

    form = WordsForm(request.POST, missing="Say what was seen", prefix="reopen")
    return _done(request, case_id, form, act)


def _report(request: HttpRequest, form: ReportForm, kept: list[Picture], now: datetime) -> Case:
    said = form.cleaned_data
    return actions.report(by=request.user, pictures=kept, now=now, **said)


def _with_pictures(request: HttpRequest, act: Callable[[list[Picture]], Done]) -> Done:
    """Do it with the uploads as pictures; if it cannot be done, or one of them is none, none of them is kept.

    Raises NotKept, or Impossible.
    """
    kept: list[Picture] = []
    files = request.FILES.getlist("pictures")
    if len(files) > actions.MOST_PICTURES:
        raise NotKept(f"Choose {actions.MOST_PICTURES} pictures at most. Nothing was saved.")
    try:
        for file in files:
            upload = file.read(MAX_UPLOAD + 1)
            kept.append(take_in(by=request.user, name=file.name or "picture", upload=upload, now=timezone.now()))
        return act(kept)
    except NotAPicture as error:
        _forget(kept)
        raise NotKept(f"{error} Nothing was saved.") from error
    except BaseException:
        _forget(kept)
        raise


def _forget(pictures: list[Picture]) -> None:
    for each in pictures:
        forget(each)


def _case(request: HttpRequest, case_id: int) -> tuple[Case, facts.Person]:
    """The case, for those who deal with cases and whoever reported it. What is not there and what may not be seen are
    the same: Http404."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    rows = queries.seen_by(me, now=now).select_related("imitates", "triaged_by", "closed_by", "regularised_as")
    return get_object_or_404(rows, pk=case_id), me


def _official(row: Case, key: str) -> Account | None:
    """One of the body's own accounts on that network, or None."""
    try:
        return queries.official_on(row.network).filter(pk=UUID(key)).first() if key else None
    except ValueError:
        return None


def _done(
    request: HttpRequest, case_id: int, form: forms.Form | None, act: Callable[[Case, datetime], str]
) -> HttpResponse:
    row, me = _case(request, case_id)
    if not queries.sees_all(me, now=timezone.now()):
        raise Http404
    if form is not None and not form.is_valid():
        lines = [{**line, "field": form.add_prefix(line["field"])} for line in lines_of(form)]
        return _page(request, row, me, lines)
    try:
        news = act(row, timezone.now())
    except Impossible as error:
        row, me = _case(request, case_id)
        field = "pictures" if isinstance(error, NotKept) else ""
        return _page(request, row, me, [{"field": field, "text": str(error)}])
    messages.success(request, news)
    return redirect("watch:case", row.pk)


def _page(request: HttpRequest, row: Case, me: facts.Person, lines: Lines | None = None) -> HttpResponse:
    now = timezone.now()
    if not queries.sees_all(me, now=now):
        own = row.notes.filter(by=request.user, kind=CaseNote.Kind.FOUND).select_related("by")
        said = {"case": row, "history": presenters.history(own), "colours": presenters.COLOURS}
        return render(request, "watch/cases/own.html", said | {"title": presenters.title_of(row)})
    can = presenters.powers(row, me, now=now)
    next_ = case_states.NEXT.get(row.state)
    others = next_ and not queries.allows(me, next_, now=now)
    official = list(queries.official_on(row.network)[:50])
    way = way_of(row, _brief(row)) if can.report else None
    said = {
        "case": row,
        "title": presenters.title_of(row),
        "can": can,
        "history": presenters.history(row.notes.select_related("by")),
        "earlier": list(queries.earlier(row)[:5]),
        "official": [{"value": str(each.pk), "text": each.name} for each in official],
        "waiting": reserved(guidance(), next_, facts.Body(), situation(now=now)) if others else (),
        "procedure": registry.report_guide(way.network if way else row.network),
        "report": _ready(row, official) if can.report or can.follow else "",
        "way": way,
        "official_now": actions.official_now(row) if can.unauthorised else None,
        "outcomes": _outcomes(row),
        "advice": advice.beside(row.audit_ref, me, inside=True, now=now),
        "colours": presenters.COLOURS,
        "most": actions.MOST_PICTURES,
        "seen": presenters.stands(row),
        "forgets": any(line["field"] == "forget" for line in lines or []),
        "typed": request.POST,
        "errors": _errors(lines or [], request),
    }
    return render(request, "watch/cases/case.html", said, status=422 if lines else 200)


def _ready(row: Case, official: list[Account]) -> str:
    return ready_report(row, official, register_url=_register())


def _brief(row: Case) -> str:
    return brief_report(row, register_url=_register())


def _register() -> str:
    return str(settings.MERCAT_BASE_URL) + reverse("public:register")


def _outcomes(row: Case) -> list[dict[str, str]]:
    """How this case can end from here."""
    ends = [Outcome.GONE, Outcome.REGULARISED] if row.kind == Case.Kind.UNAUTHORISED else [Outcome.TAKEN_DOWN]
    if row.reported_at and row.kind == Case.Kind.FAKE:
        ends.append(Outcome.LEFT_UP)
    return [{"value": each.value, "text": each.label} for each in ends]


def _errors(lines: Lines, request: HttpRequest) -> dict[str, object] | None:
    if not lines:
        return None
    kept = "What you typed is kept."
    return {"lines": lines, "kept": f"{kept} Choose the pictures again." if request.FILES else kept}
