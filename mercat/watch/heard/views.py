"""The page of what people write to accounts, and the two things to do with each."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mercat.guidance import facts
from mercat.people.actions import Impossible
from mercat.people.advice.things import uuids
from mercat.people.facts import person_facts
from mercat.people.pack import guidance
from mercat.people.slices import slice_of
from mercat.register.models import Account
from mercat.watch.heard import actions, presenters, queries, states
from mercat.watch.models import Heard

ON_A_PAGE = 25
DONE = {
    states.SIGNPOSTED: "They were told whom to call. What they wrote is forgotten here.",
    states.NOTHING: "There was nothing to do. What they wrote is forgotten here.",
}


@require_safe
def heard(request: HttpRequest) -> HttpResponse:
    """What waits on the accounts that this person deals with."""
    now = timezone.now()
    me = person_facts(request.user, now=now)
    accounts = queries.accounts_seen_by(me, now=now)
    only = _chosen(me, request.GET.get("account", ""), now=now)
    chosen = [only] if only else accounts
    by_day = queries.by_day(chosen, now=now)
    page = slice_of(queries.waiting(chosen), request.GET.get("page"), size=ON_A_PAGE)
    said = {
        "page": page,
        "lines": [presenters.line(row) for row in page],
        "only": only,
        "accounts": accounts[: queries.ACCOUNTS],
        "troubles": presenters.troubles(queries.mentions_troubled(chosen, now=now), queries.comments_troubled(chosen)),
        "gaps": queries.not_read(chosen),
        "by_day": by_day[: queries.MOST],
        "is_cut": len(by_day) > queries.MOST,
        "keep_days": guidance().pack.signposting.keep_days,
        "query": f"account={only.pk}&" if only else "",
    }
    return render(request, "watch/heard/list.html", said)


@require_POST
def settle(request: HttpRequest, row_id: int) -> HttpResponse:
    """What is not there and what may not be seen are the same: Http404."""
    now = timezone.now()
    row = get_object_or_404(Heard.objects.select_related("account"), pk=row_id)
    if not queries.is_open_to(person_facts(request.user, now=now), row.account, now=now):
        raise Http404
    outcome = request.POST.get("outcome", "")
    try:
        actions.settle_heard(by=request.user, row=row, outcome=outcome, now=now)
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, DONE[outcome])
    if request.GET.get("account"):
        return redirect(actions.list_of(row.account))
    return redirect("watch:heard")


def _chosen(me: facts.Person, key: str, *, now: datetime) -> Account | None:
    """Raises Http404 for an account that is not there, or not open to whoever looks."""
    if not key:
        return None
    row = Account.objects.filter(pk__in=uuids([key])).first()
    if row is None or not queries.is_open_to(me, row, now=now):
        raise Http404
    return row
