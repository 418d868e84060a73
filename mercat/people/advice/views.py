"""Pages of advice: the lists, a thread, and asking. What somebody may not read is not there for them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance import facts
from mercat.people.actions import Impossible
from mercat.people.advice import actions, queries
from mercat.people.advice.forms import AskForm, WordsForm
from mercat.people.advice.presenters import line, lines, listed, powers, tabs
from mercat.people.advice.things import Thing, find
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import AdviceThread
from mercat.people.slices import slice_of

ON_A_PAGE = 25

# By the last part of the address: the action, what is missing where nothing was written, and the news.
ACTS: dict[str, tuple[Callable[..., None], str, str]] = {
    "ask": (actions.ask_further, "Enter your question", "Your question is with the team."),
    "answer": (actions.answer, "Enter your answer", "Your answer is in the thread, and whoever asked is told."),
    "close": (actions.close, "Enter why the thread is closed", "The thread is closed."),
    "reopen": (actions.reopen, "Enter why the thread is opened again", "The thread is open again."),
}


@require_safe
def advice(request: HttpRequest) -> HttpResponse:
    """One's own threads, and for the team everybody's; or those about one thing, for those to whom it is open."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    thing = _thing(me, request.GET.get("about", ""))
    adviser = queries.is_adviser(me, now=now)
    lists = tabs(adviser=adviser)
    show = request.GET.get("show", "")
    show = show if show in lists else next(iter(lists))
    rows = queries.about(thing, me, now=now) if thing else listed(show, me)
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    said = {
        "page": page,
        "lines": lines(page, me, now=now),
        "lists": lists,
        "show": show,
        "thing": thing,
        "adviser": adviser,
        "query": urlencode({"about": thing.reference} if thing else {"show": show}) + "&",
    }
    return render(request, "people/advice/list.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask, about the thing that is named in the address or about nothing in particular."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    thing = _thing(me, request.GET.get("about", ""))
    require(request.user, "ask_advice", me, now=now)
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        about = thing.reference if thing else ""
        try:
            thread = actions.ask(by=request.user, about=about, **form.cleaned_data, now=now)
        except Impossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Your question is with the team. You are told when it is answered.")
            return redirect("people:advice-thread", thread.pk)
    said = {"form": form, "thing": thing, "errors": _errors(form)}
    return render(request, "people/advice/new.html", said, status=422 if form.errors else 200)


@require_safe
def thread(request: HttpRequest, thread_id: UUID) -> HttpResponse:
    row, me = _thread(request, thread_id)
    return _page(request, row, me)


@require_POST
def act(request: HttpRequest, thread_id: UUID, name: str) -> HttpResponse:
    """Ask further, answer, close, or open again."""
    row, me = _thread(request, thread_id)
    if name not in ACTS:
        raise Http404
    do, missing, news = ACTS[name]
    form = WordsForm(request.POST, prefix=name, missing=missing)
    if form.is_valid():
        try:
            do(by=request.user, thread=row, text=form.cleaned_data["text"], now=timezone.now())
        except Impossible as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, news)
            return redirect("people:advice-thread", row.pk)
    row.refresh_from_db()
    return _page(request, row, me, form=form)


def _thing(me: facts.Person, reference: str) -> Thing | None:
    """None where nothing is named. What is not there and what may not be seen are the same: Http404."""
    if not reference:
        return None
    thing = find(me, reference, now=timezone.now())
    if thing is None:
        raise Http404
    return thing


def _thread(request: HttpRequest, thread_id: UUID) -> tuple[AdviceThread, facts.Person]:
    """The thread, for those who may read it. Raises Http404."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    row = AdviceThread.objects.select_related("asker__unit").filter(pk=thread_id).first()
    if row is None or not queries.may_read(me, row, now=now):
        raise Http404
    return row, me


def _page(request: HttpRequest, row: AdviceThread, me: facts.Person, *, form: WordsForm | None = None) -> HttpResponse:
    now = timezone.now()
    thing = find(me, row.about, now=now)
    can = powers(row, me, now=now)
    too_late = form is not None and not getattr(can, form.prefix)
    said = {
        "thread": row,
        "line": line(row, {thing.reference: thing} if thing else {}, now=now),
        "thing": thing,
        "messages": row.messages.select_related("by"),
        "powers": can,
        "own": str(row.asker_id) == me.id,
        "typed": request.POST,
        "kept": form.data.get(form.add_prefix("text"), "") if too_late else "",
        "errors": _errors(form, linked=not too_late) if form else None,
    }
    return render(request, "people/advice/thread.html", said, status=422 if form else 200)


def _errors(form: forms.Form, *, linked: bool = True) -> dict[str, object] | None:
    """What is wrong, each by the field that it is about. `linked`: these fields are on the page."""
    found = [
        {"field": form.add_prefix(name) if linked and name != NON_FIELD_ERRORS else "", "text": text}
        for name, texts in form.errors.items()
        for text in texts
    ]
    return {"lines": found, "kept": "Nothing was sent. What you typed is kept."} if found else None
