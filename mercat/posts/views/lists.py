"""The list of posts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from mercat.people.facts import person_facts
from mercat.people.slices import slice_of
from mercat.posts import states
from mercat.posts.contributions.queries import how_many_wait, may_curate
from mercat.posts.presenters.lines import lines
from mercat.posts.queries import accounts_of, open_to, out_since, taken_down, told, written_by

ON_A_PAGE = 25


@require_safe
def posts(request: HttpRequest) -> HttpResponse:
    """The posts open to the person, the latest changed first."""
    now = timezone.now()
    standing = person_facts(request.user, now=now)
    rows = told(open_to(standing, now=now))
    curates = may_curate(standing, now=now)
    state = request.GET.get("state", "") if request.GET.get("state", "") in states.STATES else ""
    mine = request.GET.get("mine") == "yes"
    if state:
        rows = rows.filter(state=state)
    if mine:
        rows = rows.filter(pk__in=written_by(request.user))
    page = slice_of(rows, request.GET.get("page"), size=ON_A_PAGE)
    said = {
        "page": page,
        "lines": lines(page.rows, accounts_of(page.rows), out_since(page.rows), taken_down(page.rows)),
        "state": state,
        "mine": mine,
        "states": states.STATES,
        "curates": curates,
        "handed_in": how_many_wait() if curates else "",
        "query": urlencode({"state": state, **({"mine": "yes"} if mine else {})}) + "&",
    }
    return render(request, "posts/list.html", said)
