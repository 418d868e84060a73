"""Keeping what was typed: as much of it as can be kept, and a word about the rest. Nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q

from mercat.guidance.decision import Refusal
from mercat.images.actions import take_in
from mercat.images.captions import MOST, NotCaptions, webvtt_of
from mercat.images.documents import take_in_document
from mercat.images.kinds import NotAVideo
from mercat.images.models import Picture, Video
from mercat.images.rendering import MAX_UPLOAD, NotAPicture, is_pdf
from mercat.images.videos import take_in_video
from mercat.people.models import Person
from mercat.posts import actions
from mercat.posts.actions import NotAllowed
from mercat.posts.contents import LONGEST, Draft, DraftPicture, DraftVideo
from mercat.posts.forms import VARIANT, Said, Typed
from mercat.posts.models import Post
from mercat.register.models import Account

FIELDS = {"pillar": "pillar", "alt-text": "alt"}
ONE_VIDEO = "A post has one video. Take out the one that is there, then add the other."
MOST_PICTURES = 20  # far above every network's limit; each network tells its own


def keep(*, by: Person, post: Post, typed: Typed, base: str, now: datetime) -> list[Said]:
    """Keep the draft. What cannot be kept is left as it was, and told; the rest is kept all the same.

    Raises Impossible when nothing of the post may be changed any more, and ChangedElsewhere when `base` is not its
    stamp.
    """
    stored = Draft.restored(post.draft)
    draft, said = typed.draft(stored, now=now)
    for sift in (_known_accounts, _fitting_texts, _known_pictures, _known_video, _readable_captions):
        draft, more = sift(draft, stored, by)
        said += more
    try:
        actions.compose(by=by, draft=draft, post=post, base=base, now=now)
    except NotAllowed as refused:
        said += refusals_said(refused, len(draft.targets))
        allowed = replace(draft, targets=_without(draft.targets, refused.decisions))
        actions.compose(by=by, draft=allowed, post=post, base=base, now=now)
    return said


def take_in_pictures(
    typed: Typed, files: Iterable[UploadedFile], *, by: Person, most: int = MOST_PICTURES, now: datetime
) -> tuple[Typed, list[Said]]:
    """Add uploads to the pictures, up to `most`: of a PDF its pages. A file that is neither is told; the others are
    added."""
    said: list[Said] = []
    pictures, pdfs = typed.pictures, 0
    for file in files:
        if len(pictures) >= most:
            said.append(Said("files", f"At most {most} pictures go together. “{file.name}” was not added."))
            break
        upload = file.read(MAX_UPLOAD + 1)
        pdfs += is_pdf(upload)
        if pdfs > 1 and is_pdf(upload):  # each may take a minute, and a request holds others up
            said.append(Said("files", f"“{file.name}” was not added. Add one PDF at a time."))
            continue
        try:
            found = taken_in(upload, file.name or "", by=by, most=most - len(pictures), now=now)
        except NotAPicture as error:
            said.append(Said("files", f"“{file.name}” was not added. {error}"))
        else:
            pictures = (*pictures, *(DraftPicture(str(picture.pk)) for picture in found))
    return typed.with_pictures(pictures), said


def taken_in(upload: bytes, name: str, *, by: Person, most: int, now: datetime) -> list[Picture]:
    """A picture; or of a PDF, a picture of each of its pages. Raises NotAPicture."""
    if is_pdf(upload):
        return take_in_document(by=by, name=name or "document.pdf", upload=upload, most=most, now=now)
    return [take_in(by=by, name=name or "picture", upload=upload, now=now)]


def take_in_film(typed: Typed, file: UploadedFile | None, *, by: Person, now: datetime) -> tuple[Typed, list[Said]]:
    """Add a video that came with the form whole, as it does without scripts."""
    if file is None:
        return typed, []
    if typed.video:
        return typed, [Said("pictures", ONE_VIDEO)]
    try:
        row = take_in_video(by=by, name=file.name or "video", file=file, size=file.size or 0, now=now)
    except NotAVideo as error:
        return typed, [Said("film", f"“{file.name}” was not added. {error}")]
    return replace(typed, video=DraftVideo(str(row.pk))), []


def take_in_captions(typed: Typed, file: UploadedFile | None) -> tuple[Typed, list[Said]]:
    """Put captions from a file in place of those that were typed; `keep` reads them."""
    if file is None or typed.video is None:
        return typed, []
    try:
        text = file.read(4 * MOST + 4).decode("utf-8-sig")
    except UnicodeDecodeError:
        text = f"“{file.name}” is not in UTF-8, so that its letters cannot be told. Save it as UTF-8 and choose that."
        return typed, [Said("captions-file", text)]
    return replace(typed, video=replace(typed.video, captions=text.replace("\x00", ""))), []


def rearranged(typed: Typed, do: str) -> Typed:
    """After “remove:…”, “earlier:…” or “later:…” with a picture's id, or “remove:…” with the video's; anything else
    changes nothing."""
    verb, _, wanted = do.partition(":")
    if typed.video and (verb, wanted) == ("remove", typed.video.id):
        return replace(typed, video=None)
    pictures = list(typed.pictures)
    place = next((n for n, picture in enumerate(pictures) if picture.id == wanted), None)
    if place is None:
        return typed
    picture = pictures.pop(place)
    if verb == "earlier":
        pictures.insert(max(place - 1, 0), picture)
    elif verb == "later":
        pictures.insert(place + 1, picture)
    elif verb != "remove":
        pictures.insert(place, picture)
    return typed.with_pictures(tuple(pictures))


def refusals_said(refused: NotAllowed, chosen: int) -> list[Said]:
    """Each refusal once, in guidance's own words: with the accounts it is about, unless it is about all `chosen`."""
    about: dict[str, list[str]] = {}
    found: dict[str, Refusal] = {}
    for account, decision in refused.decisions.items():
        for each in decision.refusals:
            about.setdefault(each.policy, []).append(str(account))
            found[each.policy] = each
    return [Said(_field(each), _sentence(each, about[policy], chosen)) for policy, each in found.items()]


