"""Every write about what is handed in: by anybody, and by those who choose what is published (clauses 4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.delivery import states as sending
from mercat.delivery.models import Consignment
from mercat.guidance import facts
from mercat.guidance.shape import ContributionKind
from mercat.images import states as preparing
from mercat.images.models import Picture, Video
from mercat.people.actions import Impossible, once, tell
from mercat.people.gate import require
from mercat.people.models import Person
from mercat.people.pack import guidance
from mercat.people.words import needed, tidy
from mercat.posts import states as post_states
from mercat.posts.actions import NotAllowed, compose
from mercat.posts.contents import Draft, DraftPicture, DraftVideo
from mercat.posts.contributions import (
    LONGEST_ALT,
    LONGEST_PLACE,
    LONGEST_REASON,
    LONGEST_WORDS,
    MOST_PICTURES,
    states,
)
from mercat.posts.models import Contribution, ContributionUse, HandedMedium, Post
from mercat.posts.models.contributions import PICTURES, VIDEO
from mercat.register.models import Account

BODY = facts.Body()
NOT_HANDED_IN, NOTHING = "Nothing was handed in.", "Nothing was changed."
DECLINED, PUBLISHED = "What you handed in is not used", "What you handed in is published"  # subjects of notices


@transaction.atomic
def hand_in(
    *,
    by: Person,
    words: str,
    place: str,
    taken_on: date,
    pictures: Sequence[DraftPicture] = (),
    video: DraftVideo | None = None,
    stated: bool,
    now: datetime,
) -> Contribution:
    """Up to four pictures or one video, that `by` brought. `taken_on`: a day. `stated`: they ticked the statement."""
    require(by, "contribute", BODY, now=now)
    rule = guidance().pack.contributions
    Person.objects.select_for_update().get(pk=by.pk)  # one at a time, or the limit would be passed
    if Contribution.objects.filter(person=by, state=states.WAITING).count() >= rule.most_waiting:
        raise Impossible(f"{rule.most_waiting} of yours wait already. {NOT_HANDED_IN} Take one back, or wait.")
    media = _media(by, pictures, video)
    words = needed(words, f"Say what it is about. {NOT_HANDED_IN}", longest=LONGEST_WORDS)
    place = needed(place, f"Say where it was taken. {NOT_HANDED_IN}", longest=LONGEST_PLACE, lines=False)
    if taken_on > localdate(now):
        raise Impossible(f"It cannot have been taken on a day to come. {NOT_HANDED_IN}")
    if not stated:
        raise Impossible(f"Read the statement, and tick it if it is true. {NOT_HANDED_IN}")
    row = Contribution.objects.create(
        person=by,
        unit=by.unit,
        at=now,
        kind=VIDEO if video else PICTURES,
        media_count=len(media),
        words=words,
        place=place,
        taken_on=taken_on,
        statement=rule.statement,
    )
    with once("This is handed in already."):
        for number, medium in enumerate(media, 1):
            medium.contribution, medium.number = row, number
        HandedMedium.objects.bulk_create(media)
    record(
        by=by,
        what="contribution.handed_in",
        about=[*_about(row), *(_thing(medium).audit_ref for medium in media)],
        facts={"kind": row.kind, "media": len(media), "unit": row.unit_id, "taken": row.taken_on.isoformat()},
        personal={"words": words, "place": place},
        now=now,
    )
    return row


@transaction.atomic
def take_back(*, by: Person, row: Contribution, now: datetime) -> None:
    """By whoever handed it in, while no post is made of it. Its pictures are shown to nobody else from then on."""
    require(by, "contribute", BODY, now=now)
    row = _locked(row)
    if by != row.person:
        raise Impossible(f"It is taken back by whoever handed it in. {NOTHING}")
    _step(row, "take_back", by, now=now)
    record(by=by, what="contribution.taken_back", about=_about(row), now=now)


@transaction.atomic
def make_post(*, by: Person, row: Contribution, now: datetime) -> Post:
    """A draft of `by` with the media, the words and a credit that names the unit. It goes the way of every post."""
    row = _to_decide(row, by, now=now)
    _step(row, "use", by, now=now)
    post = _composed(by, _draft(row), now=now)
    ContributionUse.objects.create(contribution=row, post=post, by=by, at=now)
    record(by=by, what="contribution.used", about=[*_about(row), post.audit_ref], now=now)
    return post


@transaction.atomic
def decline(*, by: Person, row: Contribution, reason: str, now: datetime) -> None:
    """With a reason, which its contributor is told."""
    row = _to_decide(row, by, now=now)
    reason = needed(reason, f"Say why: whoever handed it in is told. {NOTHING}", longest=LONGEST_REASON)
    _step(row, "decline", by, reason=reason, now=now)
    record(by=by, what="contribution.declined", about=_about(row), personal={"reason": reason}, now=now)
    _tell(row, DECLINED, f"{by}: {reason}", now=now)


@transaction.atomic
def shelve(*, by: Person, row: Contribution, now: datetime) -> None:
    """Keep it for later, out of what waits."""
    row = _to_decide(row, by, now=now)
    _step(row, "shelve", by, now=now)
    record(by=by, what="contribution.shelved", about=_about(row), now=now)


@transaction.atomic
def reopen(*, by: Person, row: Contribution, now: datetime) -> None:
    """Back to what waits: from the shelf, after all, or since nothing came of its posts."""
    row = _to_decide(row, by, now=now)
    over = (post_states.WITHDRAWN, post_states.REJECTED)
    if row.state == states.USED and row.uses.exclude(post__state__in=over).exists():
        raise Impossible(f"A post is made of it. Withdraw the post first. {NOTHING}")
    _step(row, "reopen", by, now=now)
    record(by=by, what="contribution.reopened", about=_about(row), now=now)


@transaction.atomic
def tell_published(*, by: System, use: ContributionUse, now: datetime) -> None:
    """Once for each post: whoever handed it in is told where it is out."""
    use = ContributionUse.objects.select_for_update(of=("self",)).select_related("contribution__person").get(pk=use.pk)
    out = list(published([use.post_id]))
    if use.told_at or not out:
        return
    use.told_at = now
    use.save(update_fields=["told_at"])
    row, post = use.contribution, f"post:{use.post_id}"
    accounts = list(dict.fromkeys(each.account.audit_ref for each in out))
    record(by=by, what="contribution.published", about=[*_about(row), post, *accounts], now=now)
    where = "; ".join(f"{each.account}: {each.url or 'out'}" for each in out[:10])
    _tell(row, PUBLISHED, where, now=now)


def published(posts: Sequence[object]) -> Sequence[Consignment]:
    """What of these posts, by id, is out, the first first."""
    refs = [f"post:{pk}" for pk in posts]
    rows = Consignment.objects.filter(post_ref__in=refs, state=sending.SENT)
    return rows.select_related("account").order_by("sent_at", "pk")


def _media(by: Person, pictures: Sequence[DraftPicture], video: DraftVideo | None) -> list[HandedMedium]:
    """As rows that belong to nothing yet. Raises Impossible."""
    if video and pictures:
        raise Impossible(f"Hand in pictures or one video, not both. {NOT_HANDED_IN}")
    if video:
        film = Video.objects.filter(pk=video.id, by=by).first()
        if film is None or film.state == preparing.ARRIVING:
            raise Impossible(f"The video has not arrived whole. Add it again. {NOT_HANDED_IN}")
        if film.state == preparing.REFUSED:
            raise Impossible(f"The video cannot be used. {film.refusal} {NOT_HANDED_IN}")
        return [HandedMedium(video=film, alt=_alt(video.alt))]
    if not pictures:
        raise Impossible(f"Add a picture or a video. {NOT_HANDED_IN}")
    if len(pictures) > MOST_PICTURES:
        raise Impossible(f"Hand in at most {MOST_PICTURES} pictures at a time. {NOT_HANDED_IN}")
    rows = {str(row.pk): row for row in Picture.objects.filter(by=by, pk__in=[each.id for each in pictures])}
    if len(rows) < len(pictures):
        raise Impossible(f"A picture is no longer there, or is there twice. Add it again. {NOT_HANDED_IN}")
    return [HandedMedium(picture=rows[each.id], alt=_alt(each.alt)) for each in pictures]


def _alt(text: str) -> str:
    return tidy(text, longest=LONGEST_ALT)


def _locked(row: Contribution) -> Contribution:
    rows = Contribution.objects.select_for_update(of=("self",)).select_related("person", "unit")
    return rows.get(pk=row.pk)


def _to_decide(row: Contribution, by: Person, *, now: datetime) -> Contribution:
    require(by, "curate", BODY, now=now)
    return _locked(row)


def _step(row: Contribution, event: str, by: Person, *, reason: str = "", now: datetime) -> None:
    try:
        row.state = states.after(row.state, event)
    except states.ImpossibleStep as error:
        raise Impossible(f"{error} {NOTHING}") from None
    row.decided_at, row.decided_by, row.reason = now, by, reason
    row.save(update_fields=["state", "decided_at", "decided_by", "reason"])


def _draft(row: Contribution) -> Draft:
    media = list(row.media.select_related("picture", "video"))
    rule = rule_of(row)
    draft = Draft(text=f"{row.words}\n\n{rule.credit.format(unit=row.unit.name)}", targets=_default_accounts(rule))
    if row.kind == PICTURES:
        return replace(draft, pictures=tuple(DraftPicture(str(each.picture_id), each.alt) for each in media))
    film = media[0].video
    if film.state == preparing.REFUSED:
        raise Impossible(f"The video cannot be used. {film.refusal} {NOTHING}")
    return replace(draft, video=DraftVideo(str(film.pk), media[0].alt))


def rule_of(row: Contribution) -> ContributionKind:
    rule = guidance().pack.contributions
    return rule.pictures if row.kind == PICTURES else rule.video


def _default_accounts(rule: ContributionKind) -> tuple[str, ...]:
    """Those of the body as a whole, on the networks that the pack names for this kind."""
    rows = Account.objects.filter(network__in=rule.networks, slot__tier__in=guidance().pack.contributions.tiers)
    rows = rows.exclude(status=Account.Status.CLOSED).order_by("network", "name", "pk")
    return tuple(str(pk) for pk in rows.values_list("pk", flat=True))


def _composed(by: Person, draft: Draft, *, now: datetime) -> Post:
    """With those of the accounts that are open to `by`; what is in the way of the others the composer says."""
    try:
        return compose(by=by, draft=draft, now=now)
    except NotAllowed as refused:
        shut = {str(account.pk) for account in refused.decisions}
        open_ = tuple(target for target in draft.targets if target not in shut)
        return compose(by=by, draft=replace(draft, targets=open_), now=now)


def _about(row: Contribution) -> list[str]:
    return [row.audit_ref, row.person.audit_ref]


def _thing(medium: HandedMedium) -> Picture | Video:
    return medium.picture or medium.video


def _tell(row: Contribution, subject: str, body: str, *, now: datetime) -> None:
    if row.person.is_active:
        tell([row.person], kind="approvals", subject=subject, body=body[:1000], link=row.page, now=now)
