"""The composer. Every button submits the whole form, so that everything works without scripts and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mercat.guidance import facts
from mercat.images.models import Picture
from mercat.networks import registry
from mercat.networks.port import Network
from mercat.people.actions import Impossible
from mercat.people.advice.queries import beside
from mercat.people.pack import guidance
from mercat.posts import actions
from mercat.posts.actions import NOT_SUBMITTED, ChangedElsewhere, DoesNotFit, NotAllowed
from mercat.posts.attached import Attached, found_video
from mercat.posts.contents import Draft
from mercat.posts.forms import ALT, LANGUAGES, VARIANT, Said, Typed
from mercat.posts.keeping import keep, rearranged, refusals_said, take_in_captions, take_in_film, take_in_pictures
from mercat.posts.models import Post
from mercat.posts.presenters.picker import Picker, picker
from mercat.posts.presenters.preview import by_network, film_of, previews, shown_picture, use_of
from mercat.posts.queries import drafts_of, is_inside
from mercat.posts.views.finding import find

KEPT = f"{NOT_SUBMITTED} What you typed is kept."
ELSEWHERE = "This post was changed in another window after you opened it here, so this page no longer saves by itself."
CHANGED = (
    "This post was changed in another window after you opened it here. Nothing was overwritten. "
    "What you typed is still here: save again to put it in place of the other."
)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A button starts an empty sheet, or takes up the one that lies there. The address alone changes nothing."""
    if request.method != "POST":
        return render(request, "posts/new.html")
    empty = drafts_of(request.user).filter(draft=Draft().stored()).first()
    post = empty or actions.compose(by=request.user, draft=Draft(), now=timezone.now())
    return redirect("posts:edit", post.pk)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, post_id: UUID) -> HttpResponse:
    if not request.user.is_authenticated:
        return _sign_in_again(request, post_id)
    now = timezone.now()
    try:
        post, person = _editable(request, post_id, now)
    except (Impossible, NotAllowed) as error:
        return _too_late(request, post_id, str(error))
    if request.method != "POST":
        return _page(request, post, person, _typed_before(request, post), now=now)
    return _act(request, post, person, now)


def _too_late(request: HttpRequest, post_id: UUID, reason: str) -> HttpResponse:
    """The post or the person moved on in the meantime. Words that were typed are shown, to be taken along."""
    if request.method != "POST":
        messages.warning(request, reason)
        return redirect("posts:post", post_id)
    kept = [("What you wrote", request.POST["text"])] if request.POST.get("text") else []
    texts = [reason] if "Nothing was changed." in reason else [reason, "Nothing was changed."]
    said = {"title": "This post can no longer be changed", "texts": texts, "kept": kept}
    return render(request, "web/problem.html", said, status=409)


