"""Pages of sending: what is on its way, what waits for a person, and the pause."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mercat.delivery import actions, broadcasts, fetching, meters, removals, spending, states
from mercat.delivery.forms import PauseForm, SeenForm, TakeDownForm
from mercat.delivery.models import Consignment, Pause
from mercat.delivery.presenters import progress, still_moving
from mercat.delivery.queries import (
    FOR_A_PERSON,
    accounts_open_to,
    answered_for_by,
    by_urgency,
    pauses_in_force,
    scopes_open_to,
    seen_by,
    told,
)
from mercat.guidance import facts
from mercat.guidance.gate import reserved
from mercat.people.actions import Impossible
from mercat.people.facts import person_facts
from mercat.people.pack import guidance
from mercat.people.public import public
from mercat.people.slices import slice_of

ON_A_PAGE = 25
SHOWN = {
    "": ("On its way, or waiting for somebody", None),
    "people": ("Waiting for a person", FOR_A_PERSON),
    "future": ("Not due yet", (states.READY,)),
    "sent": ("Out", (states.SENT,)),
    "withdrawn": ("Taken back", (states.WITHDRAWN,)),
}


@require_safe
def sending(request: HttpRequest) -> HttpResponse:
    """Everything that concerns the person, the urgent first. Asked by htmx, only the list."""
    now = timezone.now()
    person = person_facts(request.user, now=now)
    shown = request.GET.get("show", "") if request.GET.get("show", "") in SHOWN else ""
    rows = seen_by(person, now=now)
    wanted = SHOWN[shown][1]
    rows = rows.filter(state__in=wanted) if wanted else rows.exclude(state__in=states.FINAL)
    # One state needs no order of urgency, and is read along its index however many there are.
    ordered = rows.order_by("-due_at", "id") if wanted and len(wanted) == 1 else by_urgency(rows)
    page = slice_of(told(ordered), request.GET.get("page"), size=ON_A_PAGE)
    mine = set(answered_for_by(person, now=now).filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))
    lines = [progress(row, may_act=row.pk in mine, now=now) for row in page]
    said = {
        "lines": lines,
        "moving": still_moving(lines),
        "page": page,
        "shown": shown,
        "choices": [(key, words) for key, (words, _) in SHOWN.items()],
        "now": now,
    }
    return render(request, "delivery/_list.html" if request.htmx else "delivery/sending.html", said)


@public
@require_safe
def medium(request: HttpRequest, token: str) -> FileResponse:
    """A picture or video of a post that is on its way, for the network that fetches it."""
    found = fetching.opened(token, now=timezone.now())
    if found is None:
        raise Http404
    response = FileResponse(found.file, content_type=found.mime)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def limits(request: HttpRequest) -> HttpResponse:
    """How much of the networks' limits is left, for the accounts that the person answers for."""
    now = timezone.now()
    mine = accounts_open_to(person_facts(request.user, now=now), "withdraw", now=now)
    rows = meters.open_to(mine, now=now)
    said = {"rows": rows, "reserve": meters.RESERVE, "budgets": spending.budgets(now=now)}
    return render(request, "delivery/meters.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    scopes = scopes_open_to(person_facts(request.user, now=now), now=now)
    form = PauseForm(request.POST if request.method == "POST" else None, scopes=scopes)
    problem = ""
    if form.is_bound and form.is_valid():
        scope, key = form.scope_and_key
        try:
            actions.pause(by=request.user, scope=scope, key=key, reason=form.cleaned_data["reason"], now=now)
        except Impossible as error:
            problem = str(error)
        else:
            messages.success(request, "Sending is paused. Nothing that it covers starts from now on.")
            return redirect("delivery:pause")
    said = {
        "form": form,
        "scopes": scopes,
        "refusals": reserved(guidance(), "pause", facts.Body(), facts.Situation(now=now)),
        "pauses": pauses_in_force(),
        "ended": Pause.objects.exclude(lifted_at=None).select_related("by", "lifted_by")[:10],
        "held": Consignment.objects.filter(hold=Consignment.Hold.PAUSED).aggregate(count=Count("pk"))["count"],
        "errors": _errors(form, problem),
    }
    return render(request, "delivery/pause.html", said, status=422 if said["errors"] else 200)


@require_POST
def resume(request: HttpRequest, pause_id: int) -> HttpResponse:
    row = get_object_or_404(Pause, pk=pause_id)
    try:
        actions.resume(by=request.user, pause=row, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The pause is lifted, and what it held goes on.")
    return redirect("delivery:pause")


@require_POST
def go_on(request: HttpRequest, consignment_id: UUID) -> HttpResponse:
    row = _consignment(request, consignment_id)
    try:
        actions.let_go_on(by=request.user, consignment=row, now=timezone.now())
    except Impossible as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"It goes on to {row.account}, if the guidance allows it now.")
    return _to_post(row)


@require_http_methods(["GET", "HEAD", "POST"])
def take_down(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Where a post is out and the person answers for it; “only” in the address ticks one of them."""
    now = timezone.now()
    mine = answered_for_by(person_facts(request.user, now=now), now=now)
    out = list(told(mine.filter(post_ref=f"post:{post_id}", state=states.SENT)).order_by("account__network", "pk"))
    hindered = {row.pk: removals.what_hinders(row) for row in out}
    rows = {str(row.pk): row for row in out if not hindered[row.pk]}
    form = TakeDownForm(request.POST if request.method == "POST" else None, which=rows)
    problem = ""
    if form.is_bound and form.is_valid():
        try:
            chosen = [rows[each] for each in form.cleaned_data["which"]]
            removals.take_down(by=request.user, consignments=chosen, why=form.cleaned_data["why"], now=now)
        except Impossible as error:
            problem = str(error)
        else:
            messages.success(request, "It is being taken down. This page tells when the networks show it no more.")
            return redirect("posts:post", post_id)
    only = request.GET.get("only")
    said = {
        "post_id": post_id,
        "rows": list(rows.values()),
        "hindered": [each for each in hindered.values() if each],
        "chosen": form.data.getlist("which") if form.is_bound else [only] if only in rows else list(rows),
        "form": form,
        "errors": _errors(form, problem),
    }
    return render(request, "delivery/take_down.html", said, status=422 if said["errors"] else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def seen(request: HttpRequest, consignment_id: UUID) -> HttpResponse:
    """A person looked at the account, and says whether the post is there."""
    row = _consignment(request, consignment_id)
    form = SeenForm(request.POST if request.method == "POST" else None)
    problem = ""
    if form.is_bound and form.is_valid():
        try:
            _say(request, row, form)
        except Impossible as error:
            problem = str(error)
        else:
            return _to_post(row)
    said = {
        "row": progress(row, may_act=True, now=timezone.now()),
        "form": form,
        "errors": _errors(form, problem),
    }
    return render(request, "delivery/seen.html", said, status=422 if said["errors"] else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def live(request: HttpRequest, consignment_id: UUID) -> HttpResponse:
    """How a live broadcast stands; and start, end, and what the encoder needs. Asked by htmx, only the state."""
    row, now = _consignment(request, consignment_id), timezone.now()
    problem, ingest = "", None
    try:
        broadcasts.may_direct(by=request.user, row=row, now=now)
        do = request.POST.get("do", "")
        if do == "show":
            ingest = broadcasts.ingest_shown(by=request.user, row=row, now=now)
        elif request.method == "POST":
            broadcasts.wish(by=request.user, row=row, wish=do, now=now)
            return redirect("delivery:live", row.pk)
    except Impossible as error:
        if row.state != states.SENT:
            raise Http404 from None
        problem = str(error)
    said = {
        "row": row,
        "post_id": row.post_ref.removeprefix("post:"),
        "broadcast": broadcasts.watched(row, now=now),
        "ingest": ingest,
        "errors": {"lines": [{"field": "", "text": problem}]} if problem else None,
        "now": now,
    }
    page = "delivery/_live.html" if request.htmx else "delivery/live.html"
    return render(request, page, said, status=422 if problem else 200)


def _say(request: HttpRequest, row: Consignment, form: SeenForm) -> None:
    now = timezone.now()
    if form.cleaned_data["seen"] == "there":
        actions.vouch(by=request.user, consignment=row, url=form.cleaned_data["url"], now=now)
        messages.success(request, "Kept: it is out, as you saw it.")
        return
    if actions.deny(by=request.user, consignment=row, now=now).state == states.WITHDRAWN:
        messages.success(
            request, f"Kept: it is not on {row.account}, and not sent again, since its post was taken back."
        )
        return
    messages.success(request, f"It is sent again to {row.account}.")


def _consignment(request: HttpRequest, consignment_id: UUID) -> Consignment:
    """One that the person may follow; anything else does not exist for them."""
    now = timezone.now()
    return get_object_or_404(told(seen_by(person_facts(request.user, now=now), now=now)), pk=consignment_id)


def _to_post(row: Consignment) -> HttpResponse:
    return redirect("posts:post", row.post_ref.removeprefix("post:"))


def _errors(form: PauseForm | SeenForm | TakeDownForm, problem: str) -> dict[str, object] | None:
    lines = [{"field": name, "text": found[0]} for name, found in form.errors.items()] if form.is_bound else []
    if problem:
        lines.append({"field": "", "text": problem})
    return {"lines": lines} if lines else None
