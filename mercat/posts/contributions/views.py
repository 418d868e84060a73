"""Pages of what is handed in: handing in, one's own, what is there to be chosen, and one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.guidance.gate import Refused
from mercat.images.kinds import NotAVideo
from mercat.images.models import Picture, Video
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.gate import require
from mercat.people.models import Unit
from mercat.people.slices import slice_of
from mercat.posts.contents import DraftPicture
from mercat.posts.contributions import MOST_PICTURES, actions, presenters, queries, states
from mercat.posts.contributions.actions import BODY, NOT_HANDED_IN
from mercat.posts.contributions.forms import DeclineForm, HandInForm
from mercat.posts.contributions.queries import Viewer
from mercat.posts.forms import Said, Typed
from mercat.posts.keeping import rearranged, take_in_film, take_in_pictures
from mercat.posts.models import Contribution
from mercat.posts.models.contributions import KINDS
from mercat.posts.views.media import announced, not_taken, served, taken

ON_A_PAGE = 12
KEPT = "contribution"  # what the session calls what was typed here by somebody who was signed out


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """What the person handed in, and what became of it."""
    viewer = _viewer(request, timezone.now())
    page = slice_of(queries.own(request.user), request.GET.get("page"), size=ON_A_PAGE)
    said = {
        "page": page,
        "lines": presenters.lines(page.rows, viewer, queries.out_of(page.rows)),
        "curates": viewer.curates,
    }
    return render(request, "posts/contributions/own.html", said)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Every button sends the whole form, so that everything works without scripts and nothing is lost."""
    if not request.user.is_authenticated:
        return _sign_in_again(request)
    now = timezone.now()
    require(request.user, "contribute", BODY, now=now)
    if request.method == "POST":
        return _act_on_form(request, now)
    form = QueryDict(request.session.get("kept", ""))
    if form.get("post") == KEPT:
        del request.session["kept"]
        messages.warning(request, "This is what you typed before you were signed out. Check it, then hand it in.")
        return _form_page(request, form, _theirs(request, Typed.of_form(form)))
    return _form_page(request, QueryDict(), Typed())


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    here = reverse("posts:contribution-new")
    if request.method != "POST":
        return redirect(f"{reverse('web:sign-in')}?next={here}")
    typed = request.POST.copy()
    typed["post"] = KEPT
    typed.pop("csrfmiddlewaretoken", None)
    said = {"kept": typed.urlencode(), "kept_files": bool(request.FILES), "next": here}
    return render(request, "web/sign-in.html", said, status=401)


def _act_on_form(request: HttpRequest, now: datetime) -> HttpResponse:
    do, files = request.POST.get("do", ""), request.FILES.getlist("files")
    before = _theirs(request, Typed.of_form(request.POST))
    typed, said = take_in_pictures(before, files, by=request.user, most=MOST_PICTURES, now=now)
    typed, film = take_in_film(typed, request.FILES.get("film"), by=request.user, now=now)
    said += film
    came = len(typed.media) > len(before.media)
    typed = rearranged(typed, do)
    if do != "hand-in" or said or came:
        if came and do == "hand-in" and not said:
            messages.info(request, "Added. Say below what it shows, if you can, then hand it in.")
        return _form_page(request, request.POST, typed, said)
    return _hand_in(request, typed, now)


def _hand_in(request: HttpRequest, typed: Typed, now: datetime) -> HttpResponse:
    form = HandInForm(request.POST)
    said = [] if typed.media else [Said("files", "Add a picture or a video")]
    if not form.is_valid():
        said += [Said(name, str(text)) for name, found in form.errors.items() for text in found]
    if said:
        return _form_page(request, request.POST, typed, said)
    typed_words = form.cleaned_data
    try:
        row = actions.hand_in(
            by=request.user,
            words=typed_words["text"],
            place=typed_words["place"],
            taken_on=typed_words["taken_on"],
            pictures=typed.pictures,
            video=typed.video,
            stated=typed_words["stated"],
            now=now,
        )
    except Impossible as error:
        return _form_page(request, request.POST, typed, [Said("", str(error).replace(f" {NOT_HANDED_IN}", ""))])
    messages.success(request, "Handed in. You are told what becomes of it.")
    return redirect("posts:contribution", row.pk)


def _theirs(request: HttpRequest, typed: Typed) -> Typed:
    """Only what the person brought, and did not hand in before."""
    free = {"by": request.user, "handed_in": None}
    rows = Picture.objects.filter(pk__in=[each.id for each in typed.pictures], **free)
    known = set(map(str, rows.values_list("pk", flat=True)))
    pictures: tuple[DraftPicture, ...] = tuple(each for each in typed.pictures if each.id in known)
    video = typed.video if typed.video and Video.objects.filter(pk=typed.video.id, **free).exists() else None
    return replace(typed, pictures=pictures, video=video)


def _form_page(request: HttpRequest, form: QueryDict, typed: Typed, said: Sequence[Said] = ()) -> HttpResponse:
    rows = Picture.objects.in_bulk([UUID(each.id) for each in typed.pictures])
    film = Video.objects.select_related("cover").filter(pk=typed.video.id).first() if typed.video else None
    page = {
        "typed": form,
        "pictures": [presenters.shown_picture(rows[UUID(each.id)], each.alt) for each in typed.pictures],
        "film": film and presenters.shown_video(film, typed.video.alt),
        "film_state": film,
        "most": MOST_PICTURES,
        "today": timezone.localdate(),
        "errors": {"lines": said, "kept": f"{NOT_HANDED_IN} What you typed is kept."} if said else None,
    }
    return render(request, "posts/contributions/new.html", page, status=422 if said else 200)


