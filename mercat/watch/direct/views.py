"""Pages of posts past the tool: the lists, and one with what is done about it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from mercat.guidance import facts
from mercat.guidance.gate import may, reserved
from mercat.people.actions import Impossible
from mercat.people.advice.things import uuids
from mercat.people.devices.here import situation
from mercat.people.facts import person_facts
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register.facts import facts_of
from mercat.register.forms import lines_of
from mercat.register.models import Account
from mercat.watch.direct import actions, presenters, queries
from mercat.watch.direct.forms import CHOICES, SettleForm
from mercat.watch.models import DirectUse

ON_A_PAGE = 25
Lines = list[dict[str, str]]
FIELD_OF = {"expected": "exception", "taken_down": "taken_down_at", "ours": "ours"}


@require_safe
def direct(request: HttpRequest) -> HttpResponse:
    """What was found on the accounts that this person answers for or oversees."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    accounts = queries.accounts_seen_by(me, now=now)
    show = request.GET.get("show", "")
    show = show if show in queries.LISTS else next(iter(queries.LISTS))
    only = _chosen(me, request.GET.get("account", ""), now=now)
    chosen = [only] if only else accounts
    page = slice_of(queries.listed(chosen, show), request.GET.get("page"), size=ON_A_PAGE)
    account = {"account": str(only.pk)} if only else {}
    said = {
        "page": page,
        "lines": [presenters.line(use) for use in page],
        "lists": {key: (words, urlencode({"show": key, **account})) for key, (words, _) in queries.LISTS.items()},
        "show": show,
        "only": only,
        "accounts": accounts[: queries.ACCOUNTS],
        "troubles": [presenters.trouble(look) for look in queries.troubled(chosen, now=now)],
        "gaps": queries.not_read(chosen),
        "query": urlencode({"show": show, **account}) + "&",
    }
    return render(request, "watch/direct/list.html", said)


@require_safe
def direct_use(request: HttpRequest, use_id: int) -> HttpResponse:
    return _page(request, _use(request, use_id))


@require_POST
def settle(request: HttpRequest, use_id: int) -> HttpResponse:
    use = _use(request, use_id)
    form = SettleForm(request.POST)
    if not form.is_valid():
        return _page(request, use, lines_of(form))
    said = form.cleaned_data
    exceptions = {row.pk: row for row in queries.exceptions_of(use)}
    try:
        actions.settle_direct_use(
            by=request.user,
            use=use,
            outcome=DirectUse.Outcome(said["outcome"]),
            words=said["words"],
            exception=exceptions.get(said["exception"]),
            taken_down_at=said["taken_down_at"],
            ours=said["ours"],
            now=timezone.now(),
        )
    except Impossible as error:
        return _page(request, _use(request, use_id), [{"field": FIELD_OF.get(said["outcome"], ""), "text": str(error)}])
    messages.success(request, "It is settled, and on record.")
    return redirect("watch:direct-use", use.pk)


def _chosen(me: facts.Person, key: str, *, now: datetime) -> Account | None:
    """Raises Http404 for an account that is not there, or not open to whoever looks."""
    if not key:
        return None
    row = Account.objects.filter(pk__in=uuids([key])).first()
    if row is None or not queries.is_open_to(me, row, now=now):
        raise Http404
    return row


def _use(request: HttpRequest, use_id: int) -> DirectUse:
    """What is not there and what may not be seen are the same: Http404."""
    use = get_object_or_404(queries.rows(), pk=use_id)
    now = timezone.now()
    if not queries.is_open_to(person_facts(request.user, now=now), use.account, now=now):
        raise Http404
    return use


def _page(request: HttpRequest, use: DirectUse, problems: Lines | None = None) -> HttpResponse:
    now = timezone.now()
    about, around = facts_of(use.account), situation(now=now)
    me = person_facts(request.user, now=now)
    settles = use.is_open and may(guidance(), "settle_direct_use", me, about, around)
    other = actions.somebody_else(use, request.user.pk, about, now=now) if settles else None
    may_settle = settles and other is None
    waits = use.outcome == DirectUse.Outcome.WAITING  # what was expected asks for nobody
    said = {
        "use": use,
        "line": presenters.line(use),
        "people": presenters.people(use),
        "happenings": presenters.happenings(use),
        "may_settle": may_settle,
        "other": other if waits else None,
        "settling": reserved(guidance(), "settle_direct_use", about, around) if waits and not may_settle else (),
        "choices": [{"value": str(key.value), "text": text} for key, text in CHOICES.items()],
        "exceptions": queries.exceptions_of(use) if may_settle else [],
        "typed": request.POST,
        "errors": {"lines": problems, "kept": "Nothing was changed."} if problems else None,
    }
    return render(request, "watch/direct/one.html", said, status=422 if problems else 200)
