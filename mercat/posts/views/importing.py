"""Importing a bulk file: handing it in, reading what would become of it, and making drafts of it.

Nothing is kept in between: the report's page holds the file, and hands it back when the drafts are to be made.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mercat.people.actions import Impossible
from mercat.people.hr.files import BadFile
from mercat.posts import bulk, importing
from mercat.posts.actions import ID, NotAllowed
from mercat.posts.forms import Said
from mercat.posts.importing import Report, ReportChanged
from mercat.posts.keeping import refusals_said
from mercat.posts.presenters.picker import picker
from mercat.register.facts import accounts_by_id
from mercat.register.models import Account

MOST_TARGETS = 500
NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Given:
    """What was handed in. `seen`: the lines that were shown as good; None where nothing was shown yet."""

    data: bytes = b""
    order: str = ""
    targets: tuple[str, ...] = ()
    seen: tuple[int, ...] | None = None

    @property
    def encoded(self) -> str:
        return b64encode(self.data).decode()


@require_http_methods(["GET", "HEAD", "POST"])
def bulk_file(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        return _form(request, Given(), now=now)
    given = _given(request)
    said = list(_missing(given))
    if said:
        return _form(request, given, said, now=now)
    accounts = _accounts(given)
    try:
        return _look_or_make(request, given, accounts, now)
    except ReportChanged as error:
        return _report(request, given, error.report, accounts, problem=str(error))
    except NotAllowed as error:
        said = refusals_said(error, len(accounts))
    except BadFile as error:
        said = [Said("file", str(error))]
    except Impossible as error:
        said = [Said("targets", str(error))]
    return _form(request, given, said, now=now)


def _look_or_make(request: HttpRequest, given: Given, accounts: list[Account], now: datetime) -> HttpResponse:
    about = {"by": request.user, "data": given.data, "order": given.order, "accounts": accounts, "now": now}
    if given.seen is None:
        return _report(request, given, importing.look_through(**about), accounts)
    made = importing.make_drafts(**about, seen=given.seen)
    words = "1 draft is" if len(made) == 1 else f"{len(made)} drafts are"
    messages.success(request, f"{words} made. Nothing goes out until you submit each and it is approved.")
    return redirect(f"{reverse('posts:list')}?state=draft&mine=yes")


def _given(request: HttpRequest) -> Given:
    file = request.FILES.get("file")
    back = request.POST.get("back", "")
    return Given(
        data=file.read(bulk.MOST_BYTES + 1) if file else _decoded(back),
        order=request.POST["order"] if request.POST.get("order") in bulk.DATES else "",
        targets=tuple(request.POST.getlist("targets")[:MOST_TARGETS]),
        seen=_numbers(request.POST.get("seen", "")) if back and not file else None,
    )


def _decoded(back: str) -> bytes:
    try:
        return b64decode(back, validate=True)
    except ValueError:
        return b""


def _numbers(said: str) -> tuple[int, ...]:
    return tuple(int(each) for each in said.split(",")[: bulk.MOST_LINES] if NUMBER.fullmatch(each))


def _missing(given: Given) -> Sequence[Said]:
    said = []
    if not given.data:
        said.append(Said("file", "Choose a file that is not empty"))
    if not given.order:
        said.append(Said("order", "Say whether its dates begin with the day or the month"))
    if not given.targets:
        said.append(Said("targets", "Choose at least one account"))
    return said


def _accounts(given: Given) -> list[Account]:
    known = accounts_by_id(target for target in given.targets if ID.fullmatch(target))
    return [known[target] for target in dict.fromkeys(given.targets) if target in known]


def _form(request: HttpRequest, given: Given, said: Sequence[Said] = (), *, now: datetime) -> HttpResponse:
    page = {
        "given": given,
        "picker": picker(request.user, given.targets, now=now),
        "most_lines": bulk.MOST_LINES,
        "errors": {"lines": said} if said else None,
    }
    return render(request, "posts/import.html", page, status=422 if said else 200)


def _report(
    request: HttpRequest, given: Given, report: Report, accounts: list[Account], *, problem: str = ""
) -> HttpResponse:
    page = {
        "given": given,
        "report": report,
        "accounts": accounts,
        "errors": {"lines": [{"text": problem}]} if problem else None,
    }
    return render(request, "posts/import-report.html", page, status=422 if problem else 200)
