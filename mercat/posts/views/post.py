"""A post's page, and what is decided there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mercat.delivery.manifest import contents
from mercat.delivery.models import Consignment
from mercat.delivery.presenters import Corrected, Progress, progress, still_moving, told_correction
from mercat.delivery.queries import all_paused, answered_for_by
from mercat.guidance import facts
from mercat.networks.port import Altered
from mercat.people.actions import Impossible
from mercat.people.advice.queries import beside
from mercat.posts import actions, states
from mercat.posts.actions import NotAllowed
from mercat.posts.contributions.queries import made_of, viewer_of
from mercat.posts.facts import targets_of
from mercat.posts.models import Post
from mercat.posts.presenters import page
from mercat.posts.presenters.becoming import becoming
from mercat.posts.presenters.diff import Change
from mercat.posts.presenters.lines import COLOURS, pillar_name, title_of
from mercat.posts.presenters.timeline import happenings
from mercat.posts.queries import (
    consignments_open,
    corrections_of,
    is_inside,
    may_be_tried_again,
    out_since,
    taken_down,
)
from mercat.posts.views.finding import find
from mercat.register.models import Account

STOP_POLLING = 286  # htmx: swap this, and ask no more
SHOWN_THERE = "The proof shows what is stored, who approved this post, and when."
MOST_LOOKED_AT = 50  # posts that a session remembers the versions of


@require_safe
def post(request: HttpRequest, post_id: UUID) -> HttpResponse:
    row, person = find(request, post_id, now=timezone.now())
    if row.current is None:
        return redirect("posts:edit", row.pk) if row.state == states.DRAFT else _page(request, row, person)
    return _page(request, row, person)


@require_safe
def live(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """The sending panel by itself, for htmx to ask until everything is over."""
    row, person = find(request, post_id, now=timezone.now())
    rows, correcting = _progress(row, person), _correcting(row, person)
    status = 200 if still_moving([*rows, *correcting]) else STOP_POLLING
    said = {
        "sending": rows,
        "correcting": correcting,
        "happenings": happenings(row),
        "powers": _powers(row, person, rows, correcting),
    }
    return render(request, "posts/_sending.html", said, status=status)


@require_POST
def decide(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Approve, send back or reject exactly the version that the page showed."""
    now = timezone.now()
    row, person = find(request, post_id, now=now)
    do, reason = request.POST.get("do", ""), request.POST.get("reason", "").strip()
    given = {"by": request.user, "post": row, "digest": request.POST.get("digest", ""), "now": now}
    try:
        if do == "approve":
            messages.success(request, _approved(actions.approve(**given)))
        elif do == "send_back":
            late = actions.send_back(**given, reason=reason)
            _say(request, "Sent back to its author, with your reason.", late)
        elif do == "reject":
            late = actions.reject(**given, reason=reason)
            _say(request, "Rejected, with your reason. Its author has been told.", late)
        else:
            raise Http404
    except (Impossible, NotAllowed) as error:
        return _page(request, row, person, problem=_told(error, reason))
    return redirect("posts:post", row.pk)


@require_POST
def withdraw(request: HttpRequest, post_id: UUID) -> HttpResponse:
    now = timezone.now()
    row, person = find(request, post_id, now=now)
    reason = request.POST.get("reason", "").strip()
    try:
        late = actions.withdraw(by=request.user, post=row, reason=reason, now=now)
    except (Impossible, NotAllowed) as error:
        return _page(request, row, person, problem={"field": "withdraw-reason", "text": str(error)})
    _say(request, "Withdrawn. Nothing more of it goes out.", late)
    return redirect("posts:post", row.pk) if row.current else redirect("posts:list")


