"""Pages of figures: of what went out lately, and of one post."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_safe

from mercat.people.facts import person_facts
from mercat.people.slices import slice_of
from mercat.posts.presenters.lines import excerpt
from mercat.posts.queries import is_inside, open_to
from mercat.watch.figures import presenters, queries
from mercat.watch.figures.table import table_of

ON_A_PAGE = 25


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What went out in the last 30 days, with totals."""
    now = timezone.now()
    wanted = _wanted(request)
    listed = queries.went_out(person_facts(request.user, now=now), wanted, now=now)
    sort = request.GET.get("sort", "")
    sort = sort if sort in presenters.SORTS else presenters.BY_TIME
    found = presenters.ordered(presenters.lines(listed.rows), sort)
    chosen = _chosen(wanted)
    said = {
        "page": slice_of(found, request.GET.get("page"), size=ON_A_PAGE),
        "total": presenters.total("All of these", found),
        "by_pillar": presenters.totals_by_pillar(listed.rows),
        "by_unit": presenters.totals_by_unit(listed.rows),
        "more": listed.more,
        "most": queries.MOST,
        "days": queries.SPAN.days,
        "wanted": wanted,
        "filtered": bool(chosen),
        "choices": queries.choices(now=now),
        "sort": sort,
        "sorts": {key: (words, urlencode({**chosen, "sort": key})) for key, words in presenters.SORTS.items()},
        "query": urlencode(chosen),
        "here": urlencode({**chosen, "sort": sort}) + "&",
        "words": presenters.WORDS,
        "meanings": presenters.MEANINGS,
    }
    return render(request, "watch/figures/list.html", said)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The same, to take away."""
    now = timezone.now()
    listed = queries.went_out(person_facts(request.user, now=now), _wanted(request), now=now)
    response = HttpResponse(table_of(listed.rows), content_type="text/csv; charset=utf-8")
    name = f"figures-{timezone.localtime(now):%Y-%m-%d}.csv"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


@require_safe
def of_post(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """One post's figures on each account, and how they grew. What may not be seen is not there: Http404."""
    now = timezone.now()
    post = open_to(person_facts(request.user, now=now), now=now).filter(pk=post_id).first()
    if post is None:
        raise Http404
    rows = queries.of_post(post)
    told = [presenters.told(row, inside=is_inside(post)) for row in rows]
    said = {
        "post": post,
        "excerpt": excerpt(presenters.words_of(rows[0])) if rows else "",
        "told": told,
        "total": presenters.together([each.cells for each in told]),
        "words": presenters.WORDS,
        "meanings": presenters.MEANINGS,
    }
    return render(request, "watch/figures/post.html", said)


def _wanted(request: HttpRequest) -> queries.Wanted:
    return queries.Wanted(*(request.GET.get(name, "") for name in ("pillar", "unit", "network")))


def _chosen(wanted: queries.Wanted) -> dict[str, str]:
    named = {"pillar": wanted.pillar, "unit": wanted.unit, "network": wanted.network}
    return {name: value for name, value in named.items() if value}