def _field(refusal: Refusal) -> str:
    """The field that a refusal is about, by what the policy's name says; else the accounts."""
    return next((field for word, field in FIELDS.items() if word in refusal.policy), "targets")


def _sentence(refusal: Refusal, accounts: list[str], chosen: int) -> str:
    where = "" if len(accounts) == chosen else f"{', '.join(accounts)}: "
    return f"{where}{refusal.reason} {refusal.remedy} ({refusal.owner_name}, clause {refusal.clause})"


def _without(targets: tuple[str, ...], accounts: Iterable[Account]) -> tuple[str, ...]:
    refused = {str(account.pk) for account in accounts}
    return tuple(target for target in targets if target not in refused)


def _known_accounts(draft: Draft, stored: Draft, by: Person) -> tuple[Draft, list[Said]]:
    known = set(map(str, Account.objects.filter(pk__in=draft.targets).values_list("pk", flat=True)))
    targets = tuple(target for target in draft.targets if target in known)
    if targets == draft.targets:
        return draft, []
    text = "An account that you had chosen is no longer in the register. It was taken out; everything else is kept."
    return replace(draft, targets=targets), [Said("targets", text)]


def _fitting_texts(draft: Draft, stored: Draft, by: Person) -> tuple[Draft, list[Said]]:
    said = []
    if len(draft.text) > LONGEST:
        said.append(Said("text", _too_long(draft.text)))
        draft = replace(draft, text=stored.text)
    for network, text in draft.variants.items():
        if len(text) > LONGEST:
            said.append(Said(f"{VARIANT}{network}", _too_long(text)))
    variants = {n: stored.variants.get(n, "") if len(text) > LONGEST else text for n, text in draft.variants.items()}
    return replace(draft, variants=variants), said


def _too_long(text: str) -> str:
    return (
        f"This text has {len(text):,} characters; no network takes more than {LONGEST:,}. "
        "It is still in the box below, but it is not saved yet: shorten it, then save."
    )


def _known_pictures(draft: Draft, stored: Draft, by: Person) -> tuple[Draft, list[Said]]:
    """Only pictures that the person brought, or that stood in the post already."""
    before = [picture.id for picture in stored.pictures]
    wanted = [picture.id for picture in draft.pictures]
    rows = Picture.objects.filter(Q(by=by) | Q(pk__in=before), pk__in=wanted)
    known = set(map(str, rows.values_list("pk", flat=True)))
    pictures = tuple(picture for picture in draft.pictures if picture.id in known)
    if pictures == draft.pictures:
        return draft, []
    text = "A picture is no longer there. Add it again; your words are kept."
    return replace(draft, pictures=pictures), [Said("files", text)]


def _known_video(draft: Draft, stored: Draft, by: Person) -> tuple[Draft, list[Said]]:
    """Only a video that the person brought, or that stood in the post already."""
    if draft.video is None:
        return draft, []
    mine = Video.objects.filter(by=by, pk=draft.video.id).exists()
    if mine or (stored.video and stored.video.id == draft.video.id):
        return draft, []
    text = "The video is no longer there. Add it again; your words are kept."
    return replace(draft, video=None), [Said("pictures", text)]


def _readable_captions(draft: Draft, stored: Draft, by: Person) -> tuple[Draft, list[Said]]:
    """As WebVTT; what cannot be read leaves what was kept before."""
    if draft.video is None:
        return draft, []
    try:
        return replace(draft, video=replace(draft.video, captions=webvtt_of(draft.video.captions))), []
    except NotCaptions as error:
        before = stored.video.captions if stored.video and stored.video.id == draft.video.id else ""
        said = Said("captions", f"{error} They are still in the box, but not saved.")
        return replace(draft, video=replace(draft.video, captions=before)), [said]