@login_not_required
@require_POST
def autosave(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Asked by htmx while somebody types: keeps the draft, and answers with counts and previews."""
    if not request.user.is_authenticated:
        return render(request, "posts/_signed_out.html")
    now = timezone.now()
    try:
        post, _ = _editable(request, post_id, now)
        typed = Typed.of_form(request.POST)
        said = keep(by=request.user, post=post, typed=typed, base=request.POST.get("base", ""), now=now)
        post.refresh_from_db(fields=["changed_at"])
    except ChangedElsewhere:
        return render(request, "posts/_not_saved.html", {"reason": ELSEWHERE})
    except (Impossible, NotAllowed) as error:
        return render(request, "posts/_not_saved.html", {"reason": str(error)})
    live = _live(request, post, typed, _picker(request, typed, now), now)
    return render(request, "posts/_live.html", {**live, "said": said, "now": now})


def _act(request: HttpRequest, post: Post, person: facts.Person, now: datetime) -> HttpResponse:
    do = request.POST.get("do", "save")
    files = request.FILES.getlist("files")
    typed, said = take_in_pictures(Typed.of_form(request.POST), files, by=request.user, now=now)
    typed, film = take_in_film(typed, request.FILES.get("film"), by=request.user, now=now)
    typed, captions = take_in_captions(typed, request.FILES.get("captions-file"))
    said += [*film, *captions]
    typed = rearranged(typed, do)
    unsaved = True
    try:
        with transaction.atomic():  # what is submitted is what this person sent, with nobody else's words in between
            not_kept = keep(by=request.user, post=post, typed=typed, base=request.POST.get("base", ""), now=now)
            said, unsaved = [*said, *not_kept], bool(not_kept)
            if do == "submit" and not said:
                said = _why_not_submitted(request, post, typed, now)
    except ChangedElsewhere:
        said.append(Said("", CHANGED))
    except (NotAllowed, Impossible) as error:
        said += [_on_field(each, typed) for each in _why(error, typed)]
    if said:
        return _page(request, post, person, typed, said=said, unsaved=unsaved, now=now)
    return _done(request, post, do)


def _why_not_submitted(request: HttpRequest, post: Post, typed: Typed, now: datetime) -> list[Said]:
    """Submits what was just kept; or says all that stands in the way at once, and it stays kept."""
    try:
        actions.submit(by=request.user, post=post, now=now)
    except (NotAllowed, DoesNotFit, Impossible) as error:
        post.refresh_from_db(fields=["draft"])
        found = list(actions.obstacles(by=request.user, post=post, now=now)) or [error]
        return [_on_field(said, typed) for each in found for said in _why(each, typed)]
    return []


def _done(request: HttpRequest, post: Post, do: str) -> HttpResponse:
    if do == "submit":
        messages.success(request, "Submitted. Those who approve for its accounts have been told.")
        return redirect("posts:post", post.pk)
    if do == "save":
        messages.success(request, "Your draft is saved.")
    place = {"save": "", "show": "#previews"}.get(do, "#pictures")
    return redirect(reverse("posts:edit", args=[post.pk]) + place)


def _why(error: NotAllowed | DoesNotFit | Impossible, typed: Typed) -> list[Said]:
    if isinstance(error, NotAllowed):
        return refusals_said(error, len(typed.targets))
    if isinstance(error, DoesNotFit):
        fields = {"text": "text", "media": "pictures" if typed.video else "files", "alt": "alt", "document": "document"}
        found = [(account, each) for account, problems in error.problems.items() for each in problems]
        return [Said(fields.get(each.field, ""), f"{account}: {each.message}") for account, each in found]
    text = str(error).replace(f" {NOT_SUBMITTED}", "")  # the page says it once, for all
    return [Said(_field_of(text), text)]


def _on_field(said: Said, typed: Typed) -> Said:
    """What is said of descriptions stands at the first picture or video that has none, or at the pictures."""
    if said.field != "alt":
        return said
    bare = next((medium.id for medium in typed.media if not medium.alt.strip()), None)
    return replace(said, field=f"{ALT}{bare}" if bare else "files")


def _field_of(message: str) -> str:
    starts = {
        "Choose at least one account": "targets",
        "Choose the pillar": "pillar",
        "Write something": "text",
        "None of these networks": "pictures",
        "No account of this post shows documents": "document",
        "Pictures and videos stay": "pictures",
        "These are the words that stand": "text",
        "The post that is corrected": "targets",
    }
    return next((field for start, field in starts.items() if message.startswith(start)), "")


def _editable(request: HttpRequest, post_id: UUID, now: datetime) -> tuple[Post, facts.Person]:
    """A post that the person may see from inside and change. Raises Http404, Impossible or NotAllowed."""
    post, person = find(request, post_id, now=now)
    if not is_inside(post):
        raise Http404
    actions.may_edit(by=request.user, post=post, now=now)
    return post, person


def _typed_before(request: HttpRequest, post: Post) -> Typed:
    """The stored draft; or, after a session that ended in the middle, what had been typed."""
    kept = QueryDict(request.session.get("kept", ""))
    if kept.get("post") != str(post.pk):
        return Typed.of_draft(Draft.restored(post.draft))
    del request.session["kept"]
    messages.warning(request, "This is what you typed before you were signed out. Check it, then save.")
    return Typed.of_form(kept)


def _sign_in_again(request: HttpRequest, post_id: UUID) -> HttpResponse:
    here = reverse("posts:edit", args=[post_id])
    if request.method != "POST":
        return redirect(f"{reverse('web:sign-in')}?next={here}")
    typed = request.POST.copy()
    typed["post"] = str(post_id)
    typed.pop("csrfmiddlewaretoken", None)
    said = {"kept": typed.urlencode(), "kept_files": bool(request.FILES), "next": here}
    return render(request, "web/sign-in.html", said, status=401)


def _page(
    request: HttpRequest,
    post: Post,
    person: facts.Person,
    typed: Typed,
    *,
    said: Sequence[Said] = (),
    unsaved: bool = False,
    now: datetime,
) -> HttpResponse:
    found = _picker(request, typed, now)
    post.refresh_from_db(fields=["changed_at"])  # keeping the draft moved it on
    page = {
        **_live(request, post, typed, found, now),
        "post": post,
        "typed": typed,
        "picker": found,
        "pillars": guidance().pack.pillars,
        "languages": LANGUAGES,
        "networks": _networks(found, typed),
        "variant": VARIANT,
        "may_go_live": _offering(found, lambda network: network.live is not None, chosen=typed.live),
        "may_be_story": _offering(found, lambda network: network.spec.stories is not None, chosen=typed.story),
        "may_be_document": _offering(found, lambda each: each.spec.documents is not None, chosen=bool(typed.document)),
        "may_thread": "" if post.corrects_id else _offering(found, lambda each: each.spec.threads, chosen=False),
        "videos_alone": _videos_alone(),
        "may_warn": typed.warning or _may_warn(person),
        "errors": {"lines": said, "kept": _nothing_submitted(request, unsaved)} if said else None,
        "unsaved": unsaved,
        "advice": beside(post.audit_ref, person, inside=True, now=now),
        "now": now,
    }
    return render(request, "posts/edit.html", page, status=422 if said else 200)


def _nothing_submitted(request: HttpRequest, unsaved: bool) -> str:
    if request.POST.get("do") != "submit":
        return ""
    return NOT_SUBMITTED if unsaved else KEPT


def _picker(request: HttpRequest, typed: Typed, now: datetime) -> Picker:
    return picker(request.user, typed.targets, now=now)


def _live(request: HttpRequest, post: Post, typed: Typed, found: Picker, now: datetime) -> dict[str, object]:
    """What changes while somebody types: counts, previews, and the pictures they show."""
    draft, _ = typed.draft(Draft(), now=now)
    theirs = Picture.objects.filter(Q(by=request.user) | Q(pk__in=post.draft_pictures.all()))
    wanted = theirs.filter(pk__in=[each.id for each in typed.pictures]).prefetch_related("renditions")
    rows = {str(row.pk): row for row in wanted}
    pictures = tuple((rows[each.id], each.alt) for each in typed.pictures if each.id in rows)
    video = found_video(draft)
    if video and request.user.pk != video.row.by_id and video.row.pk != post.draft_video_id:
        video = None  # somebody else's: no word of it
    attached = Attached(pictures, video)
    counted = by_network(found.chosen or found.open_accounts)
    return {
        "post": post,
        "lang": typed.language,
        "uses": [] if draft.story else [use_of(draft, accounts) for accounts in counted],
        "previews": previews(draft, found.chosen, attached, post, now=now),
        "pictures": [shown_picture(post, picture, alt) for picture, alt in attached.pictures],
        "film": film_of(post, attached.video) if attached.video else None,
    }


def _networks(found: Picker, typed: Typed) -> list[str]:
    """Networks that may have a wording of their own: those within reach, and those that have one."""
    within = [account.network for account in found.open_accounts]
    return list(dict.fromkeys([*within, *(network for network, text in typed.variants.items() if text.strip())]))


def _offering(found: Picker, offers: Callable[[Network], bool], *, chosen: bool) -> str:
    """Names of the networks within reach that offer something; empty where the box for it has no place."""
    slugs = dict.fromkeys(account.network for account in found.open_accounts)
    within = [registry.get(slug) for slug in slugs if registry.known(slug)]
    names = [network.spec.name for network in within if offers(network)]
    if not names:
        return "no network within your reach" if chosen else ""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _videos_alone() -> str:
    """Names of the networks that take videos and no pictures."""
    found = (network.spec for network in registry.all())
    return " and ".join(spec.name for spec in found if spec.media.video and not spec.media.max_count)


def _may_warn(person: facts.Person) -> bool:
    """A warning goes ahead of everything, so the box for it is for the roles that the pack's warning rules name."""
    held = person.roles | {role for role, _ in person.unit_roles}
    return bool(held & set(guidance().pack.warnings.approved_by))
