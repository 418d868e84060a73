"""Pages of profiles: all accounts, and one with what it shows beside what is assigned to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mercat.guidance.gate import may, reserved
from mercat.images.actions import forget, take_in
from mercat.images.models import Picture
from mercat.images.rendering import MAX_UPLOAD, NotAPicture
from mercat.people.actions import Impossible
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register.facts import facts_of
from mercat.register.forms import lines_of
from mercat.register.models import Account
from mercat.watch.models.profiles import PICTURES
from mercat.watch.profiles import actions, presenters, queries
from mercat.watch.profiles.comparing import branding_of
from mercat.watch.profiles.forms import AssignForm

ON_A_PAGE = 50
Lines = list[dict[str, str]]


@require_safe
def profiles(request: HttpRequest) -> HttpResponse:
    """All accounts of this person's reach, those that are amiss first."""
    now = timezone.now()
    rows = queries.seen_by(person_facts(request.user, now=now), now=now)
    said = {
        "page": slice_of(rows, request.GET.get("page"), size=ON_A_PAGE),
        "amiss": sum(bool(row.findings) for row in rows),
        "seen": any(presenters.look_of(row) for row in rows),
        "standing": presenters.standing,
        "titles": presenters.TITLES,
    }
    return render(request, "watch/profiles/list.html", said)


@require_safe
def profile(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _page(request, _account(request, account_id))


@require_safe
def picture(request: HttpRequest, account_id: UUID, part: str) -> HttpResponseBase:
    """An assigned picture, to those who see the account."""
    branding = branding_of(_account(request, account_id))
    row = getattr(branding, part) if branding and part in {each.value for each in PICTURES} else None
    if row is None:
        raise Http404
    try:
        file = default_storage.open(row.file)
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type=row.mime)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def assign(request: HttpRequest, account_id: UUID) -> HttpResponse:
    row, now = _account(request, account_id), timezone.now()
    require(request.user, "assign_branding", facts_of(row), now=now)
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _page(request, row, lines_of(form))
    kept: dict[str, Picture] = {}
    try:
        for part in PICTURES:
            if file := request.FILES.get(part.value):
                upload = file.read(MAX_UPLOAD + 1)
                kept[part.value] = take_in(by=request.user, name=file.name or "picture", upload=upload, now=now)
        pictures = {part.value: kept.get(part.value) for part in PICTURES}
        actions.assign(by=request.user, account=row, **form.cleaned_data, **pictures, now=now)
    except NotAPicture as error:
        _forget(kept)
        return _page(request, row, [{"field": part.value, "text": f"{error} {actions.NOTHING}"}])
    except Impossible as error:
        _forget(kept)
        return _page(request, row, [{"field": "bio", "text": str(error)}])
    except BaseException:
        _forget(kept)
        raise
    messages.success(request, "It is assigned. What the account shows is compared with it from now on.")
    return redirect("watch:profile", row.pk)


@require_POST
def put_back(request: HttpRequest, account_id: UUID) -> HttpResponse:
    def act(row: Account, now: datetime) -> str:
        actions.ask_to_put_back(by=request.user, account=row, now=now)
        return "It is put back within a minute. What became of it stands on this page."

    return _done(request, account_id, act)


@require_POST
def say_right(request: HttpRequest, account_id: UUID) -> HttpResponse:
    def act(row: Account, now: datetime) -> str:
        part = next((each for each in PICTURES if each.value == request.POST.get("part")), None)
        if part is None:
            raise Http404
        digest = request.POST.get("digest", "")
        actions.say_right(by=request.user, account=row, part=part, digest=digest, now=now)
        return "It is noted as right. You are told when the network shows another one."

    return _done(request, account_id, act)


@require_POST
def messages_off(request: HttpRequest, account_id: UUID) -> HttpResponse:
    def act(row: Account, now: datetime) -> str:
        actions.say_messages_off(by=request.user, account=row, now=now)
        return "It is noted that direct messages are switched off. You are asked again in a year."

    return _done(request, account_id, act)


def _done(request: HttpRequest, account_id: UUID, act: Callable[[Account, datetime], str]) -> HttpResponse:
    row = _account(request, account_id)
    try:
        news = act(row, timezone.now())
    except Impossible as error:
        return _page(request, _account(request, account_id), [{"field": "", "text": str(error)}])
    messages.success(request, news)
    return redirect("watch:profile", row.pk)


def _forget(kept: dict[str, Picture]) -> None:
    for each in kept.values():
        forget(each)


def _account(request: HttpRequest, account_id: UUID) -> Account:
    now = timezone.now()
    row = queries.one_seen_by(person_facts(request.user, now=now), account_id, now=now)
    if row is None:
        raise Http404
    return row


def _page(request: HttpRequest, row: Account, problems: Lines | None = None) -> HttpResponse:
    now = timezone.now()
    about, around, me = facts_of(row), situation(now=now), person_facts(request.user, now=now)
    may_assign = may(guidance(), "assign_branding", me, about, around)
    branding = branding_of(row)
    bio = branding.bio if branding else guidance().pack.body.words.get("bio", "")
    said = {
        "account": row,
        "standing": presenters.standing(row),
        "look": presenters.look_of(row),
        "told": presenters.is_told(row),
        "amiss": presenters.amiss(row),
        "parts": presenters.parts(row, branding),
        "branding": branding,
        "messages_said": presenters.messages(row, now=now),
        "happenings": presenters.happenings(queries.brandings_of(row), queries.changes_of(row)),
        "may_assign": may_assign,
        "may_say_messages": may(guidance(), "edit_account", me, about, around),
        "to_put_back": [part.label for part in actions.to_put_back(row)] if may_assign else [],
        "hindrance": actions.what_hinders(row, branding, request.user) if branding else "",
        "others": () if may_assign else reserved(guidance(), "assign_branding", about, around),
        "typed": request.POST or {"name": branding.name if branding else row.name, "bio": bio},
        "errors": {"lines": problems, "kept": _kept(request)} if problems else None,
    }
    return render(request, "watch/profiles/one.html", said, status=422 if problems else 200)


def _kept(request: HttpRequest) -> str:
    return f"What you typed is kept.{' Choose the pictures again.' if request.FILES else ''}"