@require_POST
def correct(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Begin a draft that corrects the words of a post that is out, and go on in the composer."""
    now = timezone.now()
    row, person = find(request, post_id, now=now)
    try:
        draft = actions.correct(by=request.user, post=row, now=now)
    except (Impossible, NotAllowed) as error:
        return _page(request, row, person, problem={"field": "", "text": str(error)})
    return redirect("posts:edit", draft.pk)


@require_POST
def correct_again(request: HttpRequest, post_id: UUID, correction_id: int) -> HttpResponse:
    """Try again what could not be corrected on one account."""
    now = timezone.now()
    row, _ = find(request, post_id, now=now)
    correction = get_object_or_404(corrections_of(row).select_related("manifest"), pk=correction_id)
    account = correction.consignment.account
    try:
        actions.correct_again(by=request.user, post=row, correction=correction, now=now)
    except (Impossible, NotAllowed) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"It is tried again on {account}, if the guidance allows it now.")
    return redirect("posts:post", row.pk)


def _say(request: HttpRequest, done: str, late: list[Consignment]) -> None:
    if late:
        messages.warning(request, f"{done} {actions.too_late_for(late)}")
    else:
        messages.success(request, done)


def _approved(consignments: list[Consignment]) -> str:
    if not consignments:
        return "Approved. It goes out when the others have approved it too."
    if all_paused(consignments):
        return "Approved. Sending is paused: it goes out by itself when the pause is lifted."
    accounts = len({each.account_id for each in consignments})
    where = "" if accounts == 1 else f" to {accounts} accounts"
    return f"Approved. It is on its way{where}."


def _told(error: Exception, reason: str) -> dict[str, str]:
    return {"field": "" if reason else "reason", "text": str(error)}


def _page(
    request: HttpRequest, row: Post, person: facts.Person, *, problem: dict[str, str] | None = None
) -> HttpResponse:
    out = out_since([row]).get(row.audit_ref)
    try:
        version = _version(request, row, person) if row.current else {}
    except Altered as error:
        return _altered(request, row, str(error))
    said = {
        "post": row,
        "out": out,
        "state": title_of(row, out, down=row.audit_ref in taken_down([row])),
        "colour": COLOURS[row.state],
        "remarks": list(row.remarks.all()) if is_inside(row) else [],
        "happenings": happenings(row),
        "advice": beside(row.audit_ref, person, inside=is_inside(row), now=timezone.now()),
        "made_of": made_of(row, viewer_of(request.user, person, now=timezone.now())),
        "typed_reason": request.POST.get("reason", ""),
        "errors": {"lines": [problem]} if problem else None,
        **version,
    }
    return render(request, "posts/post.html", said, status=422 if problem else 200)


def _altered(request: HttpRequest, row: Post, reason: str) -> HttpResponse:
    """What this post says cannot be shown as what was approved."""
    texts = [reason, "Nothing was changed. Tell the information security officer.", SHOWN_THERE]
    link = {"text": "Proof of this post", "href": reverse("posts:proof", args=[row.pk])}
    said = {"title": "This post was altered in the store", "texts": texts, "link": link}
    return render(request, "web/problem.html", said, status=409)


def _version(request: HttpRequest, row: Post, person: facts.Person) -> dict[str, object]:
    now = timezone.now()
    version = row.current
    said = contents(version.manifest)
    accounts = targets_of(version)
    standing = page.standings(version, accounts)
    rows, correcting = _progress(row, person), _correcting(row, person)
    return {
        "version": version,
        "said": said,
        "lang": said["language"],
        "begins": datetime.fromisoformat(said["begins"]) if said.get("begins") else None,
        "pillar": pillar_name(version.pillar),
        "sayings": page.sayings(row, said, accounts, now=now),
        "described": page.described(row, said["media"]),
        "standings": standing,
        "powers": page.powers(
            row, version, person, accounts, standing=standing, sending=rows, correcting=correcting, now=now
        ),
        "difference": _difference(request, row, accounts),
        "becoming": becoming(row) if is_inside(row) and row.state in (states.SUBMITTED, states.APPROVED) else [],
        "sending": rows,
        "correcting": correcting,
        "moving": still_moving([*rows, *correcting]),
        "late": version.due_at is not None and version.due_at <= now,
    }


def _powers(row: Post, person: facts.Person, rows: list[Progress], correcting: list[Corrected]) -> page.Powers | None:
    if row.current is None:
        return None
    accounts = targets_of(row.current)
    standing = page.standings(row.current, accounts)
    return page.powers(
        row, row.current, person, accounts, standing=standing, sending=rows, correcting=correcting, now=timezone.now()
    )


def _difference(request: HttpRequest, row: Post, accounts: list[Account]) -> tuple[int, list[Change]] | None:
    if not is_inside(row):
        return None
    return page.difference(row, _last_looked(request, row), page.names_in(accounts))


def _progress(row: Post, person: facts.Person) -> list[Progress]:
    now = timezone.now()
    rows = list(consignments_open(row))
    if not rows:
        return []
    mine = set(answered_for_by(person, now=now).filter(post_ref=row.audit_ref).values_list("pk", flat=True))
    return [progress(each, may_act=each.pk in mine, now=now) for each in rows]


def _correcting(row: Post, person: facts.Person) -> list[Corrected]:
    rows = list(corrections_of(row))
    again = may_be_tried_again(row, rows, person, now=timezone.now())
    return [told_correction(each, each.consignment.account, may_try_again=each.pk in again) for each in rows]


def _last_looked(request: HttpRequest, row: Post) -> int | None:
    """The version that this person looked at before the present one, in this session or when they last decided."""
    looked = request.session.get("looked", {})
    number, before = looked.get(str(row.pk), (None, None))
    if number != row.current.number:
        number, before = row.current.number, number or _last_decided(request, row)
        kept = {key: value for key, value in list(looked.items())[-MOST_LOOKED_AT:] if key != str(row.pk)}
        request.session["looked"] = {**kept, str(row.pk): (number, before)}
    return before


def _last_decided(request: HttpRequest, row: Post) -> int | None:
    decided = row.versions.filter(remarks__by=request.user) | row.versions.filter(approvals__approver=request.user)
    return decided.exclude(pk=row.current_id).order_by("-number").values_list("number", flat=True).first()
