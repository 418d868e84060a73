"""Pages of imports: handing a file in, looking at what it would change, choosing, and following it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.people.actions import Impossible
from mercat.people.forms import ImportForm
from mercat.people.gate import require
from mercat.people.hr import imports as actions
from mercat.people.hr.files import MOST_BYTES, BadFile
from mercat.people.hr.presenters import lines_of
from mercat.people.hr.report import report_of
from mercat.people.models import Import, ImportRow
from mercat.people.pack import guidance
from mercat.people.slices import slice_of

ON_A_PAGE = 50
FILES = 25
Kind, State = ImportRow.Kind, Import.State


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The files that came, and the way to hand one in."""
    now = timezone.now()
    require(request.user, "import_people", facts.Body(), now=now)
    posted = request.method == "POST"
    rule = guidance().pack.hr
    form = ImportForm(request.POST, request.FILES) if posted else ImportForm(initial={"whole": rule.whole})
    if posted and form.is_valid():
        typed = form.cleaned_data
        try:
            # One byte more than a file may have is enough to say that it is too large.
            file = actions.receive(
                by=request.user, name=typed["file"].name, data=typed["file"].read(MOST_BYTES + 1),
                source=Import.Source.UPLOAD, whole=typed["whole"], made_at=typed["made"], now=now,
            )  # fmt: skip
        except BadFile as error:
            form.add_error("file", str(error))
        else:
            return redirect("people:import", file.pk)
    lines = [{"field": name, "text": text} for name, found in form.errors.items() for text in found]
    page = slice_of(Import.objects.select_related("received_by"), request.GET.get("page"), size=FILES)
    said = {
        "form": form,
        "errors": {"lines": lines} if lines else None,
        "page": page,
        "counts": {file.pk: actions.in_words(actions.counts_of(file.rows.all())) for file in page},
        "rule": rule,
    }
    return render(request, "people/imports.html", said, status=422 if lines else 200)


@require_safe
def show(request: HttpRequest, import_id: int) -> HttpResponse:
    return _page(request, _import(request, import_id))


@require_safe
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """How far it is; once it is there, the whole page anew."""
    file = _import(request, import_id)
    response = render(request, "people/_import-progress.html", {"file": file, **_how_far(file)})
    if file.state != State.APPLYING:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def report(request: HttpRequest, import_id: int) -> HttpResponse:
    file = _import(request, import_id)
    response = HttpResponse(report_of(file), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"import-{file.pk}.csv")
    return response


@require_POST
def choose(request: HttpRequest, import_id: int) -> HttpResponse:
    """Whole groups, or single rows: `take` and `choice-…`."""
    file, now = _import(request, import_id), timezone.now()
    chosen = {name.removeprefix("choice-"): value for name, value in request.POST.items() if name.startswith("choice-")}
    take = [*request.POST.getlist("take"), *(row for row, whose in chosen.items() if whose == "file")]
    keep = [row for row, whose in chosen.items() if whose == "ours"]
    try:
        count = actions.choose(
            by=request.user, file=file, kinds=request.POST.getlist("group"), take=_numbers(take), keep=_numbers(keep),
            now=now,
        )  # fmt: skip
    except Impossible as error:
        return _page(request, file, problem=str(error))
    if file.state == State.CONFIRMING:
        messages.warning(request, "So many leavers take a second person. They are told; nothing is changed yet.")
    elif count <= actions.AT_ONCE:
        actions.finish(file)
        _say_what_came_of_it(request, file, count)
    return redirect("people:import", file.pk)


def _numbers(given: list[str]) -> list[int]:
    return [int(each) for each in given if each.isdecimal() and len(each) < 19]


def _say_what_came_of_it(request: HttpRequest, file: Import, count: int) -> None:
    file.refresh_from_db()
    undone = file.rows.filter(done_at__gte=file.chosen_at, outcome__in=["stale", "failed"]).count()
    if undone:
        messages.warning(request, f"{count - undone} of {count} are done. Why {undone} are not is told beside them.")
    else:
        messages.success(request, f"{count} done." if count > 1 else "Done.")


ACTS: dict[str, tuple[Callable[..., object], str]] = {
    "confirm": (actions.confirm, "It is confirmed, and being applied."),
    "take-back": (actions.take_back, "Nothing was changed. It can be chosen anew."),
    "look-again": (actions.look_again, "It was compared with the list anew."),
    "close": (actions.close, "It is closed. What was not chosen stays as it is."),
}


@require_POST
def act(request: HttpRequest, import_id: int, act: str) -> HttpResponse:
    """What is done about an import as a whole."""
    if act not in ACTS:
        raise Http404
    file = _import(request, import_id)
    action, said = ACTS[act]
    try:
        action(by=request.user, file=file, now=timezone.now())
    except Impossible as error:
        return _page(request, file, problem=str(error))
    messages.success(request, said)
    return redirect("people:import", file.pk)


def _import(request: HttpRequest, import_id: int) -> Import:
    require(request.user, "import_people", facts.Body(), now=timezone.now())
    return get_object_or_404(Import.objects.select_related("received_by", "chosen_by", "confirmed_by"), pk=import_id)


def _page(request: HttpRequest, file: Import, *, problem: str = "") -> HttpResponse:
    file = _import(request, file.pk)
    counts = actions.counts_of(file.rows.all())
    undecided = actions.counts_of(actions.undecided_of(file))
    wanted = request.GET.get("kind", "")
    shown = wanted if wanted in counts else next(iter(undecided or counts), "")
    rows = file.rows.filter(kind=shown).select_related("person")
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    lines = lines_of(page)
    said = {
        "file": file,
        "counts": counts,
        "undecided": undecided,
        "labels": dict(Kind.choices),
        "shown": shown,
        "page": page,
        "lines": lines,
        "choosing": file.state == State.WAITING and any(line.open for line in lines),
        "groups": [kind for kind in actions.BY_GROUP if undecided.get(kind)] if file.state == State.WAITING else [],
        "stale": file.rows.filter(outcome=ImportRow.Outcome.STALE).count(),
        "own": file.chosen_by_id == request.user.pk,
        "leaving": actions.leaving_of(file).count() if file.state == State.CONFIRMING else 0,
        "errors": {"lines": [{"text": problem}]} if problem else None,
        **_how_far(file),
    }
    return render(request, "people/import.html", said, status=422 if problem else 200)


def _how_far(file: Import) -> dict[str, int]:
    chosen = file.rows.exclude(choice="")
    return {"chosen": chosen.count(), "done": chosen.exclude(outcome="").count()}