@require_POST
def announce(request: HttpRequest) -> JsonResponse:
    """Begin to bring a video, as in the composer."""
    now = timezone.now()
    try:
        require(request.user, "contribute", BODY, now=now)
        return announced(request, now=now)
    except (NotAVideo, Refused) as error:
        return not_taken(str(error))


@require_POST
def take_slice(request: HttpRequest, video_id: UUID, number: int) -> JsonResponse:
    now = timezone.now()
    mine = get_object_or_404(Video, pk=video_id, by=request.user)
    try:
        require(request.user, "contribute", BODY, now=now)
        return taken(request, mine, number, now=now)
    except (NotAVideo, Refused) as error:
        return not_taken(str(error))


@require_safe
def medium(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """To whoever brought it, and to those who choose while it may be shown to them. No browser keeps it."""
    found = queries.file_for(_viewer(request, timezone.now()), sha256)
    if found is None:
        raise Http404
    response = served(request, found.file, found.mime)
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def handed_in(request: HttpRequest) -> HttpResponse:
    """For those who choose what is published."""
    now = timezone.now()
    require(request.user, "curate", BODY, now=now)
    asked = request.GET
    state = asked.get("state", "") if asked.get("state") in queries.LISTS else states.WAITING
    kind = asked.get("kind", "") if asked.get("kind") in KINDS else ""
    units = list(Unit.objects.order_by("name"))
    unit = asked.get("unit", "") if asked.get("unit") in {each.pk for each in units} else ""
    page = slice_of(queries.handed_in(state, unit=unit, kind=kind), asked.get("page"), size=ON_A_PAGE)
    said = {
        "page": page,
        "lines": presenters.lines(page.rows, Viewer(request.user, curates=True), queries.out_of(page.rows)),
        "lists": {each: states.STATES[each] for each in queries.LISTS},
        "state": state,
        "kind": kind,
        "kinds": KINDS,
        "unit": unit,
        "units": units,
        "query": urlencode({"state": state, "kind": kind, "unit": unit}) + "&",
    }
    return render(request, "posts/contributions/handed-in.html", said)


@require_safe
def contribution(request: HttpRequest, row_id: UUID) -> HttpResponse:
    row, viewer = _find(request, row_id)
    return _page(request, row, viewer)


@require_POST
def act(request: HttpRequest, row_id: UUID, name: str) -> HttpResponse:
    row, viewer = _find(request, row_id)
    if name not in ACTS:
        raise Http404
    try:
        return ACTS[name](request, row, timezone.now())
    except Impossible as error:
        field = "reason" if name == "decline" else ""
        return _page(request, _find(request, row_id)[0], viewer, [Said(field, str(error))])


def _take_back(request: HttpRequest, row: Contribution, now: datetime) -> HttpResponse:
    actions.take_back(by=request.user, row=row, now=now)
    messages.success(request, "Taken back. Nobody else is shown it from now on.")
    return redirect("posts:contribution", row.pk)


def _make_post(request: HttpRequest, row: Contribution, now: datetime) -> HttpResponse:
    post = actions.make_post(by=request.user, row=row, now=now)
    messages.success(request, "This is a draft of yours now. Check its words and descriptions, then submit it.")
    return redirect("posts:edit", post.pk)


def _decline(request: HttpRequest, row: Contribution, now: datetime) -> HttpResponse:
    form = DeclineForm(request.POST)
    if not form.is_valid():
        raise Impossible(form.errors["reason"][0])
    actions.decline(by=request.user, row=row, reason=form.cleaned_data["reason"], now=now)
    messages.success(request, f"Not used. {row.person} is told why.")
    return redirect("posts:contribution", row.pk)


def _shelve(request: HttpRequest, row: Contribution, now: datetime) -> HttpResponse:
    actions.shelve(by=request.user, row=row, now=now)
    messages.success(request, "Kept for later.")
    return redirect("posts:contribution", row.pk)


def _reopen(request: HttpRequest, row: Contribution, now: datetime) -> HttpResponse:
    actions.reopen(by=request.user, row=row, now=now)
    messages.success(request, "It waits again.")
    return redirect("posts:contribution", row.pk)


ACTS: dict[str, Callable[[HttpRequest, Contribution, datetime], HttpResponse]] = {
    "take-back": _take_back,
    "use": _make_post,
    "decline": _decline,
    "shelve": _shelve,
    "reopen": _reopen,
}


def _viewer(request: HttpRequest, now: datetime) -> Viewer:
    return queries.viewer_of(request.user, person_facts(request.user, now=now), now=now)


def _find(request: HttpRequest, row_id: UUID) -> tuple[Contribution, Viewer]:
    viewer = _viewer(request, timezone.now())
    return get_object_or_404(queries.seen_by(viewer), pk=row_id), viewer


def _page(request: HttpRequest, row: Contribution, viewer: Viewer, said: Sequence[Said] = ()) -> HttpResponse:
    page = {
        "row": row,
        "line": presenters.line(row, viewer, queries.out_of([row])),
        "may": presenters.powers(row, viewer),
        "curates": viewer.curates,
        "own": row.person == request.user,
        "posts": [use.post for use in row.uses.all()] if viewer.curates else [],
        "happenings": presenters.happenings(row),
        "typed": request.POST,
        "errors": {"lines": said} if said else None,
    }
    return render(request, "posts/contributions/contribution.html", page, status=422 if said else 200)
